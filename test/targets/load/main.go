// Load sends a bounded number of HTTP/1.1 requests over keep-alive connections and counts the answers exactly.
//
//	load -url http://127.0.0.1:8080/hello -n 100000 -c 64
//	load -url … -url … -n 5000 -rate 500 -method POST -body text -header 'traceparent: 00-…'
//
// Several -url are taken in turn, request by request. The last line on standard output is one JSON object.
// It writes its requests as bytes made beforehand and reads only what it needs of an answer, so that on a small
// machine the load costs little beside the server it is to load.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

type list []string

func (l *list) String() string { return strings.Join(*l, " ") }
func (l *list) Set(text string) error {
	*l = append(*l, text)
	return nil
}

// plan is one kind of request, as bytes.
type plan struct {
	name  string
	bytes []byte
}

func main() {
	var urls, headers list
	flag.Var(&urls, "url", "of the requests; may be repeated; one host")
	flag.Var(&headers, "header", "'Name: value'; may be repeated")
	requests := flag.Int64("n", 1000, "requests in all")
	connections := flag.Int("c", 8, "connections, each with one request at a time")
	rate := flag.Float64("rate", 0, "requests a second in all; 0: as fast as the server answers")
	method := flag.String("method", "GET", "")
	body := flag.String("body", "", "")
	timeout := flag.Duration("timeout", 10*time.Second, "for one answer")
	flag.Parse()
	if len(urls) == 0 || *connections < 1 {
		flag.Usage()
		os.Exit(2)
	}

	host := ""
	var plans []plan
	for _, text := range urls {
		target, err := url.Parse(text)
		if err != nil || target.Scheme != "http" || target.Port() == "" {
			fmt.Fprintf(os.Stderr, "load: %q is not like http://127.0.0.1:8080/path\n", text)
			os.Exit(2)
		}
		host = target.Host
		head := fmt.Sprintf("%s %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: sidespan-load\r\n", *method, target.RequestURI(), host)
		for _, header := range headers {
			head += header + "\r\n"
		}
		if *body != "" || *method == "POST" || *method == "PUT" {
			head += fmt.Sprintf("Content-Length: %d\r\n", len(*body))
		}
		plans = append(plans, plan{name: *method + " " + target.Path, bytes: []byte(head + "\r\n" + *body)})
	}

	var next atomic.Int64
	results := make([]result, *connections)
	started := time.Now()
	var workers sync.WaitGroup
	for i := range results {
		workers.Add(1)
		go func(r *result) {
			defer workers.Done()
			client := client{host: host, timeout: *timeout}
			defer client.close()
			for {
				number := next.Add(1) - 1
				if number >= *requests {
					return
				}
				if *rate > 0 {
					due := started.Add(time.Duration(float64(number) / *rate * float64(time.Second)))
					time.Sleep(time.Until(due))
				}
				r.send(&client, plans[number%int64(len(plans))])
			}
		}(&results[i])
	}
	workers.Wait()
	report(results, plans, time.Since(started))
}

// result is what one connection's requests came to.
type result struct {
	status      map[string]map[int]int64
	noAnswer    map[string]int64 // requests sent to which no answer came
	connections int64
	bytes       int64
	latencies   []time.Duration
}

func (r *result) send(client *client, request plan) {
	if r.status == nil {
		r.status, r.noAnswer = map[string]map[int]int64{}, map[string]int64{}
	}
	begin := time.Now()
	opened, status, size, err := client.do(request.bytes)
	if opened {
		r.connections++
	}
	if err != nil {
		r.noAnswer[request.name]++
		return
	}
	if r.status[request.name] == nil {
		r.status[request.name] = map[int]int64{}
	}
	r.status[request.name][status]++
	r.bytes += size
	r.latencies = append(r.latencies, time.Since(begin))
}

func report(results []result, plans []plan, took time.Duration) {
	byStatus := map[string]map[int]int64{}
	noAnswer := map[string]int64{}
	var answered, failed, connections, size int64
	var latencies []time.Duration
	for _, request := range plans {
		byStatus[request.name] = map[int]int64{}
	}
	for _, r := range results {
		for name, statuses := range r.status {
			for status, number := range statuses {
				byStatus[name][status] += number
				answered += number
			}
		}
		for name, number := range r.noAnswer {
			noAnswer[name] += number
			failed += number
		}
		connections += r.connections
		size += r.bytes
		latencies = append(latencies, r.latencies...)
	}
	slices.Sort(latencies)
	quantile := func(q float64) int64 {
		if len(latencies) == 0 {
			return -1
		}
		return latencies[int(q*float64(len(latencies)-1))].Nanoseconds()
	}
	text, err := json.Marshal(map[string]any{
		"sent":              answered + failed,
		"answered":          answered,
		"noAnswer":          noAnswer,
		"byRequest":         byStatus,
		"connections":       connections,
		"bodyBytes":         size,
		"durationNs":        took.Nanoseconds(),
		"requestsPerSecond": float64(answered+failed) / took.Seconds(),
		"p50Ns":             quantile(0.5),
		"p99Ns":             quantile(0.99),
		"maxNs":             quantile(1),
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
	fmt.Println(string(text))
}

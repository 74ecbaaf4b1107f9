// Plain is a net/http server that every Go release since 1.15 can build: no modules, no generics. Each request calls
// one function for each way of passing arguments, with values that follow from the request's number.
//
//	plain                              prints "listening 127.0.0.1:41234"
//	curl 127.0.0.1:41234/order?n=7     calls each function once, for number 7
//	curl 127.0.0.1:41234/debug/counts  how often each was called, and the requests by status
//	plain -profile FILE                works for a second and writes a CPU profile
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"runtime"
	"runtime/pprof"
	"strconv"
	"sync"
	"time"
)

// counts are this program's own, which a trace of it must equal.
var counts = struct {
	sync.Mutex
	Pid       int              `json:"pid"`
	Go        string           `json:"go"`
	Requests  map[int]int64    `json:"requests"`
	Functions map[string]int64 `json:"functions"`
}{
	Pid:       os.Getpid(),
	Go:        runtime.Version(),
	Requests:  map[int]int64{},
	Functions: map[string]int64{},
}

func countCall(function string) {
	counts.Lock()
	counts.Functions[function]++
	counts.Unlock()
}

func answer(w http.ResponseWriter, status int, text string) {
	counts.Lock()
	counts.Requests[status]++
	counts.Unlock()
	w.WriteHeader(status)
	io.WriteString(w, text)
}

func main() {
	profile := flag.String("profile", "", "write a CPU profile of a second's work to this file, and end")
	flag.Parse()
	if *profile != "" {
		writeProfile(*profile)
		return
	}
	http.HandleFunc("/order", order)
	http.HandleFunc("/debug/counts", showCounts)
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { answer(w, 404, "") })
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening %s\n", listener.Addr())
	log.Fatal(http.Serve(listener, nil))
}

func writeProfile(path string) {
	file, err := os.Create(path)
	if err != nil {
		log.Fatal(err)
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		log.Fatal(err)
	}
	for end := time.Now().Add(time.Second); time.Now().Before(end); {
		for n := int64(0); n < 1000; n++ {
			sell(n)
		}
	}
	pprof.StopCPUProfile()
	if err := file.Close(); err != nil {
		log.Fatal(err)
	}
}

// showCounts counts itself first, so that its answer is complete.
func showCounts(w http.ResponseWriter, r *http.Request) {
	counts.Lock()
	counts.Requests[200]++
	text, err := json.Marshal(&counts)
	counts.Unlock()
	if err != nil {
		log.Panic(err)
	}
	w.Write(text)
}

func order(w http.ResponseWriter, r *http.Request) {
	n, err := strconv.ParseInt(r.URL.Query().Get("n"), 10, 64)
	if err != nil {
		answer(w, 400, err.Error())
		return
	}
	text, err := sell(n)
	if err != nil {
		answer(w, 402, err.Error())
		return
	}
	answer(w, 200, text)
}

func sell(n int64) (string, error) {
	total := Integers(int8(n%100), n, uint16(n%60000), n%2 == 0)
	label := Texts("order-"+strconv.FormatInt(n, 10), []string{"a", "b"}, []byte{1, 2, 3})
	shop := &Shop{Name: "corner"}
	id, err := shop.Charge(Order{ID: n, Customer: label}, total, "EUR")
	if err != nil {
		return "", err
	}
	return fmt.Sprintln(id, Many(n, 2, 3, 4, 5, 6, 7, 8, 9, 10, "eleven"), Grow(int(n%64))), nil
}

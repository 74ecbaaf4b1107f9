package main

import (
	"net/http"
	"regexp"
)

// header that a request may have, what the program sends itself, and what others may: it begins with the trace id.
type header struct {
	name, own string
	valid     *regexp.Regexp
}

const (
	ownTrace = "0af7651916cd43dd8448eb211c80319c"
	ownSpan  = "b7ad6b7169203331"
	own      = "00-" + ownTrace + "-" + ownSpan + "-01"
)

var formats = map[string][]header{
	"tracecontext": {{"Traceparent", own, regexp.MustCompile(`^00-([0-9a-f]{32})-[0-9a-f]{16}-0[01]$`)}},
	"b3":           {{"B3", ownTrace + "-" + ownSpan + "-1", regexp.MustCompile(`^([0-9a-f]{32})-[0-9a-f]{16}-[01]$`)}},
	"b3multi": {
		{"X-B3-Traceid", ownTrace, regexp.MustCompile(`^([0-9a-f]{32})$`)},
		{"X-B3-Spanid", ownSpan, regexp.MustCompile(`^[0-9a-f]{16}()$`)},
		{"X-B3-Sampled", "1", regexp.MustCompile(`^[01]()$`)},
	},
}

// found says how many of the headers are not there, are valid and of one trace, are the program's own.
func (s *service) found(all http.Header) (missing, valid, owns int) {
	trace := ""
	for _, each := range s.headers {
		values := all[each.name]
		if len(values) == 0 {
			missing++
			continue
		}
		if len(values) > 1 {
			continue
		}
		if values[0] == each.own {
			owns++
		}
		parts := each.valid.FindStringSubmatch(values[0])
		if parts == nil || parts[1] != "" && trace != "" && parts[1] != trace {
			continue
		}
		if parts[1] != "" {
			trace = parts[1]
		}
		valid++
	}
	return missing, valid, owns
}

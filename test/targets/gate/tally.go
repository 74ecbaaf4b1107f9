package gate

import (
	"encoding/json"
	"sync/atomic"
)

// Count may be added to by many goroutines. It is atomic.Int64 for releases of Go before 1.19.
type Count struct{ n int64 }

func (c *Count) Add(delta int64) int64 { return atomic.AddInt64(&c.n, delta) }
func (c *Count) Load() int64           { return atomic.LoadInt64(&c.n) }

// Tally is a program's own count of one function's calls, by how they ended.
type Tally struct {
	Calls    Count // calls that began
	Returned Count // that executed a return
	Panicked Count // that a panic unwound
	Goexited Count // that runtime.Goexit unwound
}

// MarshalJSON gives {"calls":…,"returned":…,"panicked":…,"goexited":…}.
func (t *Tally) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]int64{
		"calls":    t.Calls.Load(),
		"returned": t.Returned.Load(),
		"panicked": t.Panicked.Load(),
		"goexited": t.Goexited.Load(),
	})
}

// Result is the report's form in all programs that count calls: functions by their symbol.
type Result struct {
	Pid       int                    `json:"pid"`
	Go        string                 `json:"go"`
	Functions map[string]*Tally      `json:"functions"`
	Extra     map[string]interface{} `json:"extra,omitempty"`
}

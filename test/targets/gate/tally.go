package gate

import (
	"encoding/json"
	"sync/atomic"
)

// Tally is a program's own count of one function's calls, by how they ended.
type Tally struct {
	Calls    atomic.Int64 // calls that began
	Returned atomic.Int64 // that executed a return
	Panicked atomic.Int64 // that a panic unwound
	Goexited atomic.Int64 // that runtime.Goexit unwound
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
	Pid       int               `json:"pid"`
	Go        string            `json:"go"`
	Functions map[string]*Tally `json:"functions"`
	Extra     map[string]any    `json:"extra,omitempty"`
}

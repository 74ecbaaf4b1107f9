// Absent calls functions with values that are not in memory: the functions themselves do not touch them.
package main

import (
	"os"
	"runtime"
	"syscall"
	"unsafe"

	"sidespan.test/gate"
)

// A text of a megabyte, of which nobody reads anything: a page of its middle is not in memory, nor are those around.
const (
	line   = "A line that makes a long text even longer, and nothing else.\n"
	lines  = line + line + line + line + line + line + line + line
	page   = lines + lines + lines + lines + lines + lines + lines + lines
	pages  = page + page + page + page + page + page + page + page + page + page + page + page + page + page + page + page
	half   = pages + pages + pages + pages + pages + pages + pages + pages
	middle = "Here is the middle of it."
	long   = half + middle + half
)

type pair struct{ A, B int64 }

//go:noinline
func text(what, s string) int { return len(what) + len(s) }

//go:noinline
func bytes(what string, b []byte) int { return len(what) + len(b) }

//go:noinline
func numbers(what string, n []int64) int { return len(what) + len(n) }

//go:noinline
func pointer(what string, p *pair) bool { return p != nil && what != "" }

//go:noinline
func anything(what string, v any) bool { return v != nil && what != "" }

//go:noinline
func table(what string, m map[int64]int64) bool { return m != nil && what != "" }

// asMap takes an address for that of a map.
func asMap(p unsafe.Pointer) map[int64]int64 { return *(*map[int64]int64)(unsafe.Pointer(&p)) }

func all(what string, p unsafe.Pointer) {
	text(what, unsafe.String((*byte)(p), 5))
	bytes(what, unsafe.Slice((*byte)(p), 5))
	numbers(what, unsafe.Slice((*int64)(p), 5))
	pointer(what, (*pair)(p))
	// A value behind an interface lies where its second word points.
	var v any = pair{}
	(*[2]unsafe.Pointer)(unsafe.Pointer(&v))[1] = p
	anything(what, v)
	table(what, asMap(p))
}

func mapped(protection int) unsafe.Pointer {
	area, err := syscall.Mmap(-1, 0, 1<<16, protection, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		panic(err)
	}
	return unsafe.Pointer(unsafe.SliceData(area))
}

// straddling is a map without entries at the end of a page; nobody has written to the page behind it, where the map ends.
func straddling() map[int64]int64 {
	m := unsafe.Add(mapped(syscall.PROT_READ|syscall.PROT_WRITE), os.Getpagesize()-16)
	*(*int64)(m) = 0
	return asMap(m)
}

func main() {
	gate.Wait()
	table("empty", straddling())
	text("constant", long[len(half):len(half)+len(middle)])
	all("fresh", mapped(syscall.PROT_READ|syscall.PROT_WRITE))
	all("forbidden", mapped(syscall.PROT_NONE))
	// Beyond all user memory.
	all("nowhere", unsafe.Add(nil, ^uintptr(0)>>8))
	gate.Report(gate.Result{Pid: os.Getpid(), Go: runtime.Version(), Functions: map[string]*gate.Tally{}})
}

// Floats passes and returns floats in registers, in all the ways in which compiled code stores and loads them. Each
// function is called with the values written here; every takes turns on several goroutines.
//
//	floats
//	floats -goroutines 8 -calls 5000
package main

import (
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"sync"
	"time"
)

type gauge struct {
	name string
	low  float64
	high float32
}

type pair struct {
	X float32
	Y float64
}

var (
	setting = 2.75
	failed  = errors.New("failed")
	sink    []interface{}
	mutex   sync.Mutex
)

//go:noinline
func keep(values ...interface{}) {
	mutex.Lock()
	sink = append(sink[:0], values...)
	mutex.Unlock()
}

//go:noinline
func spilled(name string, amount float64, n int) float64 {
	keep(name)
	keep(n)
	return amount
}

//go:noinline
func checked(g *gauge, x float64) float64 {
	g.low = 0
	keep(g.name)
	g.low = x
	return 1.25
}

//go:noinline
func early(n int, x float64) float32 {
	if n < 0 {
		return -0.5
	}
	keep(n)
	keep(x)
	return 0
}

//go:noinline
func set(g *gauge, low float64, high float32) { g.low, g.high = low, high }

//go:noinline
func get(g *gauge) (float64, float32) { return g.low, g.high }

//go:noinline
func bits(x float64) uint64 { return math.Float64bits(x) }

//go:noinline
func fromBits(b uint64) float64 { return math.Float64frombits(b) }

//go:noinline
func parts(c complex128, p pair, one [1]float32, d complex64) (complex128, pair) {
	keep(1)
	keep(c, p, one, d)
	return c, p
}

type table struct {
	X float64
	M map[int8]uint8
}

//go:noinline
func mixed(t table, x float64) ([2]int, float64) {
	keep(t.X, t.M)
	return [2]int{len(t.M), 12}, x
}

//go:noinline
func deferred(x float64) (y float64, err error) {
	defer func() { y, err = 6.5, failed }()
	keep(1)
	return x, nil
}

//go:noinline
func recovered(x float64, list []int) (y float64) {
	y = x
	defer func() { recover() }()
	keep(list[len(list)])
	return 0
}

//go:noinline
func global() float64 { return setting }

//go:noinline
func looped(x float64, n int) float64 {
	sum := 0.0
	for i := 0; i < n; i++ {
		keep(i)
		sum += x
	}
	return sum
}

//go:noinline
func computed(a float64, b float32) float64 { return a*3 + float64(b) }

//go:noinline
func large(x float64, n int) float64 {
	var room [4096]byte
	room[n%4096] = 1
	if n > 0 {
		large(x, n-1)
	}
	keep(room[0])
	return x
}

func once() {
	g := &gauge{name: "g"}
	spilled("spilled", 19.99, 7)
	checked(g, -3.5)
	early(-1, 4.5)
	early(3, 4.5)
	set(g, 0.1, 0.2)
	get(g)
	bits(-1.5)
	fromBits(0x4045_0000_0000_0000)
	parts(complex(1.5, -2), pair{0.5, 1e300}, [1]float32{0.25}, complex(0.75, -0.125))
	mixed(table{0.25, map[int8]uint8{7: 200}}, 3.75)
	deferred(8.5)
	recovered(9.5, nil)
	global()
	looped(0.5, 4)
	computed(2, 0.5)
	large(math.Copysign(0, -1), 8)
	large(math.Inf(1), 0)
}

func main() {
	goroutines := flag.Int("goroutines", 0, "that call at once")
	calls := flag.Int("calls", 1000, "of each")
	flag.Parse()
	if *goroutines == 0 {
		once()
	}
	var group sync.WaitGroup
	for g := 0; g < *goroutines; g++ {
		group.Add(1)
		go func(g int) {
			defer group.Done()
			for i := 0; i < *calls; i++ {
				n := g**calls + i
				if got := spilled("spilled", float64(n)/4, n); got != float64(n)/4 {
					fmt.Fprintln(os.Stderr, "spilled returned", got, "for", n)
					os.Exit(1)
				}
			}
		}(g)
	}
	group.Wait()
	// What they wrote is read while the program runs.
	time.Sleep(300 * time.Millisecond)
}

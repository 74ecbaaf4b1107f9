// Activities calls functions that each do one thing for a while: sleep, wait, run, or sit in a system call.
//
//	activities -for 30ms -rounds 3
package main

import (
	"flag"
	"io"
	"net"
	"runtime"
	"sync"
	"syscall"
	"time"

	"sidespan.test/gate"
)

var (
	howLong = flag.Duration("for", 30*time.Millisecond, "what each function does lasts as long")
	rounds  = flag.Int("rounds", 3, "calls of each")
)

//go:noinline
func sleep() { time.Sleep(*howLong) }

//go:noinline
func receive(done <-chan struct{}) { <-done }

//go:noinline
func choose(done, never <-chan struct{}) {
	select {
	case <-done:
	case <-never:
	}
}

//go:noinline
func lock(mutex *sync.Mutex) {
	mutex.Lock()
	mutex.Unlock()
}

//go:noinline
func read(conn net.Conn) {
	var one [1]byte
	io.ReadFull(conn, one[:])
}

// A system call that keeps its thread.
//
//go:noinline
func nap() {
	left := syscall.NsecToTimespec(howLong.Nanoseconds())
	for syscall.Nanosleep(&left, &left) == syscall.EINTR {
	}
}

//go:noinline
func spin() {
	for begin := time.Now(); time.Since(begin) < *howLong; {
	}
}

// With one thread for all goroutines, another one that does not let go.
//
//go:noinline
func yield() { runtime.Gosched() }

// Both of them, one within the other.
//
//go:noinline
func outer() {
	spin()
	sleep()
}

func later(do func()) { time.AfterFunc(*howLong, do) }

func main() {
	gate.Wait()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	for round := 0; round < *rounds; round++ {
		sleep()
		done := make(chan struct{})
		later(func() { close(done) })
		receive(done)
		done = make(chan struct{})
		later(func() { close(done) })
		choose(done, make(chan struct{}))
		var mutex sync.Mutex
		mutex.Lock()
		later(mutex.Unlock)
		lock(&mutex)
		conn, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			panic(err)
		}
		peer, err := listener.Accept()
		if err != nil {
			panic(err)
		}
		later(func() { peer.Write([]byte{1}) })
		read(conn)
		conn.Close()
		peer.Close()
		nap()
		spin()
		threads := runtime.GOMAXPROCS(1)
		go func() {
			for begin := time.Now(); time.Since(begin) < *howLong; {
			}
		}()
		yield()
		runtime.GOMAXPROCS(threads)
		outer()
	}
	gate.Report(map[string]interface{}{"pid": 0})
}

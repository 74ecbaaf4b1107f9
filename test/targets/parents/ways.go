package main

import (
	"context"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/singleflight"
)

var ways = map[string]func(w http.ResponseWriter, r *http.Request, id int){
	"same": func(_ http.ResponseWriter, r *http.Request, id int) {
		step(r.Context(), id+1, func(ctx context.Context) { step(ctx, id+2, nil) })
	},
	"go": func(_ http.ResponseWriter, r *http.Request, id int) {
		wait(func() { step(r.Context(), id+1, nil) })
		step(r.Context(), id+2, func(ctx context.Context) {
			wait(func() { step(ctx, id+3, nil) }, func() { wait(func() { step(ctx, id+4, nil) }) })
		})
	},
	"derived": func(_ http.ResponseWriter, r *http.Request, id int) {
		ctx, cancel := context.WithTimeout(context.WithValue(r.Context(), key{}, id), time.Second)
		defer cancel()
		wait(func() { step(context.WithoutCancel(ctx), id+1, nil) }, func() { step(ctx, id+2, nil) })
	},
	"outlives": func(_ http.ResponseWriter, r *http.Request, id int) {
		ctx := context.WithoutCancel(r.Context())
		later(func() { time.Sleep(time.Millisecond); step(ctx, id+1, nil) })
	},
	"background": func(_ http.ResponseWriter, r *http.Request, id int) {
		wait(func() { step(context.Background(), id+1, nil) }, func() { step(context.TODO(), id+2, nil) })
	},
	"errgroup": func(_ http.ResponseWriter, r *http.Request, id int) {
		group, ctx := errgroup.WithContext(r.Context())
		group.SetLimit(2)
		for n := 1; n <= 4; n++ {
			group.Go(func() error { step(ctx, id+n, nil); return nil })
		}
		group.Wait()
	},
	"singleflight": func(_ http.ResponseWriter, r *http.Request, id int) {
		flights.Do("one", func() (any, error) { step(r.Context(), id+1, nil); return nil, nil })
		<-flights.DoChan("other", func() (any, error) { step(r.Context(), id+2, nil); return nil, nil })
	},
	"afterfunc": func(_ http.ResponseWriter, r *http.Request, id int) {
		done := make(chan bool)
		time.AfterFunc(100*time.Microsecond, func() { step(r.Context(), id+1, nil); close(done) })
		<-done
		ctx, cancel := context.WithCancel(r.Context())
		ended := make(chan bool)
		context.AfterFunc(ctx, func() { step(context.WithoutCancel(ctx), id+2, nil); close(ended) })
		cancel()
		<-ended
	},
	"pool": func(_ http.ResponseWriter, r *http.Request, id int) {
		var done sync.WaitGroup
		done.Add(2)
		pool <- func() { step(r.Context(), id+1, nil); done.Done() }
		step(r.Context(), id+2, func(ctx context.Context) {
			pool <- func() { step(ctx, id+3, nil); done.Done() }
		})
		done.Wait()
	},
	"growing": func(_ http.ResponseWriter, r *http.Request, id int) {
		done := make(chan bool)
		submit(func() { step(r.Context(), id+1, nil); close(done) })
		<-done
	},
	"timeout": func(w http.ResponseWriter, r *http.Request, id int) {
		handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { serve(w, r, id+1) })
		http.TimeoutHandler(handler, time.Second, "").ServeHTTP(w, r)
	},
	"plain": func(_ http.ResponseWriter, r *http.Request, id int) {
		contexts.Store(id+1, r.Context())
		wait(func() { plain(id + 1) })
		step(r.Context(), id+2, func(ctx context.Context) {
			contexts.Store(id+3, ctx)
			wait(func() { plain(id + 3) })
		})
	},
	"plaingrowing": func(_ http.ResponseWriter, r *http.Request, id int) {
		contexts.Store(id+1, r.Context())
		done := make(chan bool)
		submit(func() { plain(id + 1); close(done) })
		<-done
	},
}

type key struct{}

var flights singleflight.Group

// wait runs functions on goroutines of their own.
func wait(functions ...func()) {
	var done sync.WaitGroup
	for _, function := range functions {
		done.Add(1)
		go func() { defer done.Done(); function() }()
	}
	done.Wait()
}

// later does so without waiting.
func later(function func()) {
	running.Add(1)
	go func() { defer running.Done(); function() }()
}

// pool's goroutines are there from the beginning.
var pool = make(chan func())

func startPool() {
	for range 4 {
		go func() {
			for job := range pool {
				job()
			}
		}()
	}
}

// Those of growing are started by the request that finds none free, and then work for all.
var growing = make(chan func())

func submit(job func()) {
	select {
	case growing <- job:
	default:
		go func() {
			for job := range growing {
				job()
			}
		}()
		growing <- job
	}
}

package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/acme/shop/inventorypb"
	"github.com/acme/shop/tally"
)

// stock is what lies on the shelves.
type stock struct {
	mu      sync.Mutex
	shelves map[string]*shelf
}

type shelf struct {
	pieces   int32
	capacity int32
	takings  []int32 // the last few
}

// shortageError says how many there were.
type shortageError struct {
	sku            string
	asked, onShelf int32
}

func (e *shortageError) Error() string {
	return fmt.Sprintf("%d of %s asked for, %d on the shelf", e.asked, e.sku, e.onShelf)
}

func newStock() *stock {
	s := &stock{shelves: map[string]*shelf{}}
	for sku, capacity := range map[string]int32{
		"espresso-cup": 400, "moka-pot": 300, "grinder": 200, "filter-100": 500, "kettle": 200, "scale": 8,
	} {
		s.shelves[sku] = &shelf{pieces: capacity, capacity: capacity}
	}
	return s
}

// count tells how many there are.
func (s *stock) count(sku string) (int32, error) {
	tally.Call("main.(*stock).count")
	s.mu.Lock()
	defer s.mu.Unlock()
	found, ok := s.shelves[sku]
	if !ok {
		return 0, fmt.Errorf("no shelf for %q", sku)
	}
	return found.pieces, nil
}

// take takes pieces off their shelf and tells how many are left.
func (s *stock) take(sku string, quantity int32) (left int32, err error) {
	tally.Call("main.(*stock).take")
	s.mu.Lock()
	defer s.mu.Unlock()
	found, ok := s.shelves[sku]
	if !ok {
		return 0, fmt.Errorf("no shelf for %q", sku)
	}
	if found.pieces < quantity {
		return found.pieces, &shortageError{sku: sku, asked: quantity, onShelf: found.pieces}
	}
	found.pieces -= quantity
	found.takings = append(found.takings[max(0, len(found.takings)-9):], quantity)
	return found.pieces, nil
}

// putBack undoes the lines of an order that can't be had whole.
func (s *stock) putBack(lines []*inventorypb.Line) {
	tally.Call("main.(*stock).putBack")
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, line := range lines {
		s.shelves[line.GetSku()].pieces += line.GetQuantity()
	}
}

// refill fills the shelves again from time to time, so that the shop can go on selling.
func (s *stock) refill(until context.Context, every time.Duration) {
	for {
		select {
		case <-until.Done():
			return
		case <-time.After(every):
			s.restock(2)
		}
	}
}

// restock fills each shelf by a part of what it lacks.
func (s *stock) restock(part int32) (added int32) {
	tally.Call("main.(*stock).restock")
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, shelf := range s.shelves {
		more := (shelf.capacity - shelf.pieces + part - 1) / part
		shelf.pieces += more
		added += more
	}
	return added
}

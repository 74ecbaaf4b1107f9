// Package cart holds what customers have chosen.
package cart

import (
	"errors"
	"fmt"
	"sync"

	"github.com/acme/shop/tally"
)

// Item is a number of pieces of an article.
type Item struct {
	SKU      string `json:"sku"`
	Quantity int32  `json:"quantity"`
	Gift     bool   `json:"gift,omitempty"`
}

// Cart is one customer's.
type Cart struct {
	ID    string `json:"id"`
	Items []Item `json:"items"`

	mu sync.Mutex
}

// maxPieces of one article in a cart.
const maxPieces = 20

// ErrEmpty: nothing to buy.
var ErrEmpty = errors.New("cart is empty")

// QuantityError says what was asked for.
type QuantityError struct {
	SKU       string
	Requested int32
}

func (e *QuantityError) Error() string {
	return fmt.Sprintf("%d pieces of %s: from 1 to %d are sold", e.Requested, e.SKU, maxPieces)
}

// Add puts an item into the cart and returns the number of different articles in it.
func (c *Cart) Add(item Item) (articles int, err error) {
	tally.Call("github.com/acme/shop/cart.(*Cart).Add")
	c.mu.Lock()
	defer c.mu.Unlock()
	if item.Quantity < 1 || item.Quantity > maxPieces {
		return len(c.Items), &QuantityError{SKU: item.SKU, Requested: item.Quantity}
	}
	for i := range c.Items {
		if c.Items[i].SKU == item.SKU {
			c.Items[i].Quantity = min(c.Items[i].Quantity+item.Quantity, maxPieces)
			return len(c.Items), nil
		}
	}
	c.Items = append(c.Items, item)
	return len(c.Items), nil
}

// Take empties the cart and returns what was in it.
func (c *Cart) Take() ([]Item, error) {
	tally.Call("github.com/acme/shop/cart.(*Cart).Take")
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.Items) == 0 {
		return nil, ErrEmpty
	}
	items := c.Items
	c.Items = nil
	return items, nil
}

// Snapshot is a copy that may be read without the lock.
func (c *Cart) Snapshot() []Item {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]Item{}, c.Items...)
}

// Store has the carts by id.
type Store struct {
	mu    sync.Mutex
	carts map[string]*Cart
}

// maxCarts bounds the memory: the shop runs as long as its demonstration.
const maxCarts = 1000

// Get gives the cart with this id, new if need be.
func (s *Store) Get(id string) *Cart {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c, ok := s.carts[id]; ok {
		return c
	}
	if s.carts == nil || len(s.carts) >= maxCarts {
		s.carts = map[string]*Cart{}
	}
	c := &Cart{ID: id}
	s.carts[id] = c
	return c
}

// Package pricing says what things cost.
package pricing

import (
	"fmt"

	"github.com/acme/shop/cart"
	"github.com/acme/shop/tally"
)

// Cents is an amount of money in the smallest unit of its currency.
type Cents int64

// Table has the prices in euro and what other currencies are worth.
type Table struct {
	Prices map[string]Cents
	Rates  map[string]float64
	// Rebate is per mille off orders of FromPieces pieces or more.
	Rebate     int
	FromPieces int32
}

// Quote is an offer for a cart.
type Quote struct {
	Total    Cents
	Rebate   Cents
	Currency string
	Lines    []Line
}

// Line is a quote's line.
type Line struct {
	SKU    string
	Pieces int32
	Each   Cents
}

// CurrencyError names a currency without a rate.
type CurrencyError struct{ Currency string }

func (e CurrencyError) Error() string { return fmt.Sprintf("no rate for currency %q", e.Currency) }

// Default is the shop's price table.
func Default() *Table {
	return &Table{
		Prices: map[string]Cents{
			"espresso-cup": 900, "moka-pot": 3450, "grinder": 7900, "filter-100": 650, "kettle": 6490, "scale": 4200,
		},
		Rates:      map[string]float64{"EUR": 1, "DKK": 7.46, "USD": 1.08, "JPY": 162.5},
		Rebate:     50,
		FromPieces: 10,
	}
}

// Quote makes an offer for items in a currency.
func (t *Table) Quote(items []cart.Item, currency string) (*Quote, error) {
	tally.Call("github.com/acme/shop/pricing.(*Table).Quote")
	rate, ok := t.Rates[currency]
	if !ok {
		return nil, CurrencyError{Currency: currency}
	}
	quote := &Quote{Currency: currency}
	var pieces int32
	for _, item := range items {
		price, ok := t.Prices[item.SKU]
		if !ok {
			return nil, fmt.Errorf("no price for %s", item.SKU)
		}
		each := Cents(float64(price) * rate)
		quote.Lines = append(quote.Lines, Line{SKU: item.SKU, Pieces: item.Quantity, Each: each})
		quote.Total += each * Cents(item.Quantity)
		pieces += item.Quantity
	}
	if pieces >= t.FromPieces {
		quote.Rebate = quote.Total * Cents(t.Rebate) / 1000
		quote.Total -= quote.Rebate
	}
	return quote, nil
}

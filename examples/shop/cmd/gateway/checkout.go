package main

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/acme/shop/cart"
	"github.com/acme/shop/catalog"
	"github.com/acme/shop/inventorypb"
	"github.com/acme/shop/pricing"
	"github.com/acme/shop/tally"
)

var lastOrder atomic.Uint64

// checkout turns a cart into an order: quotes, reserves, charges.
func checkout(ctx context.Context, c *cart.Cart, currency string) (id string, err error) {
	tally.Call("main.checkout")
	items, err := c.Take()
	if err != nil {
		return "", err
	}
	quote, err := prices.Quote(items, currency)
	if err != nil {
		return "", err
	}
	id = fmt.Sprintf("order-%06d", lastOrder.Add(1))
	if err := reserve(ctx, id, items); err != nil {
		return "", err
	}
	if err := charge(int64(quote.Total), currency, tagsOf(items)); err != nil {
		return "", err
	}
	return id, nil
}

// reserve asks the inventory for all items of an order.
func reserve(ctx context.Context, order string, items []cart.Item) error {
	tally.Call("main.reserve")
	request := &inventorypb.ReserveRequest{Order: order}
	for _, item := range items {
		request.Lines = append(request.Lines, &inventorypb.Line{Sku: item.SKU, Quantity: item.Quantity})
	}
	if _, err := inventory.Reserve(ctx, request); err != nil {
		return fmt.Errorf("reserving %d lines for %s: %w", len(items), order, err)
	}
	return nil
}

// PaymentError is the bank's refusal.
type PaymentError struct {
	Code   int
	Reason string
}

func (e *PaymentError) Error() string {
	return fmt.Sprintf("payment refused (%d): %s", e.Code, e.Reason)
}

// limits of what the bank pays, in the smallest unit of each currency.
var limits = map[string]int64{"EUR": 100_000, "DKK": 746_000, "USD": 108_000, "JPY": 16_000_000}

// charge takes the money. It is a bank in a box: it takes its time, and refuses what is above the limit.
func charge(cents int64, currency string, tags []string) error {
	tally.Call("main.charge")
	if limit := limits[currency]; cents > limit {
		return &PaymentError{Code: 51, Reason: fmt.Sprintf("%d is above the limit of %d %s", cents, limit, currency)}
	}
	time.Sleep(time.Duration(len(tags)+1) * time.Millisecond)
	return nil
}

// tagsOf collects the tags of a cart's products, each once.
func tagsOf(items []cart.Item) []string {
	tally.Call("main.tagsOf")
	var tags []string
	seen := map[string]bool{}
	for _, item := range items {
		product, err := catalog.Find(item.SKU)
		if err != nil {
			continue
		}
		for _, tag := range product.Tags {
			if !seen[tag] {
				seen[tag] = true
				tags = append(tags, tag)
			}
		}
	}
	return tags
}

// describe is what a product's page shows.
func describe(product *catalog.Product, available int32, prices map[string]pricing.Cents) map[string]any {
	tally.Call("main.describe")
	page := map[string]any{"product": product, "price": prices[product.SKU], "available": available > 0}
	if available > 0 && available < 10 {
		page["hint"] = fmt.Sprintf("only %d left", available)
	}
	return page
}

// sales is a report that takes its time.
func sales(year string, patience time.Duration) map[string]int {
	tally.Call("main.sales")
	time.Sleep(patience)
	report := map[string]int{}
	for i, product := range catalog.List("") {
		report[product.SKU] = len(year) * 100 * (i + 1)
	}
	return report
}

// render panics: nobody has given it any rows.
func render(name string, rows []string) string {
	tally.Call("main.render")
	return strings.ToUpper(name) + "\n" + rows[0]
}

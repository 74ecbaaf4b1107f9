// Package catalog knows what the shop sells.
package catalog

import (
	"fmt"
	"sort"
	"strings"
)

// Product is an article. Its price is pricing's affair.
type Product struct {
	SKU   string   `json:"sku"`
	Name  string   `json:"name"`
	Grams int32    `json:"grams"`
	Tags  []string `json:"tags"`
}

// NotFoundError names an article that the shop doesn't have.
type NotFoundError struct{ SKU string }

func (e *NotFoundError) Error() string { return "no product " + e.SKU }

var products = map[string]*Product{
	"espresso-cup": {"espresso-cup", "Espresso cup", 120, []string{"porcelain", "kitchen"}},
	"moka-pot":     {"moka-pot", "Moka pot for three", 480, []string{"kitchen", "stove"}},
	"grinder":      {"grinder", "Hand grinder", 950, []string{"kitchen", "steel"}},
	"filter-100":   {"filter-100", "100 paper filters", 180, []string{"paper"}},
	"kettle":       {"kettle", "Gooseneck kettle", 1100, []string{"kitchen", "stove", "steel"}},
	"scale":        {"scale", "Scale, 0.1 g", 310, nil},
}

// Find gives the product of an article number.
func Find(sku string) (*Product, error) {
	if product, ok := products[strings.ToLower(sku)]; ok {
		return product, nil
	}
	return nil, fmt.Errorf("catalog: %w", &NotFoundError{SKU: sku})
}

// List gives all products with a tag, or all; ordered by article number.
func List(tag string) []*Product {
	found := make([]*Product, 0, len(products))
	for _, product := range products {
		if tag == "" || hasTag(product, tag) {
			found = append(found, product)
		}
	}
	sort.Slice(found, func(i, j int) bool { return found[i].SKU < found[j].SKU })
	return found
}

func hasTag(product *Product, tag string) bool {
	for _, have := range product.Tags {
		if have == tag {
			return true
		}
	}
	return false
}

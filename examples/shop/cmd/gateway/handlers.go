package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/acme/shop/cart"
	"github.com/acme/shop/catalog"
	"github.com/acme/shop/inventorypb"
	"github.com/acme/shop/tally"
)

func routes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", index)
	mux.HandleFunc("GET /products", listProducts)
	mux.HandleFunc("GET /products/{sku}", showProduct)
	mux.HandleFunc("GET /carts/{id}", showCart)
	mux.HandleFunc("POST /carts/{id}/items", addItem)
	mux.HandleFunc("POST /carts/{id}/checkout", placeOrder)
	mux.HandleFunc("GET /stock/{sku}/watch", watchStock)
	mux.HandleFunc("GET /reports/sales", salesReport)
	mux.HandleFunc("GET /reports/{name}", brokenReport)
	return mux
}

func index(w http.ResponseWriter, r *http.Request) {
	io.WriteString(w, `The shop. Try:
  GET  /products?tag=kitchen
  GET  /products/moka-pot
  POST /carts/7/items            {"sku":"moka-pot","quantity":2}
  GET  /carts/7
  POST /carts/7/checkout?currency=EUR
  GET  /stock/moka-pot/watch?changes=3
  GET  /reports/sales            takes its time
  GET  /reports/returns          panics
  GET  /debug/counts
`)
}

func listProducts(w http.ResponseWriter, r *http.Request) {
	answer(w, http.StatusOK, catalog.List(r.URL.Query().Get("tag")))
}

func showProduct(w http.ResponseWriter, r *http.Request) {
	product, err := catalog.Find(r.PathValue("sku"))
	if err != nil {
		fail(w, err)
		return
	}
	stock, err := inventory.Get(r.Context(), &inventorypb.GetRequest{Sku: product.SKU})
	if err != nil {
		fail(w, err)
		return
	}
	answer(w, http.StatusOK, describe(product, stock.GetAvailable(), prices.Prices))
}

func showCart(w http.ResponseWriter, r *http.Request) {
	answer(w, http.StatusOK, carts.Get(r.PathValue("id")).Snapshot())
}

func addItem(w http.ResponseWriter, r *http.Request) {
	item, err := decodeItem(http.MaxBytesReader(w, r.Body, 4096), r.ContentLength)
	if err != nil {
		fail(w, err)
		return
	}
	articles, err := carts.Get(r.PathValue("id")).Add(item)
	if err != nil {
		fail(w, err)
		return
	}
	answer(w, http.StatusCreated, map[string]int{"articles": articles})
}

func placeOrder(w http.ResponseWriter, r *http.Request) {
	currency := r.URL.Query().Get("currency")
	if currency == "" {
		currency = "EUR"
	}
	order, err := checkout(r.Context(), carts.Get(r.PathValue("id")), strings.ToUpper(currency))
	if err != nil {
		fail(w, err)
		return
	}
	answer(w, http.StatusCreated, map[string]string{"order": order})
}

// watchStock passes a gRPC stream on as lines.
func watchStock(w http.ResponseWriter, r *http.Request) {
	changes := int32(3)
	fmt.Sscan(r.URL.Query().Get("changes"), &changes)
	request := &inventorypb.WatchRequest{Sku: r.PathValue("sku"), Changes: min(changes, 20)}
	stream, err := inventory.Watch(r.Context(), request)
	if err != nil {
		fail(w, err)
		return
	}
	for sent := 0; ; sent++ {
		stock, err := stream.Recv()
		if err == io.EOF {
			return
		}
		if err != nil {
			if sent == 0 {
				fail(w, err)
			}
			return
		}
		fmt.Fprintf(w, "%s %d\n", stock.GetSku(), stock.GetAvailable())
		http.NewResponseController(w).Flush()
	}
}

func salesReport(w http.ResponseWriter, r *http.Request) {
	answer(w, http.StatusOK, sales(r.URL.Query().Get("year"), 120*time.Millisecond))
}

// brokenReport shows what a recovered panic looks like.
func brokenReport(w http.ResponseWriter, r *http.Request) {
	defer func() {
		if cause := recover(); cause != nil {
			http.Error(w, fmt.Sprint("report: ", cause), http.StatusInternalServerError)
		}
	}()
	answer(w, http.StatusOK, render(r.PathValue("name"), nil))
}

var errBadItem = errors.New("the item can't be read")

// decodeItem reads an item from a request's body.
func decodeItem(body io.Reader, size int64) (item cart.Item, err error) {
	tally.Call("main.decodeItem")
	if err := json.NewDecoder(body).Decode(&item); err != nil {
		return item, fmt.Errorf("%w: %d bytes: %w", errBadItem, size, err)
	}
	if _, err := catalog.Find(item.SKU); err != nil {
		return item, err
	}
	return item, nil
}

func answer(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(value); err != nil {
		log.Print(err)
	}
}

// fail answers with the status that fits an error.
func fail(w http.ResponseWriter, err error) {
	code := http.StatusInternalServerError
	var missing *catalog.NotFoundError
	var quantity *cart.QuantityError
	var declined *PaymentError
	switch {
	case errors.As(err, &missing), status.Code(err) == codes.NotFound:
		code = http.StatusNotFound
	case errors.As(err, &quantity), errors.Is(err, errBadItem), errors.Is(err, cart.ErrEmpty):
		code = http.StatusBadRequest
	case errors.As(err, &declined):
		code = http.StatusPaymentRequired
	case status.Code(err) == codes.FailedPrecondition:
		code = http.StatusConflict
	case status.Code(err) == codes.Unavailable:
		code = http.StatusBadGateway
	}
	answer(w, code, map[string]string{"error": err.Error()})
}

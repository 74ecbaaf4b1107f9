// Pieces calls a function with pieces of texts that lie close together, far apart, one in the other, or nowhere, and prints
// what it called it with: one JSON array a line.
//
//	pieces -calls 500
package main

import (
	"encoding/json"
	"flag"
	"math/rand"
	"os"
	"strings"
)

//go:noinline
func Pieces(a, b, c, d string, parts []string) {
	kept += len(a) + len(b) + len(c) + len(d) + len(parts)
}

var kept int

func main() {
	calls := flag.Int("calls", 500, "of the function")
	flag.Parse()
	random := rand.New(rand.NewSource(1))
	texts := [3]string{strings.Repeat("abcdefghijklmnopqrstuvwxyz", 40), strings.Repeat("0123456789-", 90), "a constant text"}
	piece := func() string {
		text := texts[random.Intn(len(texts))]
		from := random.Intn(min(len(text), 400))
		size := random.Intn(1 << random.Intn(9))
		return text[from:min(from+size, len(text))]
	}
	out := json.NewEncoder(os.Stdout)
	for call := 0; call < *calls; call++ {
		a, b, c, d := piece(), piece(), piece(), piece()
		parts := make([]string, random.Intn(6))
		for i := range parts {
			parts[i] = piece()
		}
		if random.Intn(2) == 0 {
			parts = strings.Split(texts[1][:30+random.Intn(300)], "-")
		}
		Pieces(a, b, c, d, parts)
		if err := out.Encode([]any{a, b, c, d, parts}); err != nil {
			panic(err)
		}
	}
}

// Sqliteserver is an HTTP server whose handlers ask a database, on their own goroutine or on another one.
//
//	sqliteserver     prints "listening HOST:PORT"; the database is in memory
package main

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"

	_ "modernc.org/sqlite"
)

func must(err error) {
	if err != nil {
		log.Panic(err)
	}
}

func count(ctx context.Context, db *sql.DB) {
	var n int
	must(db.QueryRowContext(ctx, "SELECT count(*) FROM items WHERE name <> 'S3CR3T'").Scan(&n))
}

func transfer(ctx context.Context, db *sql.DB) {
	tx, err := db.BeginTx(ctx, nil)
	must(err)
	defer tx.Rollback()
	_, err = tx.ExecContext(ctx, "INSERT INTO items (name) VALUES (?)", "S3CR3T")
	must(err)
	must(tx.Commit())
}

// onOther runs it on a goroutine of its own, to its end.
func onOther(do func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		do()
	}()
	<-done
}

func main() {
	db, err := sql.Open("sqlite", "file::memory:?cache=shared")
	must(err)
	db.SetMaxOpenConns(1)
	_, err = db.Exec("CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT)")
	must(err)
	handle := func(path string, do func(ctx context.Context)) {
		http.HandleFunc(path, func(_ http.ResponseWriter, r *http.Request) { do(r.Context()) })
	}
	handle("/here", func(ctx context.Context) { count(ctx, db) })
	handle("/there", func(ctx context.Context) { onOther(func() { count(ctx, db) }) })
	handle("/transfer", func(ctx context.Context) { onOther(func() { transfer(ctx, db) }) })
	handle("/nobody", func(context.Context) { onOther(func() { count(context.Background(), db) }) })
	handle("/wrong", func(ctx context.Context) {
		if _, err := db.ExecContext(ctx, "INSERT INTO nothing VALUES (1)"); err == nil {
			log.Panic("there is no such table")
		}
	})
	http.HandleFunc("/any", func(_ http.ResponseWriter, r *http.Request) {
		text, err := io.ReadAll(r.Body)
		must(err)
		db.ExecContext(r.Context(), string(text))
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	fmt.Printf("listening %s\n", listener.Addr())
	must(http.Serve(listener, nil))
}

package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"regexp"
	"sync"
	"time"

	"github.com/XSAM/otelsql"
	"github.com/jackc/pgx/v5/pgconn"
	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/lib/pq"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/attribute"
)

// errorAttributes is what the middleware's documentation has as its example, for PostgreSQL.
func errorAttributes(err error) []attribute.KeyValue {
	var byPq *pq.Error
	var byPgx *pgconn.PgError
	code := ""
	if errors.As(err, &byPq) {
		code = string(byPq.Code)
	} else if errors.As(err, &byPgx) {
		code = byPgx.Code
	}
	if code == "" {
		return nil
	}
	return []attribute.KeyValue{attribute.String("db.response.status_code", code)}
}

// operation is what one request asks of the database, and how its goroutines are.
type operation func(ctx context.Context, db *sql.DB, n int)

const findItems = "SELECT id, name FROM items WHERE id = $1"

func drain(rows *sql.Rows, err error) {
	if err != nil {
		return
	}
	defer rows.Close()
	for rows.Next() {
	}
}

// onAnother does it on another goroutine, and waits.
func onAnother(do operation) operation {
	return func(ctx context.Context, db *sql.DB, n int) {
		var group sync.WaitGroup
		group.Go(func() { do(ctx, db, n) })
		group.Wait()
	}
}

func inTransaction(ctx context.Context, db *sql.DB, do func(tx *sql.Tx)) {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		log.Fatal(err)
	}
	// After a commit it does nothing.
	defer tx.Rollback()
	do(tx)
}

var operations = []operation{
	func(ctx context.Context, db *sql.DB, n int) { drain(db.QueryContext(ctx, findItems, n)) },
	onAnother(func(ctx context.Context, db *sql.DB, n int) { drain(db.QueryContext(ctx, findItems, n)) }),
	func(ctx context.Context, db *sql.DB, n int) {
		var id int
		var name string
		db.QueryRowContext(ctx, findItems, n).Scan(&id, &name)
	},
	// Rows are there, and more of them than are read.
	func(ctx context.Context, db *sql.DB, n int) {
		rows, err := db.QueryContext(ctx, "SELECT generate_series(1, 1000), 'secret'")
		if err == nil && rows.Next() {
			rows.Close()
		}
	},
	func(ctx context.Context, db *sql.DB, n int) {
		db.ExecContext(ctx, "INSERT INTO items (id, name) VALUES ($1, $2) ON CONFLICT DO NOTHING", n, "secret")
	},
	func(ctx context.Context, db *sql.DB, n int) {
		db.ExecContext(ctx, fmt.Sprintf("UPDATE items SET name = 'secret' WHERE id = %d", n))
	},
	func(ctx context.Context, db *sql.DB, n int) {
		db.ExecContext(ctx, "/* a comment */ DELETE FROM items WHERE id < -1")
	},
	func(ctx context.Context, db *sql.DB, n int) { db.PingContext(ctx) },
	func(ctx context.Context, db *sql.DB, n int) {
		statement, err := db.PrepareContext(ctx, findItems)
		if err != nil {
			return
		}
		defer statement.Close()
		for range 2 {
			drain(statement.QueryContext(ctx, n))
		}
	},
	func(ctx context.Context, db *sql.DB, n int) {
		inTransaction(ctx, db, func(tx *sql.Tx) {
			tx.ExecContext(ctx, "UPDATE items SET name = $1 WHERE id = $2", "secret", n)
			statement, err := tx.PrepareContext(ctx, "DELETE FROM items WHERE id = $1")
			if err == nil {
				statement.ExecContext(ctx, n)
			}
			tx.Commit()
		})
	},
	onAnother(func(ctx context.Context, db *sql.DB, n int) {
		inTransaction(ctx, db, func(tx *sql.Tx) { drain(tx.QueryContext(ctx, findItems, n)) })
	}),
	// The statement behind one that failed fails too, and so does the commit of some drivers.
	func(ctx context.Context, db *sql.DB, n int) {
		inTransaction(ctx, db, func(tx *sql.Tx) {
			tx.ExecContext(ctx, "INSERT INTO nowhere VALUES ($1)", n)
			tx.ExecContext(ctx, "UPDATE items SET name = $1 WHERE id = $2", "secret", n)
			tx.Commit()
		})
	},
	// What was begun is ended by its context.
	func(ctx context.Context, db *sql.DB, n int) {
		within, cancel := context.WithCancel(ctx)
		inTransaction(within, db, func(tx *sql.Tx) { cancel() })
	},
	func(ctx context.Context, db *sql.DB, n int) {
		inTransaction(ctx, db, func(tx *sql.Tx) {
			tx.Commit()
			tx.ExecContext(ctx, "DELETE FROM items")
		})
	},
	func(ctx context.Context, db *sql.DB, n int) {
		drain(db.QueryContext(ctx, "SELECT a FROM nowhere WHERE b = 'secret'"))
	},
	func(ctx context.Context, db *sql.DB, n int) { db.PrepareContext(ctx, "SELEKT 1") },
	func(ctx context.Context, db *sql.DB, n int) {
		db.ExecContext(ctx, "INSERT INTO items (id, name) VALUES (0, 'secret')")
	},
	// Fails while its rows are read.
	func(ctx context.Context, db *sql.DB, n int) {
		drain(db.QueryContext(ctx, "SELECT 1 / (500 - n) FROM generate_series(1, $1::int) n", 1000))
	},
	func(ctx context.Context, db *sql.DB, n int) {
		late, cancel := context.WithCancel(ctx)
		cancel()
		drain(db.QueryContext(late, findItems, n))
	},
	func(ctx context.Context, db *sql.DB, n int) {
		short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
		defer cancel()
		db.ExecContext(short, "SELECT pg_sleep(20)")
	},
	func(ctx context.Context, db *sql.DB, n int) {
		cancelled, cancel := context.WithCancel(ctx)
		time.AfterFunc(10*time.Millisecond, cancel)
		drain(db.QueryContext(cancelled, "SELECT pg_sleep($1)", 20))
	},
	// A connection whose server process has ended.
	func(ctx context.Context, db *sql.DB, n int) {
		first, err := db.Conn(ctx)
		if err != nil {
			return
		}
		defer first.Close()
		second, err := db.Conn(ctx)
		if err != nil {
			return
		}
		var pid int
		if second.QueryRowContext(ctx, "SELECT pg_backend_pid()").Scan(&pid) == nil {
			first.ExecContext(ctx, "SELECT pg_terminate_backend($1, 5000)", pid)
		}
		second.Close()
		db.ExecContext(ctx, "UPDATE items SET name = 'secret'")
	},
}

// noServer is a data source at a port where nobody listens.
func noServer(dsn string) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	defer listener.Close()
	return regexp.MustCompile(`@[^/]*/`).ReplaceAllString(dsn, "@"+listener.Addr().String()+"/")
}

func prepareTable(driver, dsn string) {
	db, err := sql.Open(driver, dsn)
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	for _, text := range []string{
		"DROP TABLE IF EXISTS items", "CREATE TABLE items (id int PRIMARY KEY, name varchar(64))", "INSERT INTO items VALUES (0, 'first')",
	} {
		if _, err := db.Exec(text); err != nil {
			log.Fatal(err)
		}
	}
}

// sqlCalls are requests to a server, each of which asks the database something.
func sqlCalls(driver, dsn string) []call {
	options := []otelsql.Option{
		otelsql.WithAttributes(append(otelsql.AttributesFromDSN(dsn), attribute.String("db.system.name", "postgresql"))...),
		otelsql.WithSpanOptions(otelsql.SpanOptions{Ping: true}),
		otelsql.WithSpanErrorAttributesGetter(errorAttributes),
	}
	prepareTable(driver, dsn)
	db, err := otelsql.Open(driver, dsn, options...)
	if err != nil {
		log.Fatal(err)
	}
	absent, err := otelsql.Open(driver, noServer(dsn), options...)
	if err != nil {
		log.Fatal(err)
	}
	all := append(operations, func(ctx context.Context, _ *sql.DB, n int) { drain(absent.QueryContext(ctx, findItems, n)) })
	mux := http.NewServeMux()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	go http.Serve(listener, otelhttp.NewHandler(mux, "server"))
	// A transaction whose context ended is rolled back on a goroutine of its own.
	lastCall = func() {
		for db.Stats().InUse > 0 {
			time.Sleep(time.Millisecond)
		}
		time.Sleep(50 * time.Millisecond)
	}
	var calls []call
	for i, operation := range all {
		mux.HandleFunc(fmt.Sprintf("GET /%d/{n}", i), func(w http.ResponseWriter, r *http.Request) {
			running.Add(1)
			defer running.Done()
			var n int
			fmt.Sscan(r.PathValue("n"), &n)
			operation(r.Context(), db, n)
		})
		calls = append(calls, func(n int) {
			response, err := http.Get(fmt.Sprintf("http://%s/%d/%d", listener.Addr(), i, n))
			if err != nil {
				log.Fatal(err)
			}
			io.Copy(io.Discard, response.Body)
			response.Body.Close()
		})
	}
	return calls
}

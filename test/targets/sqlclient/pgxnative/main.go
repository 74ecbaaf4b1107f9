// A program that asks PostgreSQL by pgx itself, and counts what it asks. As the program above it: "ready PID", then rounds.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
)

var counts = map[string]int{}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func did(what string, err error) {
	must(err)
	counts[what]++
}

func failed(what string, err error) {
	if err == nil {
		panic(what + " should fail")
	}
	counts[what]++
}

func main() {
	flag.String("driver", "", "not used")
	dsn := flag.String("dsn", "", "data source")
	flag.Parse()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, *dsn)
	must(err)
	_, err = conn.Exec(ctx, "CREATE TABLE IF NOT EXISTS items (id int PRIMARY KEY, name varchar(64))")
	must(err)
	_, err = conn.Exec(ctx, "DELETE FROM items")
	must(err)
	fmt.Println("ready", os.Getpid())
	lines := bufio.NewScanner(os.Stdin)
	for n := 0; lines.Scan(); {
		rounds, err := strconv.Atoi(strings.TrimSpace(lines.Text()))
		must(err)
		for i := 0; i < rounds; i++ {
			n++
			round(ctx, conn, n*10)
		}
		out, _ := json.Marshal(counts)
		fmt.Println(string(out))
	}
}

const (
	insert = "INSERT INTO items (id, name) VALUES ($1, $2)"
	find   = "SELECT id, name FROM items WHERE id = $1"
)

func round(ctx context.Context, conn *pgx.Conn, id int) {
	_, err := conn.Exec(ctx, fmt.Sprintf("INSERT INTO items (id, name) VALUES (%d, 'S3CR3T%d')", id, 987654000+id))
	did("INSERT items", err)
	tag, err := conn.Exec(ctx, insert, id+1, "S3CR3T")
	did("INSERT items", err)
	if tag.RowsAffected() != 1 {
		panic(tag.String())
	}
	rows, err := conn.Query(ctx, find, id)
	did("SELECT items", err)
	rows.Close()
	must(rows.Err())
	var found int
	var name string
	did("SELECT items", conn.QueryRow(ctx, find, id).Scan(&found, &name))
	_, err = conn.Prepare(ctx, fmt.Sprint("find", id), "SELECT name FROM items WHERE id = $1 AND name <> 'S3CR3T'")
	did("PREPARE SELECT items", err)
	// Is no operation.
	must(conn.Ping(ctx))

	tx, err := conn.Begin(ctx)
	did("begin", err)
	_, err = tx.Exec(ctx, insert, id+2, "S3CR3T")
	did("INSERT items", err)
	did("commit", tx.Commit(ctx))
	// Does nothing.
	tx.Rollback(ctx)
	tx, err = conn.Begin(ctx)
	did("begin", err)
	did("rollback", tx.Rollback(ctx))

	batch := &pgx.Batch{}
	for i := 3; i < 6; i++ {
		batch.Queue(insert, id+i, "S3CR3T")
	}
	did("BATCH postgres", conn.SendBatch(ctx, batch).Close())
	_, err = conn.CopyFrom(ctx, pgx.Identifier{"items"}, []string{"id", "name"}, pgx.CopyFromRows([][]any{{id + 6, "S3CR3T"}}))
	did("COPY postgres", err)

	_, err = conn.Exec(ctx, insert, id, "S3CR3T")
	failed("INSERT items failed", err)
	_, err = conn.Query(ctx, "SELECT a FROM missing WHERE b = 'S3CR3T'")
	failed("SELECT missing failed", err)
}

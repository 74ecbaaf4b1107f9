// Package rounds has what the programs for the several drivers do alike.
package rounds

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

type client struct {
	db *sql.DB
	// Calls by what is done.
	counts map[string]int
	driver string
}

func Main() {
	driver := flag.String("driver", "postgres", "name of the driver")
	dsn := flag.String("dsn", "", "data source")
	flag.Parse()
	db, err := sql.Open(*driver, *dsn)
	must(err)
	_, err = db.Exec("CREATE TABLE IF NOT EXISTS items (id int PRIMARY KEY, name varchar(64))")
	must(err)
	_, err = db.Exec("DELETE FROM items")
	must(err)
	c := &client{db: db, counts: map[string]int{}, driver: *driver}
	fmt.Println("ready", os.Getpid())
	lines := bufio.NewScanner(os.Stdin)
	for n := 0; lines.Scan(); {
		rounds, err := strconv.Atoi(strings.TrimSpace(lines.Text()))
		must(err)
		for i := 0; i < rounds; i++ {
			n++
			c.round(n)
		}
		out, _ := json.Marshal(c.counts)
		fmt.Println(string(out))
	}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func (c *client) did(what string, err error) {
	must(err)
	c.counts[what]++
}

func (c *client) failed(what string, err error) {
	if err == nil {
		panic(what + " should fail")
	}
	c.counts[what]++
}

// text puts the driver's parameters in the place of question marks.
func (c *client) text(query string) string {
	if c.driver == "mysql" || c.driver == "sqlite" {
		return query
	}
	for n := 1; strings.Contains(query, "?"); n++ {
		query = strings.Replace(query, "?", "$"+strconv.Itoa(n), 1)
	}
	return query
}

const (
	insert = "INSERT INTO items (id, name) VALUES (?, ?)"
	find   = "SELECT id, name FROM items WHERE id = ?"
)

func (c *client) round(n int) {
	ctx := context.Background()
	id := n * 10

	// Literals in the text: they must not be seen.
	_, err := c.db.Exec(fmt.Sprintf("INSERT INTO items (id, name) VALUES (%d, 'S3CR3T''-%d')", id, 987654000+n))
	c.did("INSERT items", err)
	_, err = c.db.ExecContext(ctx, c.text(insert), id+1, "S3CR3T")
	c.did("INSERT items", err)
	rows, err := c.db.QueryContext(ctx, c.text(find), id)
	c.did("SELECT items", err)
	c.read(rows)
	var name string
	must(c.db.QueryRow(c.text(find), id+1).Scan(nil2(&name)...))
	c.did("SELECT items", nil)

	stmt, err := c.db.PrepareContext(ctx, c.text(find))
	c.did("PREPARE items", err)
	for i := 0; i < 2; i++ {
		rows, err = stmt.Query(id)
		c.did("SELECT items", err)
		c.read(rows)
	}
	must(stmt.Close())

	c.transaction(ctx, id)
	c.connection(ctx)

	// The same id again.
	_, err = c.db.Exec(c.text(insert), id, "S3CR3T")
	c.failed("INSERT items failed", err)
	_, err = c.db.Query("SELECT a FROM missing WHERE b = 'S3CR3T'")
	c.failed("SELECT missing failed", err)
	late, cancel := context.WithCancel(ctx)
	cancel()
	_, err = c.db.QueryContext(late, c.text(find), id)
	c.failed("SELECT items failed", err)
	if c.driver == "postgres" || c.driver == "pgx" {
		short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
		_, err = c.db.ExecContext(short, "SELECT pg_sleep(20)")
		cancel()
		c.failed("SELECT failed", err)
	}
}

func nil2(name *string) []any {
	var id int
	return []any{&id, name}
}

func (c *client) read(rows *sql.Rows) {
	for rows.Next() {
		var name string
		must(rows.Scan(nil2(&name)...))
	}
	must(rows.Err())
	must(rows.Close())
}

func (c *client) transaction(ctx context.Context, id int) {
	tx, err := c.db.BeginTx(ctx, nil)
	c.did("BEGIN", err)
	// Does nothing any more when it is called.
	defer tx.Rollback()
	_, err = tx.Exec(c.text(insert), id+2, "S3CR3T")
	c.did("INSERT items", err)
	stmt, err := tx.Prepare(c.text("UPDATE items SET name = ? WHERE id = ?"))
	c.did("PREPARE items", err)
	_, err = stmt.Exec("S3CR3T", id+2)
	c.did("UPDATE items", err)
	rows, err := tx.Query(c.text(find), id+2)
	c.did("SELECT items", err)
	c.read(rows)
	c.did("COMMIT", tx.Commit())

	undone, err := c.db.Begin()
	c.did("BEGIN", err)
	_, err = undone.ExecContext(ctx, "DELETE FROM items")
	c.did("DELETE items", err)
	c.did("ROLLBACK", undone.Rollback())
}

func (c *client) connection(ctx context.Context) {
	conn, err := c.db.Conn(ctx)
	must(err)
	defer conn.Close()
	c.did("PING", conn.PingContext(ctx))
	c.did("PING", c.db.Ping())
	_, err = conn.ExecContext(ctx, "UPDATE items SET name = 'S3CR3T' WHERE id < 0")
	c.did("UPDATE items", err)
	rows, err := conn.QueryContext(ctx, "SELECT id, name FROM items WHERE id IN (1, 2, 3)")
	c.did("SELECT items", err)
	c.read(rows)
	tx, err := conn.BeginTx(ctx, nil)
	c.did("BEGIN", err)
	c.did("COMMIT", tx.Commit())
}

// A program that asks a database by database/sql in every way, and counts what it asks.
//
//	sqlclient -driver postgres|pgx|mysql -dsn DSN
//
// It prints "ready PID". For each line with a number on its standard input it goes that many rounds, and prints what it has
// called so far as JSON.
package main

import (
	_ "github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
	_ "github.com/lib/pq"

	"sidespan.test/sqlclient/rounds"
)

func main() {
	rounds.Main()
}

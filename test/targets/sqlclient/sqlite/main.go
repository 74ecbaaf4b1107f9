// As the program above it, by a driver in pure Go. It does not open what it is given before it has a table.
package main

import (
	_ "modernc.org/sqlite"

	"sidespan.test/sqlclient/rounds"
)

func main() {
	rounds.Main()
}

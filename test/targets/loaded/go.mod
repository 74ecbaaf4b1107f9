module sidespan.test/loaded

go 1.22

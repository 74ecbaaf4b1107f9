module sidespan.test/load

go 1.22

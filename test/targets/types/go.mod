module sidespan.test/types

go 1.22

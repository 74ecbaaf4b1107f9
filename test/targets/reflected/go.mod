module sidespan.test/reflected

go 1.15

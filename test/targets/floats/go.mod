module sidespan.test/floats

go 1.17

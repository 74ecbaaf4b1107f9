module sidespan.test/pieces

go 1.21

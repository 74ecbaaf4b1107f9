module sidespan.test/odd

go 1.22

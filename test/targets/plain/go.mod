module sidespan.test/plain

go 1.15

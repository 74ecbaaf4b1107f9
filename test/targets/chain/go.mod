module sidespan.test/chain

go 1.17

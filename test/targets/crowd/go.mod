module sidespan.test/crowd

go 1.16

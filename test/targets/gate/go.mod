module sidespan.test/gate

go 1.21

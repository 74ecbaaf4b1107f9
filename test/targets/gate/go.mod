module sidespan.test/gate

go 1.22

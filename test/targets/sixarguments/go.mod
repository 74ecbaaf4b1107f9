module sidespan.test/sixarguments

go 1.21

module sidespan.test/known

go 1.21

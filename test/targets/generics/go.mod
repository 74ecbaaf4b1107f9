module sidespan.test/generics

go 1.18

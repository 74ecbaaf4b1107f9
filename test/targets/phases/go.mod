module sidespan.test/phases

go 1.16

module sidespan.test/dictionaries

go 1.18

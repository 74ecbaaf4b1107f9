module sidespan.test/steady

go 1.22

module exact

go 1.22

module sidespan.test/httpserver

go 1.15

module sidespan.test/httpclient

go 1.19

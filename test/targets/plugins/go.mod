module sidespan.test/plugins

go 1.18

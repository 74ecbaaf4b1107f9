// Package inventorypb is the inventory's interface, generated from inventory.proto.
package inventorypb

// protoc-gen-go 1.36, protoc-gen-go-grpc 1.6, protoc 3.21 or newer.
//go:generate protoc --go_out=. --go_opt=paths=source_relative --go-grpc_out=. --go-grpc_opt=paths=source_relative inventory.proto

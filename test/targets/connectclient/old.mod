module sidespan.test/connectclient

go 1.26.0

require (
	connectrpc.com/connect v1.11.0
	google.golang.org/protobuf v1.36.11
)

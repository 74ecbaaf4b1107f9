// Command otlpsink is an OTLP receiver for tests: gRPC and HTTP/protobuf, traces and metrics.
//
// It keeps what it receives and answers as it is told to. Its first line on stdout is JSON with the addresses; the
// control address speaks HTTP:
//
//	GET  /state    counts and the headers of the last request
//	GET  /spans    the spans kept, oldest first
//	GET  /metrics  the data points of the last metrics request of each resource
//	POST /behave   how to answer from now on: see behaviour
//	POST /reset    forget everything, answer normally
package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"log"
	"net"
	"net/http"
	"os"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
)

var (
	grpcAddress    = flag.String("grpc", "127.0.0.1:0", "address for OTLP over gRPC")
	httpAddress    = flag.String("http", "127.0.0.1:0", "address for OTLP over HTTP")
	controlAddress = flag.String("control", "127.0.0.1:0", "address for the control API")
	certificate    = flag.String("certificate", "", "PEM file: serve both with TLS")
	key            = flag.String("key", "", "PEM file")
	clientCA       = flag.String("client-ca", "", "PEM file: demand certificates of clients, signed by these")
	certificates   = flag.String("make-certificates", "", "folder: write certificates for tests there and end")
	keep           = flag.Int("keep", 100000, "most spans to keep")
)

func main() {
	flag.Parse()
	if *certificates != "" {
		if err := makeCertificates(*certificates); err != nil {
			log.Fatal(err)
		}
		return
	}
	tlsConfig, err := loadTLS()
	if err != nil {
		log.Fatal(err)
	}
	sink := newSink(*keep)

	var options []grpc.ServerOption
	if tlsConfig != nil {
		options = append(options, grpc.Creds(credentials.NewTLS(tlsConfig)))
	}
	grpcListener := listen(*grpcAddress)
	go func() { log.Fatal(newGRPCServer(sink, options).Serve(grpcListener)) }()

	httpListener := listen(*httpAddress)
	// Tests make TLS handshakes fail on purpose.
	quiet := log.New(io.Discard, "", 0)
	server := &http.Server{Handler: newHTTPHandler(sink), TLSConfig: tlsConfig, ErrorLog: quiet}
	go func() {
		if tlsConfig == nil {
			log.Fatal(server.Serve(httpListener))
		}
		log.Fatal(server.ServeTLS(httpListener, "", ""))
	}()

	control := listen(*controlAddress)
	json.NewEncoder(os.Stdout).Encode(map[string]string{
		"grpc":    grpcListener.Addr().String(),
		"http":    httpListener.Addr().String(),
		"control": control.Addr().String(),
	})
	log.Fatal(http.Serve(control, newControlHandler(sink)))
}

func listen(address string) net.Listener {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		log.Fatal(err)
	}
	return listener
}

func loadTLS() (*tls.Config, error) {
	if *certificate == "" {
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(*certificate, *key)
	if err != nil {
		return nil, err
	}
	config := &tls.Config{Certificates: []tls.Certificate{pair}, NextProtos: []string{"h2", "http/1.1"}}
	if *clientCA != "" {
		pem, err := os.ReadFile(*clientCA)
		if err != nil {
			return nil, err
		}
		config.ClientCAs = x509.NewCertPool()
		if !config.ClientCAs.AppendCertsFromPEM(pem) {
			return nil, errors.New("no certificate in " + *clientCA)
		}
		config.ClientAuth = tls.RequireAndVerifyClientCert
	}
	return config, nil
}

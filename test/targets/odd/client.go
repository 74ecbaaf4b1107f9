package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

var plain = []string{
	"panic", "panic-text", "panic-number", "panic-nil", "panic-bounds", "panic-abort", "panic-buffered", "panic-late",
	"recovered", "swallowed", "goexit", "hijack", "events", "hints", "nothing", "not-modified", "twice", "timeout",
	"outlive",
}

// sendAll sends each case once, one after the other.
func sendAll(to servers, round int) []Seen {
	var all []Seen
	addTo := func(route, name string, send func(path string) (int, bool)) {
		path := fmt.Sprintf("/%s/%s/%s/%d", route, name, to.protocol, round)
		status, broken := send(path)
		all = append(all, Seen{name, to.protocol, path, status, broken, 0})
	}
	add := func(name string, send func(path string) (int, bool)) { addTo(name, name, send) }
	client := to.usual.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	get := func(path string) (int, bool) {
		return answered(client.Get(to.usual.URL + path))
	}
	for _, name := range plain {
		add(name, get)
	}
	add("redirect", get)
	addTo("nothing", "head", func(path string) (int, bool) {
		return answered(client.Head(to.usual.URL + path))
	})
	add("upload", func(path string) (int, bool) {
		return answered(client.Post(to.usual.URL+path, "text/plain", strings.NewReader(strings.Repeat("x", 100_000))))
	})
	add("cancelled", func(path string) (int, bool) {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
		defer cancel()
		request, _ := http.NewRequestWithContext(ctx, http.MethodGet, to.usual.URL+path, nil)
		return answered(client.Do(request))
	})
	add("write-timeout", func(path string) (int, bool) {
		// Not tried again by the client.
		return answered(to.slow.Client().Post(to.slow.URL+path, "text/plain", strings.NewReader("x")))
	})
	if to.protocol == "1.1" {
		address := strings.TrimPrefix(to.usual.URL, "http://")
		raw := func(text string) (int, bool) { return sendRaw(address, text) }
		add("websocket", func(path string) (int, bool) {
			return raw("GET " + path + " HTTP/1.1\r\nHost: odd\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n\x81\x02hi")
		})
		addTo("upload", "upload-cut", func(path string) (int, bool) {
			return sendAndClose(address, "POST "+path+" HTTP/1.1\r\nHost: odd\r\nContent-Length: 1000\r\n\r\nonly this")
		})
		addTo("upload", "continue", func(path string) (int, bool) {
			request, _ := http.NewRequest(http.MethodPost, to.usual.URL+path, strings.NewReader("some"))
			request.Header.Set("Expect", "100-continue")
			return answered(client.Do(request))
		})
		add("connect", func(path string) (int, bool) {
			return raw("CONNECT " + path + " HTTP/1.1\r\nHost: odd\r\nConnection: close\r\n\r\n")
		})
	}
	return all
}

func answered(response *http.Response, err error) (int, bool) {
	if err != nil {
		return 0, true
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return response.StatusCode, err != nil
}

func sendRaw(address, text string) (int, bool) {
	connection, err := net.Dial("tcp", address)
	if err != nil {
		return 0, true
	}
	defer connection.Close()
	io.WriteString(connection, text)
	connection.SetReadDeadline(time.Now().Add(5 * time.Second))
	response, err := http.ReadResponse(bufio.NewReader(connection), nil)
	if err != nil {
		return 0, true
	}
	_, err = io.Copy(io.Discard, response.Body)
	return response.StatusCode, err != nil
}

// sendAndClose goes away before there is an answer.
func sendAndClose(address, text string) (int, bool) {
	connection, err := net.Dial("tcp", address)
	if err == nil {
		io.WriteString(connection, text)
		connection.Close()
	}
	return 0, true
}

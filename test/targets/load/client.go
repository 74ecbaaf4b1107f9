package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"
)

// client is one keep-alive connection, opened when needed.
type client struct {
	host       string
	timeout    time.Duration
	connection net.Conn
	in         *bufio.Reader
}

var errNotHTTP = errors.New("the answer is not HTTP/1.1")

// do sends one request and reads its answer. It never sends a request twice: the server would count it twice.
func (c *client) do(request []byte) (opened bool, status int, bodyBytes int64, err error) {
	if c.connection == nil {
		c.connection, err = net.DialTimeout("tcp", c.host, c.timeout)
		if err != nil {
			return false, 0, 0, err
		}
		opened = true
		c.in = bufio.NewReaderSize(c.connection, 4096)
	}
	c.connection.SetDeadline(time.Now().Add(c.timeout))
	if _, err = c.connection.Write(request); err == nil {
		var keep bool
		status, bodyBytes, keep, err = c.read()
		if err == nil && keep {
			return opened, status, bodyBytes, nil
		}
	}
	c.close()
	return opened, status, bodyBytes, err
}

func (c *client) close() {
	if c.connection != nil {
		c.connection.Close()
		c.connection = nil
	}
}

// read takes one answer with its body off the connection. keep: the connection can be used again.
func (c *client) read() (status int, bodyBytes int64, keep bool, err error) {
	line, err := c.in.ReadSlice('\n')
	if err != nil {
		return 0, 0, false, err
	}
	if !bytes.HasPrefix(line, []byte("HTTP/1.1 ")) || len(line) < 12 {
		return 0, 0, false, errNotHTTP
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, 0, false, errNotHTTP
	}
	keep = true
	length, chunked := int64(-1), false
	for {
		if line, err = c.in.ReadSlice('\n'); err != nil {
			return 0, 0, false, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte(": "))
		switch {
		case bytes.EqualFold(name, []byte("Content-Length")):
			if length, err = strconv.ParseInt(string(value), 10, 64); err != nil {
				return 0, 0, false, errNotHTTP
			}
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			chunked = bytes.EqualFold(value, []byte("chunked"))
		case bytes.EqualFold(name, []byte("Connection")):
			keep = !bytes.EqualFold(value, []byte("close"))
		}
	}
	switch {
	case status == 204 || status == 304 || status < 200:
	case chunked:
		bodyBytes, err = c.chunks()
	case length >= 0:
		bodyBytes, err = io.CopyN(io.Discard, c.in, length)
	default:
		keep = false
		bodyBytes, err = io.Copy(io.Discard, c.in)
	}
	return status, bodyBytes, keep, err
}

func (c *client) chunks() (total int64, err error) {
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return total, err
		}
		size, err := strconv.ParseInt(string(bytes.TrimRight(line, "\r\n")), 16, 64)
		if err != nil {
			return total, fmt.Errorf("chunk size %q", line)
		}
		if _, err := io.CopyN(io.Discard, c.in, size+2); err != nil {
			return total, err
		}
		total += size
		if size == 0 {
			return total, nil
		}
	}
}

// A program that uses Redis by go-redis, and counts what it sends.
//
//	redisclient -address HOST:PORT
//
// It prints "ready PID". For each line with a number on its standard input it goes that many rounds, and prints what it has
// called so far as JSON.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

var counts = map[string]int{}

func did(what string, err error) {
	if err != nil {
		panic(err)
	}
	counts[what]++
}

func failed(what string, err error) {
	if err == nil {
		panic(what + " should fail")
	}
	counts[what]++
}

func main() {
	address := flag.String("address", "", "of the server")
	flag.Parse()
	client := redis.NewClient(&redis.Options{Addr: *address, DB: 3})
	ctx := context.Background()
	if err := client.Ping(ctx).Err(); err != nil {
		panic(err)
	}
	fmt.Println("ready", os.Getpid())
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		rounds, err := strconv.Atoi(strings.TrimSpace(lines.Text()))
		if err != nil {
			panic(err)
		}
		for i := 0; i < rounds; i++ {
			round(ctx, client)
		}
		out, _ := json.Marshal(counts)
		fmt.Println(string(out))
	}
}

func round(ctx context.Context, client *redis.Client) {
	did("set 3", client.Set(ctx, "S3CR3T-key", "S3CR3T", 0).Err())
	did("get 3", client.Get(ctx, "S3CR3T-key").Err())
	did("incr 3", client.Incr(ctx, "count").Err())
	// No such key is no failure.
	if err := client.Get(ctx, "S3CR3T-missing").Err(); !errors.Is(err, redis.Nil) {
		panic(err)
	}
	counts["get 3"]++
	failed("lpush 3 failed", client.LPush(ctx, "S3CR3T-key", "S3CR3T").Err())
	_, err := client.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		pipe.Incr(ctx, "count")
		pipe.HSet(ctx, "hash", "field", "S3CR3T")
		return nil
	})
	did("PIPELINE 3", err)
	late, cancel := context.WithCancel(ctx)
	cancel()
	failed("get 3 failed", client.Get(late, "S3CR3T-key").Err())
}

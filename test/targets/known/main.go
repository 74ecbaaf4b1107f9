// Values of types that everybody knows, and secrets, passed again and again.
//
//	known -rounds 3 -every 100ms
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"reflect"
	"sync"
	"sync/atomic"
	"time"
)

type userKey struct{}
type textKey string
type tokenKey struct{}

type Login struct {
	User     string
	Password string
	Pin      int
	Key      *[4]byte
	APIKey   [8]byte
}

type Password string

//go:noinline
func takesAddresses(v4, v6 net.IP, addr, addr6, zoned netip.Addr, port netip.AddrPort, prefix netip.Prefix, none netip.Addr) {
	kept.Add(1)
}

//go:noinline
func takesRequest(r *http.Request, u *url.URL, relative url.URL) { kept.Add(1) }

//go:noinline
func takesLocks(free, held *sync.Mutex, read, written *sync.RWMutex, n *atomic.Int64, b *atomic.Bool) {
	kept.Add(1)
}

//go:noinline
func takesContexts(background, todo, ctx context.Context, derived context.Context) { kept.Add(1) }

//go:noinline
func takesReflect(text, pointer, invalid reflect.Value) { kept.Add(1) }

//go:noinline
func takesBytes(text, raw, empty, none []byte, document json.RawMessage, list [][]byte) { kept.Add(1) }

//go:noinline
func takesDurations(short, long time.Duration, at, withClock time.Time) { kept.Add(1) }

//go:noinline
func takesMaps(m map[string]int, byInt map[int]string, nested map[string][]string, big map[int]int, none map[string]int, empty map[Login]bool) {
	kept.Add(1)
}

//go:noinline
func takesSecrets(user, password string, apiToken []byte, maxTokens int, login Login, pointer *Login, typed Password, dsn string, header http.Header, ctx context.Context) (session string, err error) {
	kept.Add(1)
	return "S3CR3T-session", err1
}

//go:noinline
func takesTexts(line string, body []byte, blob []byte, list []string, any interface{}, r *http.Request) (string, error) {
	kept.Add(1)
	return "Bearer S3CR3T123456", err2
}

var kept atomic.Int64
var err1 = errors.New("dial postgres://shop:S3CR3T@db/shop: refused")
var err2 = fmt.Errorf("login: %w", errors.New("password=S3CR3T is wrong"))

func main() {
	rounds := flag.Int("rounds", 1, "how often")
	every := flag.Duration("every", 100*time.Millisecond, "pause between rounds")
	flag.Parse()
	fmt.Println("running")
	var free, held sync.Mutex
	held.Lock()
	var read, written sync.RWMutex
	read.RLock()
	read.RLock()
	written.Lock()
	var n atomic.Int64
	n.Store(-5)
	var yes atomic.Bool
	yes.Store(true)
	deadline := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	withUser := context.WithValue(context.Background(), userKey{}, "alice")
	withText := context.WithValue(withUser, textKey("trace"), 7)
	ctx, cancel := context.WithDeadline(withText, deadline)
	defer cancel()
	derived, cancel2 := context.WithCancel(context.WithValue(ctx, userKey{}, "bob"))
	defer cancel2()
	secretContext := context.WithValue(withUser, tokenKey{}, "S3CR3T")
	request, _ := http.NewRequest("GET", "https://shop.example/items?id=7", nil)
	secretRequest, _ := http.NewRequest("GET", "https://bob:S3CR3T@shop.example/items?id=7&token=S3CR3T", nil)
	link, _ := url.Parse("postgres://shop:S3CR3T@db:5432/shop?x=1#top")
	big := map[int]int{}
	for i := 0; i < 500; i++ {
		big[i] = i * i
	}
	login := Login{"bob", "S3CR3T", 7, &[4]byte{'S', '3', 'C', 'R'}, [8]byte{'S', '3', 'C', 'R', '3', 'T', 0, 0}}
	header := http.Header{"Authorization": {"Bearer S3CR3T"}, "Accept": {"text/html"}, "X-Api-Key": {"S3CR3T"}}
	for i := 0; i < *rounds; i++ {
		time.Sleep(*every)
		takesAddresses(net.IPv4(10, 0, 0, 1), net.ParseIP("2001:db8::1"), netip.MustParseAddr("192.0.2.7"), netip.MustParseAddr("2001:db8::2"),
			netip.MustParseAddr("fe80::1%eth0"), netip.MustParseAddrPort("[::1]:80"), netip.MustParsePrefix("10.0.0.0/8"), netip.Addr{})
		takesRequest(request, link, url.URL{Path: "/a b", RawQuery: "q=1"})
		takesLocks(&free, &held, &read, &written, &n, &yes)
		takesContexts(context.Background(), context.TODO(), ctx, derived)
		takesReflect(reflect.ValueOf("text"), reflect.ValueOf(&login), reflect.Value{})
		takesBytes([]byte("text ż"), []byte{0, 255, 16}, []byte{}, nil, json.RawMessage(`{"a":1}`), [][]byte{{1, 2}, []byte("b")})
		takesDurations(1500*time.Microsecond, 90*time.Minute+time.Second/2, deadline, time.Now())
		takesMaps(map[string]int{"a": 1, "b": 2}, map[int]string{3: "three", 1: "one", 2: "two"}, map[string][]string{"Accept": {"x", "y"}}, big, nil, map[Login]bool{})
		takesSecrets("bob", "S3CR3T", []byte("S3CR3T"), 4096, login, &login, "S3CR3T", "postgres://shop:S3CR3T@db/shop", header, secretContext)
		takesTexts("GET /?access_token=S3CR3T HTTP/1.1", []byte(`{"user":"bob","password":"S3CR3T"}`), []byte("\x00\x01Bearer S3CR3T123"),
			[]string{"--password=S3CR3T", "x"}, "Cookie: id=S3CR3T", secretRequest)
	}
	time.Sleep(300 * time.Millisecond)
}

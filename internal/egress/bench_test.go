package egress

import (
	"encoding/base64"
	"encoding/hex"
	"io"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// What the gate costs: the same server, asked by Go's client and through the gate.
func BenchmarkCall(b *testing.B) {
	answer := []byte(strings.Repeat(`{"id":1,"name":"a name"}`, 40))
	handler := func(rw http.ResponseWriter, _ *http.Request) { rw.Write(answer) }
	b.Run("client", func(b *testing.B) {
		s := httptest.NewServer(http.HandlerFunc(handler))
		defer s.Close()
		defer http.DefaultClient.CloseIdleConnections()
		b.ReportAllocs()
		for b.Loop() {
			req, _ := http.NewRequestWithContext(b.Context(), "GET", s.URL+"/v1/things?page=1", nil)
			req.Header.Set("Accept", "application/json")
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				b.Fatal(err)
			}
			io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
		}
	})
	for name, secret := range map[string]string{"gate": "", "gate with a secret": "KEY", "gate from the cache": ""} {
		b.Run(name, func(b *testing.B) {
			w := newWorld(b)
			w.gate.c.Record, w.gate.c.Log = discard{}, slog.New(slog.DiscardHandler)
			w.serve("example.com", handler)
			e := Entry{Domain: "example.com", HTTP: true}
			if strings.HasSuffix(name, "cache") {
				e.CacheTTL = 3600
			}
			w.allow(e)
			if secret != "" {
				w.secret(Secret{Name: "KEY", As: AsBearer, Domain: "example.com", Value: "sk_live_0123456789abcdef"})
			}
			b.ReportAllocs()
			for b.Loop() {
				a, err := w.gate.Begin("app_1", "req_1").Do(b.Context(), Call{URL: "http://example.com/v1/things?page=1", Auth: secret, Header: http.Header{"Accept": {"application/json"}}})
				if err != nil {
					b.Fatal(err)
				}
				io.Copy(io.Discard, a.Body)
				a.Body.Close()
			}
		})
	}
}

// The scrubber's pace over texts that have no secret in them.
func BenchmarkScrub(b *testing.B) {
	random := make([]byte, 3<<18)
	rand.NewChaCha8([32]byte{}).Read(random)
	texts := map[string]string{
		"JSON":    strings.Repeat(`{"id":"sk_test","name":"a name"},`, 1<<15),
		"base64":  base64.StdEncoding.EncodeToString(random),
		"percent": strings.Repeat("%7B%22id%22%3A%22sk_test%22%7D", 1<<15),
		"HTML":    strings.Repeat(`<a href="/?a=1&amp;b=2">it&#39;s a &lt;name&gt;</a>`, 1<<14),
		"escaped": strings.Repeat(`{\"id\":\"sk_test\",\"name\":\"a\\nname\"}`, 1<<14),
	}
	for _, n := range []int{1, 10} {
		secrets := []Secret{{Name: "A", As: AsBasic, Value: "user:another-password"}}
		for i := range n - 1 {
			secrets = append(secrets, Secret{Name: "S" + strconv.Itoa(i), As: AsBearer, Value: "sk_live_" + hex.EncodeToString(random[16*i:16*i+16])})
		}
		s := newScrubber(secrets)
		for _, name := range slices.Sorted(maps.Keys(texts)) {
			b.Run(name+" with "+strconv.Itoa(n), func(b *testing.B) {
				b.SetBytes(int64(len(texts[name])))
				for b.Loop() {
					io.Copy(io.Discard, s.reader(strings.NewReader(texts[name])))
				}
			})
		}
	}
}

type discard struct{}

func (discard) Record(Attempt) {}

package egress

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"fazt/internal/egress/netlog"
	"fazt/internal/egress/rules"
)

// BenchmarkCall compares calls through the gate with calls by Go's client.
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
			e := rules.Entry{Domain: "example.com", HTTP: true}
			if strings.HasSuffix(name, "cache") {
				e.CacheTTL = 3600
			}
			w.allow(e)
			if secret != "" {
				w.secret(rules.Secret{Name: "KEY", As: rules.AsBearer, Domain: "example.com", Value: "sk_live_0123456789abcdef"})
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

type discard struct{}

func (discard) Record(netlog.Attempt) {}

package client_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"fazt/internal/api/op"
	"fazt/internal/client"
	"fazt/internal/fazttest"
)

// BenchmarkPullOf1000Files fetches a thousand files of 8 kB over TCP on loopback into an empty folder.
func BenchmarkPullOf1000Files(b *testing.B) {
	i := fazttest.New(b)
	var text strings.Builder
	for n := range 1000 {
		fmt.Fprintf(&text, "-- %02d/page-%d.html --\n", n%40, n)
		for line := range 160 {
			fmt.Fprintf(&text, "<p>page %d, line %d, and what it says</p>\n", n, line*n)
		}
	}
	i.Deploy("app", text.String())
	s := httptest.NewServer(i.API())
	defer s.Close()
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	c := client.New(transport, s.URL)
	for n := 0; b.Loop(); n++ {
		p, err := client.Pull(b.Context(), c, op.DeploymentRef{App: "app", Deployment: "live"}, filepath.Join(b.TempDir(), fmt.Sprint(n)), false, nil)
		if err != nil || p.Fetched != 1000 {
			b.Fatalf("%+v %v", p, err)
		}
		b.ReportMetric(float64(p.Bytes)/1e6, "MB")
	}
}

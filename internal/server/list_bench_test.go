package server_test

import (
	"fmt"
	"strings"
	"testing"

	"fazt/internal/api/op"
	"fazt/internal/client"
	"fazt/internal/fazttest"
)

// BenchmarkListOf1000Apps measures `fazt app list` on an instance with a thousand apps, through the control API.
func BenchmarkListOf1000Apps(b *testing.B) {
	i := fazttest.New(b)
	for n := range 1000 {
		var text strings.Builder
		for f := range 10 {
			fmt.Fprintf(&text, "-- page-%d.html --\napp %d, page %d\n", f, n, f)
		}
		i.Deploy(fmt.Sprintf("app-%04d", n), text.String())
	}
	for b.Loop() {
		page, err := client.Call(b.Context(), i.Client, op.AppList, op.List{Limit: 1000})
		if err != nil || len(page.Items) != 1000 {
			b.Fatal(len(page.Items), err)
		}
	}
}

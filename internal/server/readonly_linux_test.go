package server_test

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"fazt/internal/api/op"
	"fazt/internal/client"
	"fazt/internal/database"
	"fazt/internal/database/diskfault"
	"fazt/internal/fazttest"
	"fazt/internal/fazttest/await"
	"fazt/internal/system"
)

// A start on a read-only disk used to be refused, and everything was down until the disk was repaired.
func TestAnInstanceOnAReadOnlyDiskServesAndWritesAgainLater(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "data.db")
	i := fazttest.New(t, fazttest.At(path))
	i.Deploy("app", `
-- index.html --
page
-- api/main.js --
if (request.method === "POST") fazt.app.kv.set("a", request.body.length);
respond(200, { a: fazt.app.kv.get("a") ?? null });
`)
	i.Stop()
	writable := diskfault.ReadOnly(t, folder)
	i = fazttest.New(t, fazttest.At(path), fazttest.Limit(func(l *system.Limits) {
		l.Storage.LowSpace, l.Storage.Reserve = 0, 0 // so that it works on a machine with a full disk
	}))
	ready := i.Request(http.MethodGet, "admin", "/readyz", "")
	body := strings.Repeat("x", 1<<20) // more than is kept in memory
	for _, tt := range []struct {
		r    *http.Request
		want int
	}{
		{i.Request(http.MethodGet, "app", "/", ""), 200},
		{i.Request(http.MethodGet, "app", "/api/x", ""), 200},
		{i.Request(http.MethodPut, "app", "/api/x", body), 200},
		{i.Request(http.MethodPost, "app", "/api/x", "1"), 503},
		{ready, 503},
	} {
		if got := i.Do(tt.r); got.StatusCode != tt.want {
			t.Errorf("%s %s: %d %s", tt.r.Method, tt.r.RequestURI, got.StatusCode, got.Text)
		}
	}
	h, err := client.Call(t.Context(), i.Client, op.SystemHealth, op.None{})
	if err != nil || h.Disk.State != database.DiskFailing.String() || !strings.Contains(strings.Join(h.Problems, "\n"), folder+" cannot be written") {
		t.Errorf("health says %s %q, %v", h.Disk.State, h.Problems, err)
	}
	if _, err := client.Call(t.Context(), i.Client, op.AppRemove, op.AppRef{App: "app"}); err == nil {
		t.Error("the app was removed")
	}
	writable()
	await.Until(t, "a disk that is sound", func() bool { return i.DB.Disk().State == database.DiskSound })
	if got := i.Do(i.Request(http.MethodPost, "app", "/api/x", "12")); got.Text != `{"a":2}` {
		t.Errorf("a write after the repair: %d %s", got.StatusCode, got.Text)
	}
	if got := i.Do(ready); got.StatusCode != 200 {
		t.Errorf("not ready: %d %s", got.StatusCode, got.Text)
	}
	if err := i.Activity.Flush(t.Context()); err != nil {
		t.Error(err)
	}
	list, err := client.Call(t.Context(), i.Client, op.LogList, op.ActivityList{ActivityFilter: op.ActivityFilter{Action: "disk"}})
	if err != nil || len(list.Items) != 2 {
		t.Errorf("the activity log has %+v, %v", list, err)
	}
}

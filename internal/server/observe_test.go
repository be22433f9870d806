package server_test

import (
	"math"
	"net/http"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	dto "github.com/prometheus/client_model/go"

	"fazt/internal/api/op"
	"fazt/internal/client"
	"fazt/internal/database"
	"fazt/internal/errs"
	"fazt/internal/fazttest"
	"fazt/internal/fazttest/await"
	"fazt/internal/server"
)

// scrape reads the counters like Prometheus: over the network, with a key.
func scrape(t *testing.T, i *fazttest.Instance, token string) (status int, families map[string]*dto.MetricFamily) {
	t.Helper()
	r := i.Request(http.MethodGet, "admin", "/metrics", "")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	got := i.Do(r)
	if got.StatusCode != http.StatusOK {
		return got.StatusCode, nil
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(got.Text))
	if err != nil {
		t.Fatalf("%v in\n%s", err, got.Text)
	}
	return got.StatusCode, families
}

// value returns the sample of a family that has all of the labels, written "name=value"; -1 if there is none.
func value(f *dto.MetricFamily, labels ...string) float64 {
next:
	for _, m := range f.GetMetric() {
		for _, want := range labels {
			has := false
			for _, l := range m.GetLabel() {
				has = has || l.GetName()+"="+l.GetValue() == want
			}
			if !has {
				continue next
			}
		}
		switch {
		case m.Counter != nil:
			return m.Counter.GetValue()
		case m.Gauge != nil:
			return m.Gauge.GetValue()
		default:
			return float64(m.Histogram.GetSampleCount())
		}
	}
	return -1
}

const counting = `
-- index.html --
hello
-- api/main.js --
export default async (request) => {
  await fazt.app.kv.set("n", 1)
  return Response.json({})
}
`

func keyFor(t *testing.T, i *fazttest.Instance, scope string) string {
	t.Helper()
	k, err := client.Call(t.Context(), i.Client, op.KeyCreate, op.KeyNew{Name: scope, Scopes: []string{scope}})
	if err != nil {
		t.Fatal(err)
	}
	return k.Token
}

func TestEveryResponseIsCountedByAppAndKind(t *testing.T) {
	i := fazttest.New(t)
	i.Deploy("blog", counting)
	token := keyFor(t, i, "metrics")
	for range 3 {
		i.Get("blog", "/")
	}
	i.Get("blog", "/missing")
	i.Get("blog", "/api/x")
	i.Get("unknown", "/")
	status, all := scrape(t, i, token)
	if status != http.StatusOK {
		t.Fatal(status)
	}
	requests := all["fazt_http_requests_total"]
	for _, tt := range []struct {
		n      float64
		labels []string
	}{
		{3, []string{"app=blog", "class=static", "status=2xx"}},
		{1, []string{"app=blog", "class=static", "status=4xx"}},
		{1, []string{"app=blog", "class=function", "status=2xx"}},
		{1, []string{"app=", "class=none", "status=4xx"}},
	} {
		if got := value(requests, tt.labels...); got != tt.n {
			t.Errorf("%v: %v, want %v", tt.labels, got, tt.n)
		}
	}
	if got := value(all["fazt_http_request_duration_seconds"], "app=blog", "class=static"); got != 4 {
		t.Errorf("%v durations, want 4", got)
	}
	for name, minimum := range map[string]float64{
		"fazt_function_runs_total": 1, "fazt_vms": 0, "fazt_database_writes_total": 1, "fazt_database_commit_writes": 1,
		"fazt_static_cache_total": 1, "fazt_static_cache_bytes": 1, "fazt_database_bytes": 4096, "fazt_info": 1, "go_goroutines": 1,
		"fazt_database_queued_writes": 0, "fazt_dropped_total": 0,
	} {
		if got := value(all[name]); got < minimum {
			t.Errorf("%s: %v, want at least %v", name, got, minimum)
		}
	}
	if hit, miss := value(all["fazt_static_cache_total"], "outcome=hit"), value(all["fazt_static_cache_total"], "outcome=miss"); hit != 2 || miss != 1 {
		t.Errorf("%v hits and %v misses of the cache, want 2 and 1", hit, miss)
	}
}

func TestCountersOfARemovedAppDisappear(t *testing.T) {
	i := fazttest.New(t)
	i.Deploy("blog", counting)
	i.Get("blog", "/")
	if _, err := client.Call(t.Context(), i.Client, op.AppRemove, op.AppRef{App: "blog"}); err != nil {
		t.Fatal(err)
	}
	_, all := scrape(t, i, keyFor(t, i, "metrics"))
	for _, m := range all["fazt_http_requests_total"].GetMetric() {
		for _, l := range m.GetLabel() {
			if l.GetName() == "app" && l.GetValue() != "" || l.GetValue() == "static" {
				t.Errorf("still counted: %v", m)
			}
		}
	}
}

func TestOnlyAKeyForMetricsCanReadThem(t *testing.T) {
	i := fazttest.New(t)
	for _, tt := range []struct {
		token string
		want  int
	}{{"", 401}, {keyFor(t, i, "read"), 403}, {keyFor(t, i, "metrics"), 200}} {
		if got, _ := scrape(t, i, tt.token); got != tt.want {
			t.Errorf("%d, want %d", got, tt.want)
		}
	}
	i.Deploy("blog", "-- metrics --\nmine\n")
	if got := i.Get("blog", "/metrics"); got.StatusCode != http.StatusOK || got.Text != "mine\n" {
		t.Errorf("an app's own file: %d %s", got.StatusCode, got.Text)
	}
}

func TestProbesTellStrangersOnlyYesOrNo(t *testing.T) {
	i := fazttest.New(t)
	for path, want := range map[string]string{"/healthz": `{"status":"ok"}`, "/readyz": `{"status":"ready"}`} {
		got := i.Get("admin", path)
		if got.StatusCode != http.StatusOK || strings.TrimSpace(got.Text) != want {
			t.Errorf("%s: %d %s", path, got.StatusCode, got.Text)
		}
	}
	l := *i.Limits.Load()
	l.Storage.WriteQueue = 0
	i.Limits.Store(l, nil)
	got := i.Get("admin", "/readyz")
	if got.StatusCode != http.StatusServiceUnavailable || got.Header.Get("Retry-After") == "" || strings.Contains(got.Text, "queue") {
		t.Errorf("%d %v %s", got.StatusCode, got.Header, got.Text)
	}
}

// An instance that accepts only the owner's writes is ready: if a balancer took it away, the owner could not make room.
func TestAnInstanceThatStoresOnlyForTheOwnerIsReady(t *testing.T) {
	i := fazttest.New(t)
	l := *i.Limits.Load()
	l.Storage.Reserve, l.Storage.ReservePercent = math.MaxInt64, 100
	i.Limits.Store(l, nil)
	await.Until(t, "a disk that is scarce", func() bool { return i.DB.Disk().State == database.DiskScarce })
	if got := i.Get("admin", "/readyz"); got.StatusCode != http.StatusOK {
		t.Errorf("%d %s", got.StatusCode, got.Text)
	}
	h, err := client.Call(t.Context(), i.Client, op.SystemHealth, op.None{})
	if err != nil || h.Disk.State != "scarce" || !strings.Contains(strings.Join(h.Problems, "\n"), "functions cannot store anything") {
		t.Errorf("%+v %v", h.Problems, err)
	}
}

func TestHealthReportsItsNumbers(t *testing.T) {
	i := fazttest.New(t)
	i.Deploy("blog", counting)
	i.Get("blog", "/api/x")
	h, err := client.Call(t.Context(), i.Client, op.SystemHealth, op.None{})
	if err != nil {
		t.Fatal(err)
	}
	if h.Status != "ok" || h.Version == "" || h.StartedAt.IsZero() || h.Memory.Heap == 0 || h.Memory.Limit == 0 || h.Memory.GoLimit != debug.SetMemoryLimit(-1) ||
		h.Database.Bytes == 0 || h.Database.Writes == 0 || h.Runtime.VMs != 1 || h.Runtime.Runs != 1 || h.Runtime.Goroutines == 0 {
		t.Errorf("%+v", h)
	}
	r := i.Request(http.MethodGet, "admin", "/api/system/health", "")
	r.Header.Set("Authorization", "Bearer "+keyFor(t, i, "metrics"))
	if got := i.Do(r); got.StatusCode != http.StatusForbidden {
		t.Errorf("a key that may not read: %d", got.StatusCode)
	}
}

func TestHealthAndMetricsNeedARunningServer(t *testing.T) {
	i, err := server.Open(t.Context(), server.Config{Database: filepath.Join(t.TempDir(), "data.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer i.Close()
	c := client.NewInProcess(i.API())
	if _, err := client.Call(t.Context(), c, op.SystemHealth, op.None{}); !errs.Is(err, errs.Conflict) {
		t.Errorf("health: %v", err)
	}
	if _, err := client.Call(t.Context(), c, op.SystemMetrics, op.None{}); !errs.Is(err, errs.Conflict) {
		t.Errorf("metrics: %v", err)
	}
}

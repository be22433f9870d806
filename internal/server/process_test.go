package server_test

import (
	"context"
	"math"
	"net/http"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"testing"

	"fazt/internal/fazttest"
	"fazt/internal/server"
)

// Two instances in one process serve their own apps, and stopping one leaves the other alone.
func TestTwoInstancesServeInOneProcess(t *testing.T) {
	first, second := fazttest.New(t), fazttest.New(t)
	for name, i := range map[string]*fazttest.Instance{"first": first, "second": second} {
		i.Deploy("app", "-- index.html --\npage of "+name+"\n-- api/main.js --\n"+
			`export default { fetch() { fazt.app.kv.set("name", "`+name+`"); return new Response(fazt.app.kv.get("name")); } }`)
	}
	answers := func(i *fazttest.Instance, name string) {
		t.Helper()
		if r := i.Get("app", "/"); r.StatusCode != http.StatusOK || r.Text != "page of "+name+"\n" {
			t.Errorf("%s instance: %d %q", name, r.StatusCode, r.Text)
		}
		if r := i.Get("app", "/api/"); r.StatusCode != http.StatusOK || r.Text != name {
			t.Errorf("function of the %s instance: %d %q", name, r.StatusCode, r.Text)
		}
	}
	answers(first, "first")
	answers(second, "second")
	first.Stop()
	answers(second, "second")
	second.Stop()
	again := fazttest.New(t, fazttest.At(filepath.Clean(first.Path)))
	answers(again, "first")
}

// process counts the calls of an instance.
type process struct{ serving, collected atomic.Int64 }

func (p *process) Serve(ctx context.Context) error {
	p.serving.Add(1)
	<-ctx.Done()
	p.serving.Add(-1)
	return nil
}

func (p *process) Collect(percent int, limit int64) {
	if percent > 0 && limit > 0 && limit < math.MaxInt64 {
		p.collected.Add(1)
	}
}

// The settings of the process belong to the command: an instance changes them only through the Process of its config.
func TestAnInstanceSetsItsProcessOnlyThroughTheCommand(t *testing.T) {
	settings := func() [3]int64 {
		percent := debug.SetGCPercent(100)
		debug.SetGCPercent(percent)
		return [3]int64{int64(runtime.GOMAXPROCS(0)), int64(percent), debug.SetMemoryLimit(-1)}
	}
	before := settings()
	p := &process{}
	owner := fazttest.New(t, func(c *server.Config) { c.Process = p })
	other := fazttest.New(t)
	for p.serving.Load() != 1 || p.collected.Load() == 0 {
		runtime.Gosched()
	}
	if now := settings(); now != before {
		t.Errorf("GOMAXPROCS, GC percent and memory limit are %v, were %v", now, before)
	}
	other.Stop()
	if p.serving.Load() != 1 {
		t.Error("stopping one instance ended the serving of another")
	}
	owner.Stop()
	if p.serving.Load() != 0 {
		t.Error("the process still serves after the instance stopped")
	}
}

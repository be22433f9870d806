package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"fazt/internal/egress/upstreamtest"
)

// hostilePort is where the misbehaving server listens; the usual ports are taken.
const hostilePort = "9443"

// hostile runs a misbehaving server with trusted certificates. Call it before a product is started.
func (o *outside) hostile() *upstreamtest.Server {
	o.t.Helper()
	l, err := net.Listen("tcp", ":"+hostilePort)
	if err != nil {
		o.t.Fatal(err)
	}
	server, err := upstreamtest.Serve(l)
	if err != nil {
		o.t.Fatal(err)
	}
	o.t.Cleanup(server.Close)
	for _, b := range upstreamtest.Behaviors() {
		o.site(b.Host(), "93.184.215.66", nil)
	}
	roots, err := os.OpenFile(o.roots, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		o.t.Fatal(err)
	}
	defer roots.Close()
	if _, err := roots.Write(server.PEM()); err != nil {
		o.t.Fatal(err)
	}
	return server
}

func hostileURL(behavior string) string {
	return "https://" + behavior + "." + upstreamtest.Domain + ":" + hostilePort + "/"
}

// One frame from an allowed server used to block a call forever: five of them blocked an app, twenty all apps, the
// server did not stop, and health reported no problem.
func TestAHostileServerTakesNothingFromOthers(t *testing.T) {
	withOutside(t, func(o *outside) {
		hostile := o.hostile()
		o.site("api.good.com", "93.184.215.14", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "good") })
		p := o.probed("net.app_concurrency=4")
		p.run("app", "deploy", p.folder(map[string]string{"fazt.json": `{"name":"other"}`, "api/main.js": probe}))
		p.run("net", "allow", "*.good.com")
		p.run("net", "allow", "*."+upstreamtest.Domain, "--ports", hostilePort)
		others := func(after string) {
			t.Helper()
			for _, app := range []string{"probe", "other"} {
				if c := p.callFrom(app, "fetch", "https://api.good.com/", nil); c.Body != "good" {
					t.Errorf("after %s, %s calls a good server: %+v", after, app, c)
				}
			}
		}

		for i := range 6 {
			if c := p.call([]string{"fetch", "net"}[i%2], hostileURL("h2-window-overflow"), callInit{"timeout": 1000}); c.Code != "NET_ERROR" && c.Code != "NET_TIMEOUT" {
				t.Errorf("a window that overflows: %+v", c)
			}
		}
		others("windows that overflow")

		before := p.cpu()
		for _, flood := range []string{"h2-ping-flood", "h2-settings-flood", "h2-continuation-flood"} {
			if c := p.call("fetch", hostileURL(flood), callInit{"timeout": 4000}); c.Code == "" {
				t.Errorf("%s: %+v", flood, c)
			}
		}
		used := p.cpu() - before
		t.Logf("three floods took %v of processor time", used)
		if used > 3*time.Second {
			t.Errorf("three floods took %v of processor time", used)
		}
		others("floods")
		p.healthy()

		// net/http prints what arrives after a response.
		for _, b := range []string{"h1-two-responses", "h1-then-flood"} {
			p.call("fetch", hostileURL(b), callInit{"timeout": 2000})
		}
		p.stopWhileCallsHang(hostile)
		if said := p.said(); strings.Contains(said, "evil") || strings.Contains(said, "nsolicited") {
			t.Errorf("the log has text from another server:\n%s", said)
		}
	})
}

// healthy fails the test if a call stays abandoned; calls that end late get some time.
func (p *product) healthy() {
	p.o.t.Helper()
	var h struct {
		Runtime struct {
			LostCalls *int `json:"lost_calls"`
		}
	}
	var text string
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		text = p.run("server", "health", "--format", "json")
		if err := json.Unmarshal([]byte(text), &h); err != nil || h.Runtime.LostCalls == nil {
			p.o.t.Fatalf("health: %v\n%s", err, text)
		}
		if *h.Runtime.LostCalls == 0 {
			return
		}
	}
	p.o.t.Errorf("calls were abandoned:\n%s", text)
}

// stopWhileCallsHang stops the server while other servers do not respond.
func (p *product) stopWhileCallsHang(hostile *upstreamtest.Server) {
	p.o.t.Helper()
	silent := slices.DeleteFunc(upstreamtest.Behaviors(), func(b upstreamtest.Behavior) bool {
		return !slices.Contains([]string{"h2-silent", "h2-no-streams", "tls-silent", "tls-then-silent"}, b.Name)
	})
	var calls sync.WaitGroup
	for i, b := range silent {
		calls.Go(func() {
			body, _ := json.Marshal(map[string]any{"how": []string{"fetch", "net"}[i%2], "url": hostileURL(b.Name)})
			r, err := http.NewRequest(http.MethodPost, "http://"+p.address+"/api/x", strings.NewReader(string(body)))
			if err != nil {
				p.o.t.Error(err)
				return
			}
			r.Host = "probe.localhost"
			if answer, err := direct.Do(r); err == nil {
				_, _ = io.Copy(io.Discard, answer.Body)
				answer.Body.Close()
			}
		})
	}
	for _, b := range silent {
		for end := time.Now().Add(10 * time.Second); b.Name != "tls-silent" && hostile.Connections(b) == 0; time.Sleep(5 * time.Millisecond) {
			if time.Now().After(end) {
				p.o.t.Fatalf("%s was not called", b.Name)
			}
		}
	}
	took := p.stop()
	p.o.t.Logf("the server stopped after %v", took)
	if took > 20*time.Second {
		p.o.t.Errorf("the server stopped after %v", took)
	}
	calls.Wait()
}

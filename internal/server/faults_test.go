package server_test

import (
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"

	"fazt/internal/fazttest"
	"fazt/internal/system"
)

// Each test here covers a fault that an earlier program of this kind had. They run on a whole instance, over real HTTP.

const hello = `
-- index.html --
<h1>hello</h1>
-- private/secret.txt --
the secret
-- workers/job.js --
the worker
-- api/main.js --
const greeting = "hello";
let count = 0;
class Greeter {}
count++;
respond(200, { greeting, count, env: fazt.env.get("COLOUR", null) });
-- api/lib.js --
the library
-- fazt.json --
{ "title": "Hello" }
-- .hidden --
the dotfile
`

func TestTopLevelConstantsSurviveMoreRequestsThanThereAreVMs(t *testing.T) {
	i := fazttest.New(t)
	i.Deploy("app", hello)
	requests := 300
	if testing.Short() {
		requests = 50
	}
	for n := range requests {
		if got := i.Get("app", "/api/x"); got.StatusCode != 200 || got.Text != `{"greeting":"hello","count":1,"env":null}` {
			t.Fatalf("request %d: %d %s", n, got.StatusCode, got.Text)
		}
	}
}

func TestChangedGlobalsAndPrototypesDoNotReachTheNextRequestOrOtherApps(t *testing.T) {
	const leak = `
-- api/main.js --
if (request.query.leak) {
	globalThis.leaked = "yes";
	Array.prototype.leaked = "yes";
	JSON.stringify = () => "hijacked";
	fazt.app.kv.get = () => "hijacked";
	x = 1;
}
respond([typeof leaked, typeof [].leaked, typeof x, fazt.app.kv.get("none") === undefined]);
`
	i := fazttest.New(t, fazttest.Limit(func(l *system.Limits) { l.Runtime.VMs, l.Runtime.VMsPerApp = 1, 1 }))
	i.Deploy("one", leak)
	i.Deploy("two", leak)
	const clean = `["undefined","undefined","undefined",true]`
	for range 5 {
		i.Get("one", "/api/x?leak=1")
		for _, app := range []string{"one", "two"} {
			if got := i.Get(app, "/api/x"); got.Text != clean {
				t.Fatalf("%s: %d %s", app, got.StatusCode, got.Text)
			}
		}
	}
}

func TestNoSpellingOfAPathReachesHiddenFiles(t *testing.T) {
	i := fazttest.New(t)
	i.Deploy("app", hello)
	targets := []string{"/fazt.json", "/.hidden", "/api/main.js", "/api/lib.js", "/private/secret.txt", "/workers/job.js"}
	var spellings []string
	for _, s := range targets {
		first := s[1:2]
		spellings = append(spellings,
			s, "/"+s, "//"+s, "/."+s, "/x/.."+s, "/x/%2e%2e"+s, "/%2e"+s, "/%2E/"+s[1:], "/%2f"+s, "/%2F"+s[1:], "/\\"+s[1:], "/%5c"+s[1:], "/./."+s, "/x//.."+s,
			s+"/", s+"/.", s+"//", s+"%00", s+"%20", s+";x", s+"%2f", s+"?x", s+"#x", strings.ToUpper(s), strings.Replace(s, first, strings.ToUpper(first), 1),
			fmt.Sprintf("/%%%02x%s", s[1], s[2:]), fmt.Sprintf("/%%25%02x%s", s[1], s[2:]), strings.ReplaceAll(s, "/", "//"), strings.ReplaceAll(s, "/", "/./"), strings.ReplaceAll(s, ".", "%2e"),
			"/%c0%af"+s[1:], "/ſ"+s[1:], s+"::$DATA", s+"%e2%80%8b")
	}
	for _, target := range spellings {
		got := i.Do(i.Request(http.MethodGet, "app", target, ""))
		for hops := 0; got.StatusCode >= 300 && got.StatusCode < 400 && hops < 5; hops++ {
			location := got.Header.Get("Location")
			if !strings.HasPrefix(location, "/") || strings.HasPrefix(location, "//") {
				t.Errorf("%s leads away: %s", target, location)
				break
			}
			got = i.Do(i.Request(http.MethodGet, "app", location, ""))
		}
		for _, secret := range []string{"the secret", "the worker", "the library", "the dotfile", `"title"`, "const greeting"} {
			if strings.Contains(got.Text, secret) {
				t.Errorf("%s shows %q (%d)", target, secret, got.StatusCode)
			}
		}
	}
}

func TestEnvironmentVariablesReachTheFunctionAtOnce(t *testing.T) {
	i := fazttest.New(t)
	app := i.Deploy("app", hello).App
	for _, colour := range []string{"red", "green"} {
		if err := i.Apps.SetEnv(t.Context(), app.ID, map[string]string{"COLOUR": colour}); err != nil {
			t.Fatal(err)
		}
		i.Changed(t)
		if got := i.Get("app", "/api/x"); !strings.Contains(got.Text, `"env":"`+colour+`"`) {
			t.Fatalf("%d %s", got.StatusCode, got.Text)
		}
	}
}

func TestLogFunctionsReachTheAppLog(t *testing.T) {
	i := fazttest.New(t)
	app := i.Deploy("app", `
-- api/main.js --
fazt.log.info("one", 1);
fazt.log.warn("two");
fazt.log.error("three");
fazt.log.debug("four");
console.log("five", 5, { six: 6 });
respond("ok");
`).App
	i.Get("app", "/api/x")
	want := "info one 1\nwarn two\nerror three\ndebug four\ninfo five 5 { six: 6 }\n"
	if got := i.Log(app.ID); got != want {
		t.Fatalf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestChangingAValueThatWasReadLeavesTheStoredValueAlone(t *testing.T) {
	i := fazttest.New(t)
	i.Deploy("app", `
-- api/main.js --
export default { fetch() {
	if (fazt.app.kv.get("list") === undefined) fazt.app.kv.set("list", { items: ["a"] });
	const value = fazt.app.kv.get("list");
	value.items.push("b");
	return Response.json(fazt.app.kv.get("list"));
} };
`)
	for range 3 {
		if got := i.Get("app", "/api/x"); got.Text != `{"items":["a"]}` {
			t.Fatalf("%d %s", got.StatusCode, got.Text)
		}
	}
}

func TestCountsAndSizesOfADeployedAppAreRight(t *testing.T) {
	i := fazttest.New(t)
	i.Deploy("app", "-- index.html --\n12345\n-- a.txt --\n123\n")
	d := i.Deploy("app", "-- index.html --\n12345\n-- b.txt --\n1234567\n")
	if d.Deployment.Files != 2 || d.Deployment.Bytes != 14 || d.Deployment.Number != 2 || d.Deployment.CreatedAt.IsZero() {
		t.Fatalf("%+v", d.Deployment)
	}
	stats, err := i.Hosting.Stats(t.Context(), d.App.ID)
	if err != nil || stats.Deployments != 2 {
		t.Fatalf("%+v %v", stats, err)
	}
}

func TestAThousandRequestsLeaveNoGoroutines(t *testing.T) {
	i := fazttest.New(t)
	i.Deploy("app", `
-- api/main.js --
fazt.app.kv.set("n", (fazt.app.kv.get("n") ?? 0) + 1);
respond(fazt.app.kv.get("n"));
`)
	request := func(n int) {
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				for range n / 8 {
					i.Get("app", "/api/x")
				}
			})
		}
		all.Wait()
	}
	request(80)
	before := runtime.NumGoroutine()
	if testing.Short() {
		request(80)
	} else {
		request(1000)
	}
	if after := runtime.NumGoroutine(); after > before+16 {
		t.Fatalf("%d goroutines before, %d after", before, after)
	}
}

func TestThrownValuesBadStatusesAndUnencodableBodiesAreCleanFailures(t *testing.T) {
	i := fazttest.New(t)
	for name, code := range map[string]string{
		"a thrown string":       `throw "x"`,
		"a thrown number":       `throw 7`,
		"thrown nothing":        `throw undefined`,
		"a thrown object":       `throw { secret: "do not show" }`,
		"status 99":             `respond(99, "x")`,
		"status 1000":           `respond(1000, "x")`,
		"a body with a cycle":   `const a = {}; a.a = a; respond(a)`,
		"a BigInt in the body":  `respond({ n: 1n })`,
		"a throwing toJSON":     `respond({ toJSON() { throw new Error("do not show") } })`,
		"a line break in names": `respond(200, "x", { "X-A\r\nSet-Cookie": "b" })`,
	} {
		t.Run(name, func(t *testing.T) {
			app := i.Deploy("app", "-- api/main.js --\n"+code+"\n").App
			got := i.Get("app", "/api/x")
			if got.StatusCode != 500 || got.Header.Get("X-Request-Id") == "" || got.Header.Get("Set-Cookie") != "" {
				t.Fatalf("%d %v %s", got.StatusCode, got.Header, got.Text)
			}
			if !strings.Contains(got.Text, got.Header.Get("X-Request-Id")) || strings.Contains(got.Text, "do not show") {
				t.Errorf("the visitor sees %s", got.Text)
			}
			if log := i.Log(app.ID); !strings.Contains(log, "error ") {
				t.Errorf("the log says %q", log)
			}
		})
	}
}

func TestABodyOverTheLimitIsRefusedAndNotPassedAsNull(t *testing.T) {
	i := fazttest.New(t, fazttest.Limit(func(l *system.Limits) { l.Runtime.MaxRequestBody = 1000 }))
	i.Deploy("app", "-- api/main.js --\nrespond({ body: request.body });\n")
	r := i.Request(http.MethodPost, "app", "/api/x", `{"a":"`+strings.Repeat("x", 2000)+`"}`)
	r.Header.Set("Content-Type", "application/json")
	if got := i.Do(r); got.StatusCode != http.StatusRequestEntityTooLarge {
		t.Fatalf("%d %s", got.StatusCode, got.Text)
	}
	r = i.Request(http.MethodPost, "app", "/api/x", `{"a":"x"}`)
	r.Header.Set("Content-Type", "application/json")
	if got := i.Do(r); got.Text != `{"body":{"a":"x"}}` {
		t.Fatalf("%d %s", got.StatusCode, got.Text)
	}
}

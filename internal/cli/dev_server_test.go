package cli

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"fazt/internal/cli/project"
	"fazt/internal/cli/template"
	"fazt/internal/fazttest"
)

// frontServer is a development server in JavaScript. It starts a process of its own, as npm does, and writes its number to a file.
const frontServer = `
const http = require("http"), fs = require("fs"), { spawn } = require("child_process");
const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "inherit" });
fs.writeFileSync("child.pid", String(child.pid));
const server = http.createServer((request, response) => {
  response.setHeader("Content-Type", "text/html");
  response.end("front " + request.method + " " + request.url + " for " + request.headers.host);
});
server.on("upgrade", (request, connection) => {
  connection.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello");
  connection.on("data", (data) => connection.write("echo " + data));
});
server.listen(Number(process.argv[2] ?? process.env.PORT), "127.0.0.1", () => console.log("  Local:   \x1b[36mhttp://localhost:\x1b[1m" + server.address().port + "\x1b[22m/"));
`

func needNode(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("node"); err != nil || runtime.GOOS == "windows" {
		t.Skip("it needs node and a Unix shell")
	}
}

// request requests a path of the app, of which nothing needs to be live, as a browser or as a program.
func (d *dev) request(accept, target string) (status int, header http.Header, text string) {
	d.t.Helper()
	found := d.shows(`http://([a-z-]+\.localhost):(\d+)`)
	r, err := http.NewRequest(http.MethodGet, "http://127.0.0.1:"+found[2]+target, nil)
	if err != nil {
		d.t.Fatal(err)
	}
	r.Host, r.Close = found[1], true
	r.Header.Set("Accept", accept)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		d.t.Fatal(err)
	}
	defer resp.Body.Close()
	var b strings.Builder
	if _, err := bufio.NewReader(resp.Body).WriteTo(&b); err != nil {
		d.t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, b.String()
}

func TestDevPassesPagesToADevelopmentServer(t *testing.T) {
	t.Parallel()
	needNode(t)
	for name, command := range map[string]string{
		"the port as a variable":             "node server.js",
		"the port in the command":            "node server.js {port}",
		"a port of its own, which it prints": "node server.js 0",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "web")
			d := &dev{t: t, dir: dir}
			d.write("fazt.json", fmt.Sprintf(`{ "dev": %q, "routes": ["/api/*", "/hook"] }`, command))
			d.write("server.js", frontServer)
			d.write("index.html", "never served: the development server has the pages")
			d.write("api/main.js", `export default (request) => new Response("function " + new URL(request.url).pathname);`)
			d = startDev(t, t.TempDir(), dir)
			d.eventually("the pages are those of the development server", func() bool { _, _, text := d.request("text/html", "/"); return strings.HasPrefix(text, "front GET /") })
			host := d.shows(`http://(web\.localhost:\d+)`)[1]
			host = strings.Split(host, ":")[0]
			for target, want := range map[string]string{
				"/":                "front GET / for " + host,
				"/src/app.js?a=b":  "front GET /src/app.js?a=b for",
				"/authors":         "front GET /authors",
				"/api/x":           "function /api/x",
				"/hook":            "function /hook",
				"/hook/x":          "front GET /hook/x",
				"/_fazt/reload.js": "EventSource",
				"/auth/x":          "Paths below /auth and /_fazt belong to Fazt",
			} {
				if got := d.get(target); !strings.Contains(got, want) {
					t.Errorf("%s: %s", target, got)
				}
			}
			d.upgrade(host)
			d.write("api/main.js", `export default () => new Response("changed");`)
			d.eventually("the function follows", func() bool { return d.get("/api/x") == "changed" })
			child, err := os.ReadFile(filepath.Join(dir, "child.pid"))
			if err != nil {
				t.Fatal(err)
			}
			if code := d.stop(); code != 0 || strings.Contains(d.String(), "npm") {
				t.Errorf("exit code %d\n%s", code, d)
			}
			pid, err := strconv.Atoi(string(child))
			if err != nil {
				t.Fatal(err)
			}
			d.eventually("what the server started has ended", func() bool {
				state, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
				return runtime.GOOS != "linux" || err != nil || strings.Contains(string(state), ") Z ")
			})
		})
	}
}

// upgrade exchanges messages with the development server on a connection that is no longer HTTP, as hot reload does.
func (d *dev) upgrade(host string) {
	d.t.Helper()
	c, err := net.Dial("tcp", "127.0.0.1:"+d.shows(`localhost:(\d+)`)[1])
	if err != nil {
		d.t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(time.Minute))
	fmt.Fprintf(c, "GET /hmr HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", host)
	in := bufio.NewReader(c)
	resp, err := http.ReadResponse(in, nil)
	if err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
		d.t.Fatalf("%+v %v", resp, err)
	}
	for _, step := range []struct{ send, want string }{{"", "hello"}, {"\x01\x00\r\n\n", "echo \x01\x00\r\n\n"}, {"again", "echo again"}} {
		fmt.Fprint(c, step.send)
		got := make([]byte, len(step.want))
		for n := 0; n < len(got); {
			more, err := in.Read(got[n:])
			if err != nil {
				d.t.Fatalf("after %q: %v", got[:n], err)
			}
			n += more
		}
		if string(got) != step.want {
			d.t.Errorf("got %q, want %q", got, step.want)
		}
	}
}

// The templates with a front end run under their own development servers, hot reload included.
func TestDevRunsTheDevelopmentServersOfTheTemplates(t *testing.T) {
	t.Parallel()
	needNode(t)
	i := fazttest.New(t)
	for _, tmpl := range template.All() {
		dir := filepath.Join(t.TempDir(), "folder")
		if code, out := fazt(t, i, "app", "create", "my-"+tmpl.Name, "--template", tmpl.Name, "--to", dir); code != 0 {
			t.Fatal(out)
		}
		if project.ReadManifest(dir).Dev == "" {
			continue
		}
		t.Run(tmpl.Name, func(t *testing.T) {
			t.Parallel()
			fetchPackages(t, dir)
			d := startDev(t, t.TempDir(), dir)
			d.eventually("the page", func() bool {
				status, _, text := d.request("text/html", "/")
				return status == 200 && strings.Contains(text, "/@vite/client")
			})
			if got := d.get("/api/count"); got != `{"count":0}` {
				t.Errorf("the function: %s", got)
			}
			client := d.get("/@vite/client")
			token := regexp.MustCompile(`wsToken = "([^"]+)"`).FindStringSubmatch(client)
			if token == nil {
				t.Fatalf("no token in %s", client)
			}
			if got := d.firstMessage("/?token=" + token[1]); !strings.Contains(got, `{"type":"connected"}`) {
				t.Errorf("hot reload: %q", got)
			}
		})
	}
}

// firstMessage opens a WebSocket of Vite and returns the first frame from it.
func (d *dev) firstMessage(target string) string {
	d.t.Helper()
	at := d.shows(`http://([a-z-]+\.localhost:(\d+))`)
	c, err := net.Dial("tcp", "127.0.0.1:"+at[2])
	if err != nil {
		d.t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(time.Minute))
	fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: %s\r\nOrigin: http://%[2]s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: vite-hmr\r\n\r\n", target, at[1])
	in := bufio.NewReader(c)
	resp, err := http.ReadResponse(in, nil)
	if err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
		d.t.Fatalf("%+v %v", resp, err)
	}
	frame := make([]byte, 2+len(`{"type":"connected"}`))
	if _, err := io.ReadFull(in, frame); err != nil {
		d.t.Fatal(err)
	}
	return string(frame)
}

func TestADevelopmentServerThatFailsIsReportedAndStartedAgain(t *testing.T) {
	t.Parallel()
	needNode(t)
	dir := filepath.Join(t.TempDir(), "web")
	d := &dev{t: t, dir: dir}
	d.write("fazt.json", `{ "dev": "node server.js" }`)
	d.write("server.js", `console.log("starting"); throw new Error("a fault <in> the config")`)
	d = startDev(t, t.TempDir(), dir)
	d.shows("(?m)^  starting$")
	d.shows("the development server `node server.js` ended \\(exit status 1\\); save a file to start it again")
	d.eventually("visitors are told", func() bool {
		status, _, text := d.request("text/html", "/")
		return status == 503 && strings.Contains(text, "The development server failed") && strings.Contains(text, "a fault &lt;in&gt; the config")
	})
	d.write("server.js", frontServer)
	d.eventually("it is started again", func() bool {
		_, _, text := d.request("text/html", "/x")
		return strings.HasPrefix(text, "front GET /x")
	})
	d.write("fazt.json", `{ "dev": "node other.js" }`)
	d.write("other.js", strings.ReplaceAll(frontServer, "front ", "other "))
	d.eventually("another command replaces it", func() bool {
		_, _, text := d.request("text/html", "/x")
		return strings.HasPrefix(text, "other GET /x")
	})
}

// Before the first build has succeeded, no address looks as if nothing was there.
func TestEveryAddressTellsWhatIsGoingOnBeforeTheFirstBuild(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the manager is a shell script")
	}
	bin, dir := t.TempDir(), filepath.Join(t.TempDir(), "web")
	// The steps wait until the test has seen them.
	script := "#!/bin/sh\nif [ \"$1\" = install ]; then echo fetching; while [ ! -e ../installed ]; do sleep 0.01; done; exec mkdir node_modules; fi\n" +
		"while [ ! -e ../built ]; do sleep 0.01; done\ngrep broken index.html && exit 1\nmkdir -p dist\ncat index.html > dist/index.html\n"
	if err := os.WriteFile(filepath.Join(bin, "npm"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	d := &dev{t: t, dir: dir}
	d.write("package.json", `{ "scripts": { "build": "x" } }`)
	d.write("index.html", "broken")
	d = startDev(t, t.TempDir(), dir)
	d.shows(`Preparing http://web\.localhost:\d+\n`)
	says := func(title, more string) {
		t.Helper()
		d.eventually(title, func() bool {
			status, h, text := d.request("text/html,*/*", "/some/page")
			return status == 503 && h.Get("Retry-After") == "1" && strings.Contains(text, "<h1") && strings.Contains(text, ">"+title+"</h1>") && strings.Contains(text, more) &&
				strings.Contains(text, `http-equiv="refresh"`)
		})
		status, h, text := d.request("*/*", "/api/x")
		if status != 503 || h.Get("Retry-After") != "1" || !strings.HasPrefix(text, `{"error":{"code":"UNAVAILABLE","message":"`+title) {
			t.Errorf("a program gets %d %s", status, text)
		}
	}
	says("Installing packages", "npm install")
	says("Installing packages", "fetching")
	if err := os.WriteFile(filepath.Join(dir, "..", "installed"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	says("Building", "npm run build")
	if err := os.WriteFile(filepath.Join(dir, "..", "built"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	says("The deploy failed", "`npm run build` failed (exit status 1)")
	says("The deploy failed", "  broken")
	d.write("index.html", "well")
	d.eventually("the page", func() bool { _, _, text := d.request("text/html", "/"); return strings.Contains(text, "well") })

	// A change of the function does not build the pages again, and a later failure leaves what is live.
	d.write("api/main.js", `export default () => new Response("function");`)
	d.eventually("the function", func() bool { return d.get("/api/x") == "function" })
	if n := strings.Count(d.String(), "$ npm run build"); n != 2 {
		t.Errorf("%d builds after one failure, one correction and a change of the function:\n%s", n, d)
	}
	d.write("index.html", "broken again")
	d.shows("The previous deployment stays live")
	if got := d.get("/"); !strings.Contains(got, "well") {
		t.Errorf("after a failure: %s", got)
	}
}

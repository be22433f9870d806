// Command compat installs npm packages, deploys a function that uses each, and compares its responses with those of the same
// code in Node.js. It writes docs/COMPATIBILITY.md.
//
//	go run ./bench/compat [-fazt bin/fazt] [-keep DIR] [case ...]
//
// A case is a file of cases: a module with a default export, which begins with the packages it needs and, if one request is
// not enough, its requests:
//
//	// npm: date-fns@4.1.0
//	// GET /api/?day=1
package main

import (
	"context"
	"embed"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/evanw/esbuild/pkg/api"
)

//go:embed cases frameworks run.mjs
var files embed.FS

func main() {
	o := options{}
	flag.StringVar(&o.fazt, "fazt", "bin/fazt", "the binary to test")
	flag.StringVar(&o.work, "keep", "", "folder for the packages, which later runs reuse; a temporary one by default")
	flag.StringVar(&o.report, "report", "docs/COMPATIBILITY.md", "where the table is written if every case runs")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, o, flag.Args())
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "compat:", err)
		os.Exit(1)
	}
}

type options struct{ fazt, work, report string }

// testCase is one function.
type testCase struct {
	name, ext string // "date-fns", ".js"
	code      string
	packages  []string // with versions
	requests  []request
}

type request struct {
	Method string `json:"method"`
	Path   string `json:"path"`
}

// response is what is compared.
type response struct {
	Status int    `json:"status"`
	Body   string `json:"body"`
}

// outcome is a row of the report.
type outcome struct {
	testCase
	result string // works, partly or fails
	why    string
}

func run(ctx context.Context, o options, names []string) error {
	cases, err := readCases()
	if err != nil {
		return err
	}
	if o.fazt, err = filepath.Abs(o.fazt); err != nil {
		return err
	}
	if o.work == "" {
		if o.work, err = os.MkdirTemp("", "compat"); err != nil {
			return err
		}
		defer os.RemoveAll(o.work)
	}
	if o.work, err = filepath.Abs(o.work); err != nil {
		return err
	}
	if err := install(ctx, o.work, cases); err != nil {
		return err
	}
	if len(names) > 0 {
		cases = slices.DeleteFunc(cases, func(c testCase) bool { return !slices.Contains(names, c.name) })
	}
	s, err := start(ctx, o)
	if err != nil {
		return err
	}
	defer s.stop()
	var list []outcome
	failed := 0
	for _, c := range cases {
		r := s.try(ctx, c)
		if r.result != "works" {
			failed++
		}
		fmt.Printf("%-7s %s  %s\n", r.result, c.name, firstLine(r.why))
		list = append(list, r)
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	fmt.Printf("%d of %d work\n", len(list)-failed, len(list))
	built, err := s.tryFrameworks(ctx, names)
	if err != nil || len(names) > 0 {
		return err
	}
	return os.WriteFile(o.report, report(list, built), 0o644)
}

// tryFrameworks tries the frameworks with these names, or all.
func (s *server) tryFrameworks(ctx context.Context, names []string) (list []outcome, err error) {
	frameworks, err := readFrameworks()
	if err != nil {
		return nil, err
	}
	for _, f := range frameworks {
		if len(names) > 0 && !slices.Contains(names, f.name) {
			continue
		}
		r := s.tryFramework(ctx, f)
		fmt.Printf("%-7s %s  %s\n", r.result, f.name, firstLine(r.why))
		list = append(list, r)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	return list, nil
}

var (
	packageLine = regexp.MustCompile(`(?m)^// npm: (.+)$`)
	requestLine = regexp.MustCompile(`(?m)^// (GET|POST) (/\S*)$`)
)

func readCases() ([]testCase, error) {
	entries, err := files.ReadDir("cases")
	if err != nil {
		return nil, err
	}
	var list []testCase
	for _, e := range entries {
		data, err := files.ReadFile("cases/" + e.Name())
		if err != nil {
			return nil, err
		}
		ext := filepath.Ext(e.Name())
		c := testCase{name: strings.TrimSuffix(e.Name(), ext), ext: ext, code: string(data)}
		if m := packageLine.FindStringSubmatch(c.code); m != nil {
			c.packages = strings.Fields(m[1])
		}
		for _, m := range requestLine.FindAllStringSubmatch(c.code, -1) {
			c.requests = append(c.requests, request{m[1], m[2]})
		}
		if c.requests == nil {
			c.requests = []request{{"GET", "/api/"}}
		}
		list = append(list, c)
	}
	return list, nil
}

// install installs the packages of all cases in one folder. Each case is a workspace of it.
func install(ctx context.Context, work string, cases []testCase) error {
	needed := map[string]string{}
	for _, c := range cases {
		for _, p := range c.packages {
			at := strings.Index(p[1:], "@") + 1
			if at < 1 {
				return fmt.Errorf("%s: %s has no version", c.name, p)
			}
			needed[p[:at]] = p[at+1:]
		}
	}
	manifest := filepath.Join(work, "package.json")
	data, err := json.MarshalIndent(map[string]any{"name": "compat", "private": true, "type": "module", "workspaces": []string{"apps/*"}, "dependencies": needed}, "", "  ")
	if err != nil {
		return err
	}
	if old, err := os.ReadFile(manifest); err == nil && string(old) == string(data) {
		return nil
	}
	if err := errors.Join(os.MkdirAll(filepath.Join(work, "apps"), 0o755), os.WriteFile(manifest, data, 0o644)); err != nil {
		return err
	}
	npm := exec.CommandContext(ctx, "npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--legacy-peer-deps", "--loglevel=error")
	npm.Dir, npm.Stdout, npm.Stderr = work, os.Stdout, os.Stderr
	if err := npm.Run(); err != nil {
		os.Remove(manifest)
		return fmt.Errorf("npm install: %w", err)
	}
	return nil
}

// server is an instance, and the folder with the packages.
type server struct {
	options
	db, addr string
	cmd      *exec.Cmd
}

// start starts an instance with an empty database.
func start(ctx context.Context, o options) (*server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &server{options: o, addr: l.Addr().String(), db: filepath.Join(o.work, "data.db")}
	l.Close()
	for _, suffix := range []string{"", "-wal", "-shm"} {
		os.Remove(s.db + suffix)
	}
	log, err := os.Create(filepath.Join(o.work, "fazt.log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	s.cmd = exec.CommandContext(ctx, o.fazt, "server", "start", "--db", s.db, "--listen", s.addr)
	s.cmd.Env = append(os.Environ(), "HOME="+o.work)
	s.cmd.Stdout, s.cmd.Stderr = log, log
	s.cmd.Cancel = func() error { return s.cmd.Process.Signal(syscall.SIGTERM) }
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	for range 200 {
		if conn, err := net.Dial("tcp", s.addr); err == nil {
			return s, conn.Close()
		}
		time.Sleep(50 * time.Millisecond)
	}
	s.stop()
	return nil, errors.New("the instance did not start; see " + log.Name())
}

func (s *server) stop() {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	_ = s.cmd.Wait()
}

// try deploys a case and compares.
func (s *server) try(ctx context.Context, c testCase) outcome {
	dir := filepath.Join(s.work, "apps", c.name)
	if err := s.write(dir, c); err != nil {
		return outcome{c, "fails", err.Error()}
	}
	want, err := s.inNode(ctx, dir, c)
	if err != nil {
		return outcome{c, "fails", "Node.js: " + err.Error()}
	}
	host := "c-" + strings.NewReplacer(".", "-", "_", "-").Replace(c.name)
	deploy := exec.CommandContext(ctx, s.fazt, "--db", s.db, "app", "deploy", dir, "--name", host, "--no-build")
	deploy.Env = append(os.Environ(), "HOME="+s.work)
	if out, err := deploy.CombinedOutput(); err != nil {
		return outcome{c, "fails", "deploy: " + strings.TrimSpace(string(out))}
	}
	equal, why := 0, ""
	for n, r := range c.requests {
		got, err := s.ask(ctx, host, r)
		switch {
		case err != nil:
			why = err.Error()
		case got == want[n]:
			equal++
		case got.Status >= 500:
			logs := exec.CommandContext(ctx, s.fazt, "--db", s.db, "app", "logs", host)
			logs.Env = deploy.Env
			out, _ := logs.CombinedOutput()
			why = fmt.Sprintf("%s %s: status %d: %s", r.Method, r.Path, got.Status, strings.TrimSpace(string(out)))
		default:
			why = fmt.Sprintf("%s %s: %d %s, Node.js %d %s", r.Method, r.Path, got.Status, around(got.Body, want[n].Body), want[n].Status, around(want[n].Body, got.Body))
		}
	}
	switch equal {
	case len(c.requests):
		return outcome{c, "works", ""}
	case 0:
		return outcome{c, "fails", why}
	}
	return outcome{c, "partly", why}
}

// around returns a text from a little before where it differs from another.
func around(text, other string) string {
	n := 0
	for n < len(text) && n < len(other) && text[n] == other[n] {
		n++
	}
	return fmt.Sprintf("%.160q", text[max(0, n-40):])
}

func (s *server) write(dir string, c testCase) error {
	if err := os.MkdirAll(filepath.Join(dir, "api"), 0o755); err != nil {
		return err
	}
	err := errors.Join(
		os.WriteFile(filepath.Join(dir, "api", "main"+c.ext), []byte(c.code), 0o644),
		os.WriteFile(filepath.Join(dir, "package.json"), fmt.Appendf(nil, `{"name":%q,"private":true,"type":"module"}`, "case-"+c.name), 0o644))
	if c.ext == ".tsx" {
		err = errors.Join(err, os.WriteFile(filepath.Join(dir, "tsconfig.json"), []byte(`{"compilerOptions":{"jsx":"react-jsx"}}`), 0o644))
	}
	return err
}

// inNode runs a case in Node.js.
func (s *server) inNode(ctx context.Context, dir string, c testCase) ([]response, error) {
	out := filepath.Join(dir, ".node", "main.mjs")
	result := api.Build(api.BuildOptions{
		EntryPoints: []string{filepath.Join(dir, "api", "main"+c.ext)}, Outfile: out, Write: true, Bundle: true, Platform: api.PlatformNode,
		Packages: api.PackagesExternal, Format: api.FormatESModule, Target: api.ES2022, AbsWorkingDir: dir, Plugins: []api.Plugin{assets(s.work)},
	})
	if len(result.Errors) > 0 {
		return nil, errors.New(result.Errors[0].Text)
	}
	script, err := files.ReadFile("run.mjs")
	if err != nil {
		return nil, err
	}
	runner := filepath.Join(dir, ".node", "run.mjs")
	if err := os.WriteFile(runner, script, 0o644); err != nil {
		return nil, err
	}
	list, err := json.Marshal(c.requests)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", runner, out, string(list))
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "NODE_ENV=production", "TZ=UTC")
	var errors strings.Builder
	cmd.Stderr = &errors
	data, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, errors.String())
	}
	if at := strings.LastIndex(string(data), "\n#"); at >= 0 { // what the packages print comes before
		data = data[at+2:]
	}
	var want []response
	return want, json.Unmarshal(data, &want)
}

// assets imports .wasm files as modules, and fonts as bytes, of packages.
func assets(work string) api.Plugin {
	return api.Plugin{Name: "assets", Setup: func(build api.PluginBuild) {
		build.OnResolve(api.OnResolveOptions{Filter: `\.(wasm(\?module)?|woff)$`}, func(args api.OnResolveArgs) (api.OnResolveResult, error) {
			name := strings.TrimSuffix(args.Path, "?module")
			return api.OnResolveResult{Path: filepath.Join(work, "node_modules", filepath.FromSlash(name)), Namespace: "asset"}, nil
		})
		build.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: "asset"}, func(args api.OnLoadArgs) (api.OnLoadResult, error) {
			data, err := os.ReadFile(args.Path)
			text := string(data)
			if filepath.Ext(args.Path) == ".wasm" {
				text = fmt.Sprintf("export default new WebAssembly.Module(Buffer.from(%q, 'base64'))", base64.StdEncoding.EncodeToString(data))
				return api.OnLoadResult{Contents: &text}, err
			}
			return api.OnLoadResult{Contents: &text, Loader: api.LoaderBinary}, err
		})
	}}
}

func (s *server) ask(ctx context.Context, host string, r request) (response, error) {
	req, err := http.NewRequestWithContext(ctx, r.Method, "http://"+s.addr+r.Path, nil)
	if err != nil {
		return response{}, err
	}
	_, port, _ := net.SplitHostPort(s.addr)
	req.Host = host + ".localhost:" + port
	client := http.Client{Timeout: 30 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	if err != nil {
		return response{}, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return response{res.StatusCode, string(body)}, err
}

// report returns the tables.
func report(list, built []outcome) []byte {
	var b strings.Builder
	works := 0
	for _, o := range list {
		if o.result == "works" {
			works++
		}
	}
	b.WriteString("# Compatibility\n\nEach row is a function that uses the packages, installed from npm without changes. It was deployed and requested, and its\nresponses were compared with those of the same code in Node.js. `make compat` repeats this and writes this page.\n\n")
	b.WriteString("`bcryptjs` takes about 5 s at its usual cost of 10, which is the deadline of a function: use `fazt.password`, which makes and checks\nthe same hashes in a tenth of a second.\n\n")
	fmt.Fprintf(&b, "%d of %d work.\n\n| function | packages | result | difference |\n|---|---|---|---|\n", works, len(list))
	for _, o := range list {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", o.name, strings.Join(o.packages, ", "), o.result, cell(o.why))
	}
	frameworkReport(&b, built)
	return []byte(b.String())
}

// cell returns the first line of a text, cut to fit a table.
func cell(text string) string {
	text = strings.ReplaceAll(firstLine(text), "|", `\|`)
	if len(text) > 160 {
		text = text[:160] + "…"
	}
	return text
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

package main

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/evanw/esbuild/pkg/api"
)

// sources are the functions to measure, and the server that runs them on Node.
//
//go:embed functions
var sources embed.FS

// rivals are the servers each function runs on, in table order.
var rivals = []string{"fazt", "node", "workerd"}

// job is one function and how it is requested. Each is a separate app. Unless noted otherwise, the same file runs on
// all servers except Node, whose HTTP server has its own interface.
type job struct {
	Name        string `json:"name"`
	File        string `json:"file"` // without the extension
	path        string
	body        string   // posted; "" = GET
	connections int      // 0 = the default of the run; for slow functions, many connections would only wait
	alone       bool     // only Fazt runs it
	packages    []string // npm packages to deploy with it; nil = none
	want        string   // must be in the response
}

var jobs = []job{
	{Name: "hello JSON", File: "hello", path: "/api/hello", want: `"world"`},
	{Name: "Hono, 20 routes", File: "router", path: "/api/users/17", packages: []string{"hono"}, want: `"17"`},
	{Name: "echo of 10 KB of JSON", File: "echo", path: "/api/echo", body: tenKB(), want: `"number":99}`},
	{Name: "SHA-256 of 1 MB, crypto.subtle", File: "digest", path: "/api/digest", connections: 8, want: `"first"`},
	{Name: "fib(27)", File: "fib", path: "/api/fib", connections: 4, want: "196418"},
	{Name: "classic: respond({...})", File: "classic", path: "/api/hello", alone: true, want: `"world"`},
	{Name: "classic: lodash, uuid, zod, dayjs", File: "libraries", path: "/api/orders", connections: 8, alone: true, want: `"months"`},
}

// tenKB returns about 10 KB of JSON.
func tenKB() string {
	var b strings.Builder
	b.WriteString(`{"list":[`)
	for i := range 100 {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"name":"%s","active":true,"number":%d}`, strings.Repeat("abcdefgh", 8), i)
	}
	b.WriteString(`]}`)
	return b.String()
}

// FunctionReport is the result of one run of the function benchmark.
type FunctionReport struct {
	Machine Machine        `json:"machine"`
	Load    string         `json:"load"` // of the machine at the start
	Options Options        `json:"options"`
	Rows    []FunctionRow  `json:"rows"`
	First   []FirstAnswers `json:"first"`
	VM      []MemoryOf     `json:"vm"`
	Missing []string       `json:"missing,omitempty"` // what was left out, and why
}

// FunctionRow is the result of one function on the servers that ran it.
type FunctionRow struct {
	job
	Median map[string]sample `json:"median"`
}

// FirstAnswers are the times to the first response after a deploy or a start.
type FirstAnswers struct {
	Name   string        `json:"name"`
	Times  int           `json:"times"`
	Median time.Duration `json:"median_ns"`
	Worst  time.Duration `json:"worst_ns"`
}

// MemoryOf is how much an instance grew per warm VM of a kind.
type MemoryOf struct {
	Name     string `json:"name"`
	Machines int    `json:"machines"`
	Each     int64  `json:"each_bytes"`
}

// functions measures functions on Fazt, on Node's HTTP server and on workerd.
func functions(ctx context.Context, o Options) error {
	b, done, err := begin(o)
	if err != nil {
		return err
	}
	defer done()
	r := FunctionReport{Machine: describe(b.work), Options: o, Load: load()}
	list := jobs
	if err := b.install(ctx); err != nil {
		r.Missing = append(r.Missing, "Functions with packages, and workerd, are left out: npm could not install them: "+err.Error())
		list = slices.DeleteFunc(slices.Clone(list), func(j job) bool { return j.packages != nil })
	}
	for _, name := range []string{"node", "workerd"} {
		if version := firstLine(b.program(name), "--version"); version != "" {
			r.Machine.Versions[name] = version
		} else {
			r.Missing = append(r.Missing, name+" is left out: it does not run on this machine.")
		}
	}
	note("throughput")
	if r.Rows, err = b.race(ctx, list, r.Machine.Versions); err != nil {
		return err
	}
	note("first responses")
	if r.First, err = b.firsts(ctx, r.Machine.Versions); err != nil {
		return err
	}
	note("memory")
	if r.VM, err = b.machines(ctx); err != nil {
		return err
	}
	return r.write(b.Out)
}

// begin creates the folders of a run; done removes its work folder.
func begin(o Options) (b *bench, done func(), err error) {
	if err := absolute(&o.Fazt, &o.Out); err != nil {
		return nil, nil, err
	}
	work, err := os.MkdirTemp("", "fazt-bench-")
	if err != nil {
		return nil, nil, err
	}
	return &bench{Options: o, work: work}, func() { os.RemoveAll(work) }, os.MkdirAll(o.Out, 0o755)
}

// npm returns the folder of the functions and the packages they use.
func (b *bench) npm() string { return filepath.Join(b.work, "functions") }

// install writes the functions and fetches their packages from the registry npm is configured for.
func (b *bench) install(ctx context.Context) error {
	if err := os.CopyFS(b.work, sources); err != nil {
		return err
	}
	npm := exec.CommandContext(ctx, "npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error")
	npm.Dir = b.npm()
	if out, err := npm.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

// program returns the command that starts a rival.
func (b *bench) program(name string) string {
	if name == "workerd" { // the binary itself: the script in .bin would start it from a Node process
		found, _ := filepath.Glob(filepath.Join(b.npm(), "node_modules", "@cloudflare", "workerd-*", "bin", "workerd"))
		if len(found) > 0 {
			return found[0]
		}
	}
	return name
}

// race runs every function on every server, in turns.
func (b *bench) race(ctx context.Context, list []job, has map[string]string) ([]FunctionRow, error) {
	asked := map[string][]place{} // by function
	defer func() {
		for _, places := range asked {
			for _, p := range places {
				p.stop()
			}
		}
	}()
	fazt, err := b.publish(ctx, list)
	if err != nil {
		return nil, err
	}
	rows := make([]FunctionRow, len(list))
	samples := make([]map[string][]sample, len(list))
	for i, j := range list {
		rows[i], samples[i] = FunctionRow{job: j, Median: map[string]sample{}}, map[string][]sample{}
		asked[j.File] = []place{{"fazt", fazt, hostOn(j.File, fazt.addr)}}
		for _, name := range []string{"node", "workerd"} {
			if has[name] == "" || j.alone {
				continue
			}
			p, err := b.rival(ctx, name, j.File)
			if err != nil {
				return nil, err
			}
			asked[j.File] = append(asked[j.File], place{name, p, ""})
		}
		for _, p := range asked[j.File] {
			if err := p.answers(ctx, j); err != nil {
				return nil, err
			}
		}
	}
	for round := range b.Rounds {
		note("round %d of %d", round+1, b.Rounds)
		for i, j := range list {
			for _, p := range asked[j.File] {
				s, err := b.driveJob(ctx, p, j)
				if err != nil {
					return nil, err
				}
				samples[i][p.name] = append(samples[i][p.name], s)
			}
		}
	}
	for i := range rows {
		for name, of := range samples[i] {
			rows[i].Median[name] = median(of, func(s sample) float64 { return s.PerSecond })
		}
	}
	return rows, nil
}

// publish starts an instance with each function as a separate app.
func (b *bench) publish(ctx context.Context, list []job) (*process, error) {
	db := filepath.Join(b.work, "functions.db")
	for _, j := range list {
		if err := b.put(ctx, db, j.File, j); err != nil {
			return nil, err
		}
	}
	return b.startFazt(ctx, db)
}

// put deploys a function with the packages it uses.
func (b *bench) put(ctx context.Context, db, name string, j job) error {
	for _, p := range j.packages {
		to := filepath.Join(b.work, "folders", name, "node_modules", p)
		if err := os.CopyFS(to, os.DirFS(filepath.Join(b.npm(), "node_modules", p))); err != nil {
			return err
		}
	}
	_, err := b.deploy(ctx, db, name, map[string]string{"index.html": "<h1>" + name + "</h1>", "api/main.js": source(j.File)})
	return err
}

func source(name string) string {
	code, err := sources.ReadFile("functions/" + name + ".js")
	if err != nil {
		panic(err) // it is in the binary
	}
	return string(code)
}

// place is where a function can be requested.
type place struct {
	name string
	*process
	host string // "" = the address
}

// answers waits until the function returns the expected response.
func (p place) answers(ctx context.Context, j job) error {
	for deadline := time.Now().Add(20 * time.Second); ; {
		got, err := p.ask(ctx, j)
		if err == nil && strings.Contains(got, j.want) {
			return nil
		}
		if ctx.Err() != nil || time.Now().After(deadline) {
			return fmt.Errorf("unexpected response of %s on %s: %.200q %w (its log is %s)", j.Name, p.name, got, err, p.log.Name())
		}
		time.Sleep(time.Millisecond)
	}
}

func (p place) ask(ctx context.Context, j job) (string, error) {
	method := http.MethodGet
	if j.body != "" {
		method = http.MethodPost
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://"+p.addr+j.path, strings.NewReader(j.body))
	if err != nil {
		return "", err
	}
	req.Host = p.host
	if j.body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("status %d", res.StatusCode)
	}
	return string(body), err
}

// driveJob makes wrk repeat one request of a job.
func (b *bench) driveJob(ctx context.Context, p place, j job) (sample, error) {
	connections := b.Connections
	if j.connections > 0 {
		connections = j.connections
	}
	args := []string{"--threads", "2", "--connections", strconv.Itoa(connections), "--latency", "--duration", fmt.Sprintf("%ds", max(1, int(b.Duration.Seconds())))}
	if p.host != "" {
		args = append(args, "--header", "Host: "+p.host)
	}
	if j.body != "" {
		script := filepath.Join(b.work, j.File+".lua")
		text := fmt.Sprintf("wrk.method = \"POST\"\nwrk.headers[\"Content-Type\"] = \"application/json\"\nwrk.body = [[%s]]\n", j.body)
		if err := os.WriteFile(script, []byte(text), 0o600); err != nil {
			return sample{}, err
		}
		args = append(args, "--script", script)
	}
	return b.wrk(ctx, p.process, append(args, "http://"+p.addr+j.path))
}

// rival starts a server with one function.
func (b *bench) rival(ctx context.Context, name, file string) (*process, error) {
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	if name == "node" {
		_, port, _ := net.SplitHostPort(addr)
		return b.start(ctx, "node", addr, "node", filepath.Join(b.npm(), "node.mjs"), file, port)
	}
	conf, err := b.workerdConf(file, addr)
	if err != nil {
		return nil, err
	}
	return b.start(ctx, "workerd", addr, b.program("workerd"), "serve", conf)
}

const workerdConf = `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
	services = [(name = "main", worker = (
		modules = [(name = "main.js", esModule = embed "%[1]s.bundle.js")], compatibilityDate = "2026-01-01",
	))],
	sockets = [(name = "http", address = "%[2]s", http = (), service = "main")],
);
`

// workerdConf bundles a function into a single module, as workerd requires, and writes its configuration.
func (b *bench) workerdConf(file, addr string) (string, error) {
	result := api.Build(api.BuildOptions{
		EntryPoints: []string{filepath.Join(b.npm(), file+".js")}, Outfile: filepath.Join(b.work, file+".bundle.js"), Write: true,
		Bundle: true, Format: api.FormatESModule, Target: api.ES2022,
	})
	if len(result.Errors) > 0 {
		return "", errors.New(result.Errors[0].Text)
	}
	conf := filepath.Join(b.work, file+".capnp")
	return conf, os.WriteFile(conf, fmt.Appendf(nil, workerdConf, file, addr), 0o600)
}

const fresh = 30 // how often each first response is measured

// firsts measures first responses: of a deployment that has just gone live on a running instance, which is what an
// author waits for, and of the rivals, which are restarted each time.
func (b *bench) firsts(ctx context.Context, has map[string]string) ([]FirstAnswers, error) {
	db := filepath.Join(b.work, "firsts.db")
	fazt, err := b.startFazt(ctx, db)
	if err != nil {
		return nil, err
	}
	defer fazt.stop()
	if err := awaitListening(ctx, fazt); err != nil {
		return nil, err
	}
	var list []FirstAnswers
	for _, j := range jobs[:2] {
		if _, err := os.Stat(filepath.Join(b.npm(), "node_modules")); err != nil && j.packages != nil {
			continue
		}
		var times []time.Duration
		for n := range fresh {
			name := fmt.Sprintf("%s-%d", j.File, n)
			if err := b.put(ctx, db, name, j); err != nil {
				return nil, err
			}
			began := time.Now()
			if _, err := (place{"fazt", fazt, hostOn(name, fazt.addr)}).ask(ctx, j); err != nil {
				return nil, err
			}
			times = append(times, time.Since(began))
		}
		list = append(list, firstAnswers("fazt, after a deploy: "+j.Name, times[1:])) // the very first one initializes the engine
		for _, rival := range []string{"node", "workerd"} {
			if has[rival] == "" {
				continue
			}
			times = nil
			for range fresh / 3 {
				began := time.Now()
				p, err := b.rival(ctx, rival, j.File)
				if err != nil {
					return nil, err
				}
				err = place{rival, p, ""}.answers(ctx, j)
				times = append(times, time.Since(began))
				p.stop()
				if err != nil {
					return nil, err
				}
			}
			list = append(list, firstAnswers(rival+", after its start: "+j.Name, times))
		}
	}
	return list, nil
}

func firstAnswers(name string, times []time.Duration) FirstAnswers {
	return FirstAnswers{name, len(times), medianDuration(times), slices.Max(times)}
}

const warm = 50 // VMs whose memory is measured

// machines measures how much an instance grows when the functions of many apps are called, each in its own VM.
func (b *bench) machines(ctx context.Context) ([]MemoryOf, error) {
	var list []MemoryOf
	for _, j := range jobs {
		if j.File != "hello" && j.File != "classic" {
			continue
		}
		db := filepath.Join(b.work, "machines-"+j.File+".db")
		for n := range warm + 1 {
			if err := b.put(ctx, db, fmt.Sprintf("app-%d", n), j); err != nil {
				return nil, err
			}
		}
		fazt, err := b.startFazt(ctx, db)
		if err != nil {
			return nil, err
		}
		use := func(from, to int) (rss int64, err error) {
			for n := from; n < to; n++ {
				if err := (place{"fazt", fazt, hostOn(fmt.Sprintf("app-%d", n), fazt.addr)}).answers(ctx, j); err != nil {
					return 0, err
				}
			}
			return settled(ctx, fazt.pss)
		}
		before, err1 := use(0, 1) // one initializes the engine
		after, err2 := use(1, warm+1)
		fazt.stop()
		if err := errors.Join(err1, err2); err != nil {
			return nil, err
		}
		list = append(list, MemoryOf{j.Name, warm, (after - before) / warm})
	}
	return list, nil
}

// load returns the machine's load average over the last minute.
func load() string {
	text, _ := os.ReadFile("/proc/loadavg")
	first, _, _ := strings.Cut(string(text), " ")
	return first
}

// write saves the raw figures and the table in the folder, and prints the table.
func (r FunctionReport) write(folder string) error {
	raw, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folder, "functions.json"), append(raw, '\n'), 0o644); err != nil {
		return err
	}
	fmt.Print(r.text(plain))
	return os.WriteFile(filepath.Join(folder, "functions.md"), []byte(r.text(markdown)), 0o644)
}

// text formats the report; table formats its tables.
func (r FunctionReport) text(table func([][]string) string) string {
	var b strings.Builder
	m, v := r.Machine, r.Machine.Versions
	fmt.Fprintf(&b, "%s, %s, %d cores, %s, %s; load at the start: %s.\n", time.Now().Format(time.DateOnly), m.CPU, m.Cores, m.Memory, m.System, r.Load)
	fmt.Fprintf(&b, "%s; Node.js %s; %s; %s.\n", v["go"], v["node"], v["workerd"], v["wrk"])
	fmt.Fprintf(&b, "%d rounds of %s a cell, %d connections unless noted otherwise, interleaved, medians.\n\n", r.Options.Rounds, r.Options.Duration, r.Options.Connections)

	rows := [][]string{{"requests per second", "fazt", "Node.js", "workerd", "of Node", "of workerd", "fazt p50, p99", "Node p50, p99", "workerd p50, p99"}}
	for _, row := range r.Rows {
		name := row.Name
		if row.connections > 0 {
			name += fmt.Sprintf(" (%d connections)", row.connections)
		}
		fazt := row.Median["fazt"]
		cells := []string{name}
		for _, server := range rivals {
			cells = append(cells, figure(row.Median[server].PerSecond, "%.0f"))
		}
		for _, server := range rivals[1:] {
			cells = append(cells, figure(fazt.PerSecond/row.Median[server].PerSecond, "%.2f"))
		}
		for _, server := range rivals {
			s, measured := row.Median[server]
			if !measured {
				cells = append(cells, "")
				continue
			}
			cells = append(cells, short(s.P50)+", "+short(s.P99))
		}
		rows = append(rows, cells)
		if fazt.Refused > 0 {
			r.Missing = append(r.Missing, fmt.Sprintf("%s: %.2f %% of the requests to fazt were refused (503) and are not counted.", row.Name, 100*fazt.Refused))
		}
	}
	b.WriteString(table(rows))

	rows = [][]string{{"first response", "median", "worst", "of"}}
	for _, f := range r.First {
		rows = append(rows, []string{f.Name, short(f.Median), short(f.Worst), strconv.Itoa(f.Times)})
	}
	b.WriteString("\n" + table(rows))

	rows = [][]string{{"memory of an idle warm VM", "each", "VMs"}}
	for _, m := range r.VM {
		rows = append(rows, []string{m.Name, megabytes(m.Each), strconv.Itoa(m.Machines)})
	}
	b.WriteString("\n" + table(rows))
	for _, line := range r.Missing {
		b.WriteString("\n" + line + "\n")
	}
	return b.String()
}

// figure formats a number; it returns "" if nothing was measured.
func figure(n float64, format string) string {
	if n == 0 || math.IsInf(n, 0) || math.IsNaN(n) {
		return ""
	}
	return fmt.Sprintf(format, n)
}

// plain formats a table in columns; its first row is the header.
func plain(rows [][]string) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		fmt.Fprintln(w, strings.Join(row, "\t"))
	}
	w.Flush()
	return b.String()
}

// markdown formats the same table as Markdown.
func markdown(rows [][]string) string {
	var b strings.Builder
	for i, row := range rows {
		b.WriteString("| " + strings.Join(row, " | ") + " |\n")
		if i == 0 {
			b.WriteString("|---|" + strings.Repeat("---:|", len(row)-1) + "\n")
		}
	}
	return b.String()
}

// Command engine measures the JavaScript engine alone: the processor time of workloads of nineteen kinds, without requests
// around them. With -with it runs another build of itself by turns, and prints the ratio.
//
//	go build -o /tmp/before ./bench/engine     # at the commit to compare with
//	go run ./bench/engine -with /tmp/before [-rounds 5] [workload ...]
package main

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/evanw/esbuild/pkg/api"

	"fazt/internal/quickjs"
)

//go:embed workloads package.json
var sources embed.FS

func main() {
	with := flag.String("with", "", "another build of this program to compare with")
	rounds := flag.Int("rounds", 5, "how often each workload is measured; the fastest counts")
	profile := flag.String("profile", "", "write a profile of the workloads to this file, instead of measuring them")
	script := flag.String("script", "", "run this bundled workload once and print its processor time; for internal use")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := error(nil)
	switch {
	case *script != "":
		err = runOnce(*script)
	case *profile != "":
		err = writeProfile(ctx, *profile, *rounds, flag.Args())
	default:
		err = compare(ctx, *with, *rounds, flag.Args())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench/engine:", err)
		stop()
		os.Exit(1)
	}
}

// result is what a workload took and came to.
type result struct {
	Time  time.Duration `json:"time_ns"`
	Value string        `json:"value"`
}

// compare measures the workloads, all when names is empty, and prints a table.
func compare(ctx context.Context, with string, rounds int, names []string) error {
	work, err := os.MkdirTemp("", "fazt-bench-engine-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	scripts, err := bundle(ctx, work, names)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	programs := []string{self}
	if with != "" {
		programs = append(programs, with)
	}
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(out, "workload\tms\tbefore\tratio\t")
	sum := 0.0
	for _, s := range scripts {
		best, err := measure(ctx, programs, s, rounds)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%s\t%.1f\t", strings.TrimSuffix(filepath.Base(s), ".js"), milliseconds(best[0]))
		if len(best) > 1 {
			ratio := float64(best[0]) / float64(best[1])
			sum += math.Log(ratio)
			fmt.Fprintf(out, "%.1f\t%.2f\t", milliseconds(best[1]), ratio)
		}
		fmt.Fprintln(out)
	}
	if with != "" {
		fmt.Fprintf(out, "geometric mean\t\t\t%.2f\t\n", math.Exp(sum/float64(len(scripts))))
	}
	return out.Flush()
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// measure runs a script with each program by turns, and returns the shortest time of each.
func measure(ctx context.Context, programs []string, script string, rounds int) ([]time.Duration, error) {
	best := make([]time.Duration, len(programs))
	value := ""
	for range rounds {
		for n, program := range programs {
			out, err := exec.CommandContext(ctx, program, "-script", script).Output()
			if err != nil {
				if e := new(exec.ExitError); errors.As(err, &e) {
					err = fmt.Errorf("%w: %s", err, e.Stderr)
				}
				return nil, fmt.Errorf("%s: %w", script, err)
			}
			var r result
			if err := json.Unmarshal(out, &r); err != nil {
				return nil, err
			}
			if value == "" {
				value = r.Value
			}
			if r.Value != value {
				return nil, fmt.Errorf("%s came to %q, and then to %q", script, value, r.Value)
			}
			if best[n] == 0 || r.Time < best[n] {
				best[n] = r.Time
			}
		}
	}
	return best, nil
}

// bundle writes each workload as one script, whose value is its function, and returns their paths.
func bundle(ctx context.Context, work string, names []string) (scripts []string, err error) {
	if err := os.CopyFS(work, sources); err != nil {
		return nil, err
	}
	npm := exec.CommandContext(ctx, "npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
	npm.Dir, npm.Stderr = work, os.Stderr
	if err := npm.Run(); err != nil {
		return nil, fmt.Errorf("npm install: %w", err)
	}
	entries, err := fs.ReadDir(sources, "workloads")
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		name := strings.TrimSuffix(entry.Name(), ".js")
		if len(names) > 0 && !slices.Contains(names, name) {
			continue
		}
		out := filepath.Join(work, entry.Name())
		built := api.Build(api.BuildOptions{
			EntryPoints: []string{filepath.Join(work, "workloads", entry.Name())}, Outfile: out, Write: true, Bundle: true,
			Format: api.FormatIIFE, GlobalName: "work", Target: api.ES2022, Platform: api.PlatformNeutral,
			MainFields: []string{"module", "main"}, Conditions: []string{"import", "default"}, Footer: map[string]string{"js": "work.default"},
			Define: map[string]string{"process.env.NODE_ENV": `"production"`, "global": "globalThis"},
		})
		for _, m := range built.Errors {
			return nil, fmt.Errorf("%s: %s", entry.Name(), m.Text)
		}
		scripts = append(scripts, out)
	}
	if len(scripts) == 0 {
		return nil, fmt.Errorf("no workload is called %s", strconv.Quote(strings.Join(names, " ")))
	}
	return scripts, nil
}

// writeProfile runs each workload for a second or so in every round, and writes where the processor time goes.
func writeProfile(ctx context.Context, file string, rounds int, names []string) (err error) {
	work, err := os.MkdirTemp("", "fazt-bench-engine-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	scripts, err := bundle(ctx, work, names)
	if err != nil {
		return err
	}
	out, err := os.Create(file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	if err := pprof.StartCPUProfile(out); err != nil {
		return err
	}
	defer pprof.StopCPUProfile()
	for range rounds {
		for _, s := range scripts {
			for began := time.Now(); time.Since(began) < time.Second; {
				if _, err := run(s); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// runOnce prints the result of a bundled script.
func runOnce(script string) error {
	res, err := run(script)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(res)
}

// run calls the function of a bundled script twice, the first time to warm up, and returns the result of the second.
func run(script string) (res result, err error) {
	text, err := os.ReadFile(script)
	if err != nil {
		return res, err
	}
	i, err := quickjs.New(512<<20, 1<<20)
	if err != nil {
		return res, err
	}
	defer i.Close()
	r, err := i.NewRealm()
	if err != nil {
		return res, err
	}
	defer r.Close()
	if _, err := r.Compile(globals, "globals.js", false); err != nil {
		return res, err
	}
	for _, part := range []string{globals, string(text)} {
		code, err := r.Compile(part, filepath.Base(script), false)
		if err != nil {
			return res, err
		}
		fn, err := r.Run(code)
		if err != nil {
			return res, err
		}
		if part == globals {
			r.Free(fn)
			continue
		}
		defer r.Free(fn)
		for range 2 {
			before := processorTime()
			v, err := r.Call(fn)
			res.Time = processorTime() - before
			if err != nil {
				return res, err
			}
			res.Value, _ = r.Text(v)
			r.Free(v)
		}
	}
	return res, nil
}

// globals are what the packages look for at load time, and never use here.
const globals = `globalThis.TextEncoder ??= class { encode(s) { return Uint8Array.from(unescape(encodeURIComponent(s)), (c) => c.charCodeAt(0)); } };
globalThis.MessageChannel ??= class { constructor() { this.port1 = {}; this.port2 = { postMessage() {} }; } };
globalThis.setTimeout ??= () => {}; globalThis.queueMicrotask ??= (f) => Promise.resolve().then(f); globalThis.console ??= { log() {}, error() {}, warn() {} }; 0`

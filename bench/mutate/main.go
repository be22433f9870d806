// Command mutate measures what the tests of a package notice: it changes one condition at a time and runs the tests. A
// change that no test notices is a survivor: either a test is missing, or the condition is unnecessary.
//
//	go run ./bench/mutate -n 20 -seed 1 ./internal/auth ./internal/gateway
//	go run ./bench/mutate -n 0 -match 'password.go:8' -run Password ./internal/auth
//
// A package is compiled once, with all its mutants; a file tells its test binary which one to run.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

func main() {
	n := flag.Int("n", 20, "mutants per package; 0 runs all")
	seed := flag.Uint64("seed", 1, "chooses the sample")
	match := flag.String("match", "", "runs only the mutants of the sample that match this regular expression")
	tests := flag.String("run", "", "runs only the tests that match, as go test -run does: to see what a new test notices")
	timeout := flag.Duration("timeout", 2*time.Minute, "for the tests of one mutant; a mutant that takes longer counts as noticed")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, options{*n, *seed, *match, *tests, *timeout}, flag.Args())
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(1)
	}
}

type options struct {
	n       int
	seed    uint64
	match   string
	tests   string
	timeout time.Duration
}

func run(ctx context.Context, o options, dirs []string) error {
	match, err := regexp.Compile(o.match)
	if err != nil {
		return err
	}
	for _, dir := range dirs {
		if err := measure(ctx, dir, o, match); err != nil {
			return err
		}
	}
	return nil
}

// measure prints the survivors of a package.
func measure(ctx context.Context, dir string, o options, match *regexp.Regexp) error {
	s, err := read(dir)
	if err != nil {
		return err
	}
	tmp, err := os.MkdirTemp("", "mutate")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	t := tests{dir: dir, tmp: tmp, match: o.tests, timeout: o.timeout}
	if err := t.build(ctx, s); err != nil {
		return err
	}
	// The tests must pass as they are, or every mutant would count as noticed.
	start := time.Now()
	if out, err := t.run(ctx, -1); err != nil {
		return fmt.Errorf("the tests of %s fail without a change: %w\n%s", dir, err, out)
	}
	// A mutant that takes ten times as long never ends.
	t.timeout = min(t.timeout, 10*time.Second+10*time.Since(start))
	sample := slices.DeleteFunc(choose(s.mutants, o.n, o.seed), func(m mutant) bool { return !match.MatchString(m.String()) })
	noticed := 0
	for _, m := range sample {
		_, err := t.run(ctx, m.number)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			noticed++
			continue
		}
		fmt.Printf("survived  %s\n", m)
	}
	fmt.Printf("%s: %d of %d mutants noticed (%d in all, seed %d)\n", dir, noticed, len(sample), len(s.mutants), o.seed)
	return nil
}

// choose returns n mutants, the same for the same seed and source.
func choose(all []mutant, n int, seed uint64) []mutant {
	sample := slices.Clone(all)
	if n > 0 && n < len(all) {
		sample = nil
		for _, i := range rand.New(rand.NewPCG(seed, 0)).Perm(len(all))[:n] {
			sample = append(sample, all[i])
		}
		slices.SortFunc(sample, func(a, b mutant) int { return strings.Compare(a.String(), b.String()) })
	}
	return sample
}

// tests is the test binary of a package with its mutants.
type tests struct {
	dir, tmp string
	match    string // the tests to run; "" = all
	timeout  time.Duration
}

func (t tests) binary() string { return filepath.Join(t.tmp, "tests.exe") }
func (t tests) chosen() string { return filepath.Join(t.tmp, "chosen") }

// build compiles the tests. The source stays as it is: the compiler reads the changed files through an overlay.
func (t tests) build(ctx context.Context, s source) error {
	files := maps.Clone(s.files)
	files[filepath.Join(t.dir, "mutants_of_bench.go")] = chosen(s.name, t.chosen())
	replace := map[string]string{}
	for file, text := range files {
		path, err := filepath.Abs(file)
		if err != nil {
			return err
		}
		replace[path] = filepath.Join(t.tmp, filepath.Base(file))
		if err := os.WriteFile(replace[path], []byte(text), 0o600); err != nil {
			return err
		}
	}
	list, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return err
	}
	overlay := filepath.Join(t.tmp, "overlay.json")
	if err := os.WriteFile(overlay, list, 0o600); err != nil {
		return err
	}
	out, err := exec.CommandContext(ctx, "go", "test", "-c", "-vet=off", "-pgo=off", "-overlay="+overlay, "-o", t.binary(), t.dir).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s with its mutants does not compile: %w\n%s", t.dir, err, out)
	}
	return nil
}

// run runs the tests with one mutant, or with none if number is negative.
func (t tests) run(ctx context.Context, number int) (string, error) {
	if err := os.WriteFile(t.chosen(), []byte(strconv.Itoa(number)), 0o600); err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, t.binary(), "-test.short", "-test.failfast", "-test.run="+t.match, "-test.timeout="+t.timeout.String())
	cmd.Dir = t.dir
	cmd.WaitDelay = 5 * time.Second // a process that the tests left behind may hold the output
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// Command mutate measures what the tests of a package notice: it changes one condition at a time and runs the tests. A
// change that no test notices is a survivor: either a test is missing, or the condition is unnecessary.
//
//	go run ./bench/mutate -n 20 -seed 1 ./internal/auth ./internal/gateway
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

func main() {
	n := flag.Int("n", 20, "mutants per package; 0 runs all")
	seed := flag.Uint64("seed", 1, "chooses the sample")
	timeout := flag.Duration("timeout", 2*time.Minute, "for the tests of one mutant; a mutant that takes longer counts as noticed")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, *n, *seed, *timeout, flag.Args())
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, n int, seed uint64, timeout time.Duration, dirs []string) error {
	for _, dir := range dirs {
		all, err := mutants(dir)
		if err != nil {
			return err
		}
		sample := choose(all, n, seed)
		noticed := 0
		// The tests must pass as they are, or every mutant would count as noticed.
		if out, err := test(ctx, dir, nil, timeout); err != nil {
			return fmt.Errorf("the tests of %s fail without a change: %w\n%s", dir, err, out)
		}
		for _, m := range sample {
			ok, err := survives(ctx, dir, m, timeout)
			if err != nil {
				return err
			}
			if ok {
				fmt.Printf("survived  %s\n", m)
			} else {
				noticed++
			}
		}
		fmt.Printf("%s: %d of %d mutants noticed (%d in all, seed %d)\n", dir, noticed, len(sample), len(all), seed)
	}
	return nil
}

// choose returns n mutants, the same for the same seed and source.
func choose(all []mutant, n int, seed uint64) []mutant {
	if n <= 0 || n >= len(all) {
		return all
	}
	var sample []mutant
	for _, i := range rand.New(rand.NewPCG(seed, 0)).Perm(len(all))[:n] {
		sample = append(sample, all[i])
	}
	slices.SortFunc(sample, func(a, b mutant) int { return strings.Compare(a.String(), b.String()) })
	return sample
}

// survives reports whether the tests pass with the mutant. The source stays as it is: the compiler reads the changed file
// through an overlay. A mutant that does not compile is an error, because nothing was measured.
func survives(ctx context.Context, dir string, m mutant, timeout time.Duration) (bool, error) {
	tmp, err := os.MkdirTemp("", "mutate")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(tmp)
	changed, overlay := filepath.Join(tmp, "changed.go"), filepath.Join(tmp, "overlay.json")
	source, err := filepath.Abs(m.file)
	if err != nil {
		return false, err
	}
	list, err := json.Marshal(map[string]any{"Replace": map[string]string{source: changed}})
	if err != nil {
		return false, err
	}
	if err := os.WriteFile(changed, m.source, 0o600); err != nil {
		return false, err
	}
	if err := os.WriteFile(overlay, list, 0o600); err != nil {
		return false, err
	}
	out, err := test(ctx, dir, []string{"-overlay=" + overlay}, timeout)
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	if strings.Contains(out, "[build failed]") {
		return false, fmt.Errorf("%s does not compile:\n%s", m, out)
	}
	return err == nil, nil
}

func test(ctx context.Context, dir string, flags []string, timeout time.Duration) (string, error) {
	args := slices.Concat([]string{"test", "-short", "-failfast", "-vet=off", "-timeout=" + timeout.String()}, flags, []string{dir})
	out, err := exec.CommandContext(ctx, "go", args...).CombinedOutput()
	return string(out), err
}

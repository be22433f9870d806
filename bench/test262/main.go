// Command test262 runs the conformance tests of ECMAScript on the JavaScript engine, each in a new VM. With -with it runs
// another build of itself as well, and lists what passes in one of them only.
//
//	go build -o /tmp/before ./bench/test262     # at the commit to compare with, with this folder copied there
//	go run ./bench/test262 -tests FOLDER -with /tmp/before [-only built-ins/Map] [-out FOLDER]
//
// The tests are not part of the project. FOLDER is a checkout of tc39/test262, or the folder js/src/tests/test262 of the source
// of SpiderMonkey, which Debian's source packages mozjs… contain. Modules, Intl, agents and the tests of the harness are left
// out: functions are bundled into scripts, Intl is not the engine's, and a VM has one thread.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
)

func main() {
	tests := flag.String("tests", os.Getenv("TEST262"), "the folder with the tests; by default the variable TEST262")
	with := flag.String("with", "", "another build of this program to compare with")
	only := flag.String("only", "", "run tests whose path begins with this")
	out := flag.String("out", "bench/out/test262", "the folder for the lists of failures")
	asWorker := flag.Bool("worker", false, "run the tests that are named on standard input; for internal use")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var err error
	if *asWorker {
		err = work(*tests)
	} else {
		err = compare(ctx, *tests, *with, *only, *out)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench/test262:", err)
		stop()
		os.Exit(1)
	}
}

// compare runs all tests and prints a table: by folder, how many pass.
func compare(ctx context.Context, folder, with, only, out string) error {
	if folder == "" {
		return errors.New("-tests does not name the folder with the tests")
	}
	jobs, err := findTests(folder, only)
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
	results, err := runAll(ctx, programs, folder, jobs)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(out, 0o750); err != nil {
		return err
	}
	names := []string{"now", "before"}
	for n, list := range results {
		if err := writeFailures(filepath.Join(out, names[n]+".txt"), jobs, list); err != nil {
			return err
		}
	}
	if with == "" {
		return printTable(jobs, results)
	}
	if err := writeDifferences(filepath.Join(out, "lost.txt"), jobs, results[0], results[1]); err != nil {
		return err
	}
	if err := writeDifferences(filepath.Join(out, "won.txt"), jobs, results[1], results[0]); err != nil {
		return err
	}
	return printTable(jobs, results)
}

// passed is the result of a test that passes; all others say why it failed.
const passed = "ok"

// group is the folder under which a test is counted.
func group(path string) string {
	parts := strings.Split(path, "/")
	return strings.Join(parts[:min(len(parts)-1, 2)], "/")
}

func printTable(jobs []job, results [][]string) error {
	type row struct{ all, now, before, lost, won int }
	rows, total := map[string]*row{}, &row{}
	for n, j := range jobs {
		g := rows[group(j.Path)]
		if g == nil {
			g = &row{}
			rows[group(j.Path)] = g
		}
		now := results[0][n] == passed
		before := now
		if len(results) > 1 {
			before = results[1][n] == passed
		}
		for _, r := range []*row{g, total} {
			r.all++
			count(&r.now, now)
			count(&r.before, before)
			count(&r.lost, before && !now)
			count(&r.won, now && !before)
		}
	}
	names := make([]string, 0, len(rows))
	for name := range rows {
		names = append(names, name)
	}
	slices.Sort(names)
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "folder\truns\tpass\tbefore\tlost\twon\t")
	for _, name := range append(names, "all") {
		r := total
		if name != "all" {
			r = rows[name]
		}
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%d\t\n", name, r.all, r.now, r.before, r.lost, r.won)
	}
	return w.Flush()
}

func count(n *int, yes bool) {
	if yes {
		*n++
	}
}

func writeFailures(file string, jobs []job, results []string) error {
	var b strings.Builder
	for n, j := range jobs {
		if results[n] != passed {
			fmt.Fprintf(&b, "%s\t%s\n", j, results[n])
		}
	}
	return os.WriteFile(file, []byte(b.String()), 0o600)
}

// writeDifferences lists the tests that fail here and pass there.
func writeDifferences(file string, jobs []job, here, there []string) error {
	var b strings.Builder
	for n, j := range jobs {
		if here[n] != passed && there[n] == passed {
			fmt.Fprintf(&b, "%s\t%s\n", j, here[n])
		}
	}
	return os.WriteFile(file, []byte(b.String()), 0o600)
}

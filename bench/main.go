// Command bench measures Fazt over loopback against a bare net/http handler, nginx and Caddy, and prints the table
// of docs/PERFORMANCE.md.
//
// Everything runs on one machine in one run. wrk shares its cores with the server it drives, so the figures are shares
// of a machine, not the capacity of a server, and only the ratios carry over. Rounds are interleaved, so that a slow
// minute of the machine affects every server alike, and the median of the rounds counts.
//
//	go run ./bench [-rounds 5] [-duration 2s] [-fazt bin/fazt] [-out bench/out]
//
// With the argument overload it floods an instance with ten times what it can serve, and reports how much was still
// served, how fast the rest was refused, and how much memory that took.
//
//	go run ./bench [-flood 30s] [-fazt bin/fazt] overload
//
// With the argument functions it measures the same functions on Fazt, on Node's HTTP server and on workerd.
//
//	go run ./bench [-rounds 5] [-duration 2s] functions
//
// With the argument fairness it measures an app next to another one that computes endlessly.
//
//	go run ./bench [-rounds 5] [-duration 2s] fairness
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

// Options configures a run.
type Options struct {
	Fazt        string        // the binary to measure
	Out         string        // where the table, the raw figures and the servers' logs go
	Rounds      int           // how often each cell is measured; the median counts
	Duration    time.Duration // how long wrk drives one cell in one round
	Connections int           // open at once, all kept alive
}

func main() {
	var o Options
	flag.StringVar(&o.Fazt, "fazt", "bin/fazt", "the binary to measure")
	flag.StringVar(&o.Out, "out", "bench/out", "folder for the results and the logs")
	flag.IntVar(&o.Rounds, "rounds", 5, "rounds per cell")
	flag.DurationVar(&o.Duration, "duration", 2*time.Second, "duration of one cell in one round")
	flag.IntVar(&o.Connections, "connections", 64, "concurrent connections")
	bare := flag.String("bare", "", "serve the files in this folder as the bare handler; for internal use")
	flooded := flag.Duration("flood", 30*time.Second, "how long overload floods each function")
	listen := flag.String("listen", "", "address of the bare handler")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var err error
	switch {
	case *bare != "":
		err = serveBare(ctx, *bare, *listen)
	case flag.Arg(0) == "overload":
		err = overload(ctx, o, *flooded)
	case flag.Arg(0) == "functions":
		err = functions(ctx, o)
	case flag.Arg(0) == "fairness":
		err = fairness(ctx, o, o.Duration)
	case flag.NArg() > 0:
		err = fmt.Errorf("unknown measurement %q; use fairness, functions or overload", flag.Arg(0))
	default:
		err = run(ctx, o)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(1)
	}
}

// run measures everything and writes the report.
func run(ctx context.Context, o Options) error {
	if err := absolute(&o.Fazt, &o.Out); err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "fazt-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	if err := os.MkdirAll(o.Out, 0o755); err != nil {
		return err
	}

	report := Report{Machine: describe(work), Options: o}
	b := &bench{Options: o, work: work}
	if report.Life, err = b.life(ctx); err != nil {
		return err
	}
	if report.Throughput, err = b.throughput(ctx); err != nil {
		return err
	}
	return report.write(o.Out)
}

// bench is one run: its options, and its folder, which is removed at the end.
type bench struct {
	Options
	work string
}

// note prints what is being measured.
func note(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }

func absolute(paths ...*string) error {
	for _, p := range paths {
		abs, err := filepath.Abs(*p)
		if err != nil {
			return err
		}
		*p = abs
	}
	return nil
}

// Command faults attacks a built fazt with faults of visitors, authors, disks and other servers that have been seen, and
// prints the figures of docs/RELIABILITY.md. Each attack has its own file, starts its own instances, sends only to
// loopback, and is bounded in count and time.
//
//	go run ./bench/faults [-fazt FILE] [-out bench/out] [NAME ...]
//
// Without names, every attack runs; without a binary, one is built from the source. An attack that needs something the
// machine lacks (root for a small file system, nginx) says so and counts as skipped. The exit code is 1 if an attack
// succeeded.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// attack reproduces one fault as a program: run returns an error if the product did not keep its promise.
type attack struct {
	name  string
	about string // what it does and what must hold, for the list
	run   func(ctx context.Context, l *lab) error
}

// attacks lists all attacks, in the order of docs/RELIABILITY.md.
func attacks() []attack {
	return []attack{
		{"sql", "statements that took gigabytes or minutes: each ends in time and within 100 MB while pages are served", attackSQL},
		{"slow", "thousands of slow headers, bodies, readers, uploads and streams; other visitors are served as fast as before (2 min)", slowVisitors},
		{"idle", "fill all connection slots with idle connections, and send a header at one byte per second: newcomers are served", idle},
		{"half", "let responses fail midway, kill the server during others: none looks complete to an HTTP/1.0 client", half},
		{"shapes", "send unusual requests to fazt, nginx and llhttp: fazt never parses one more leniently than both others", shapes},
		{"diskfull", "fill the disk of a running server, restart it there, make room again: reads keep working, writes resume", diskFull},
		{"readonly", "make the disk or the folder read-only, start there, break the disk of a running server: reads keep working, writes resume", readOnlyDisk},
		{"deleted", "remove the database's folder: no write is acknowledged, and pages are served", deleted},
		{"overwritten", "copy another database over the one in use: no write is acknowledged, and a restart serves the other one, intact", overwritten},
		{"badsector", "make part of the disk unreadable: only the files on it fail", badSector},
		{"twonames", "start servers on one database under all its names: only the first one runs", twoNames},
		{"compile", "functions that crash compilers; only their own deploy may fail", compileAttack},
		{"backup", "40 backups while four visitors write; each is intact and has every value acknowledged before it", attackBackup},
		{"rot", "one flipped bit in a small and in a large file on disk; neither is served, both are repaired by the next deploy", attackRot},
		{"deploycost", "an alias change costs the same with 1 app and with 5,801", attackDeployCost},
		{"bigdeploy", "deploy, fork and remove 20,000 files and 100,000 values: writes of other apps' visitors are not slower (90 s)", attackBigDeploy},
		{"memory", "bursts in a 256 MB container: the server survives and frees its memory within 12 s (90 s)", attackMemory},
		{"hostwork", "16 requests at once that make the host encode, hash, compress and parse, in a 512 MB container: it stays inside (60 s)", attackHostWork},
		{"soak", "mixed load for a minute (FAZT_SOAK=10m): memory stays flat", attackSoak},
	}
}

func main() {
	options := options{}
	flag.StringVar(&options.fazt, "fazt", "", "the binary to attack; built from source if not given")
	flag.StringVar(&options.out, "out", "bench/out", "folder for the logs of the instances")
	flag.BoolVar(&options.list, "list", false, "list the attacks")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, options, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "faults:", err)
		stop()
		os.Exit(1)
	}
}

// options configure a run.
type options struct {
	fazt, out string
	list      bool
}

func run(ctx context.Context, o options, names []string) error {
	chosen, err := choose(names)
	if err != nil {
		return err
	}
	if o.list {
		for _, a := range chosen {
			fmt.Printf("%-18s %s\n", a.name, a.about)
		}
		return nil
	}
	if o.out, err = filepath.Abs(o.out); err != nil {
		return err
	}
	if err := os.MkdirAll(o.out, 0o755); err != nil {
		return err
	}
	if o.fazt, err = binary(ctx, o); err != nil {
		return err
	}
	failed := []string{}
	for _, a := range chosen {
		fmt.Fprintf(os.Stderr, "%s: %s\n", a.name, a.about)
		begun := time.Now()
		l, err := newLab(o, a.name)
		if err != nil {
			return err
		}
		err = a.run(ctx, l)
		l.close()
		verdict := "held"
		switch {
		case errors.Is(err, errSkipped):
			verdict = err.Error()
		case err != nil:
			verdict = "FAILED: " + err.Error()
			failed = append(failed, a.name)
		}
		for _, f := range l.figures {
			fmt.Printf("%-18s %-58s %s\n", a.name, f.what, f.value)
		}
		fmt.Printf("%-18s %s (%.1f s)\n", a.name, verdict, time.Since(begun).Seconds())
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	if len(failed) > 0 {
		return fmt.Errorf("promises not kept: %s", strings.Join(failed, ", "))
	}
	return nil
}

// binary returns the path of the binary to attack.
func binary(ctx context.Context, o options) (string, error) {
	if o.fazt != "" {
		return filepath.Abs(o.fazt)
	}
	path := filepath.Join(o.out, "fazt")
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", path, "./cmd/fazt")
	build.Stdout, build.Stderr = os.Stderr, os.Stderr
	if err := build.Run(); err != nil {
		return "", fmt.Errorf("build the binary to attack: %w", err)
	}
	return path, nil
}

func choose(names []string) ([]attack, error) {
	all := attacks()
	if len(names) == 0 {
		return all, nil
	}
	chosen := []attack{}
	for _, name := range names {
		i := slices.IndexFunc(all, func(a attack) bool { return a.name == name })
		if i < 0 {
			return nil, fmt.Errorf("unknown attack %q; -list shows all", name)
		}
		chosen = append(chosen, all[i])
	}
	return chosen, nil
}

// Command faults attacks a built fazt the way visitors, authors, disks and other servers have been seen to, and prints
// the figures of docs/RELIABILITY.md. Each attack has a file of its own, starts instances of its own, sends to loopback
// alone, and is bounded in count and time.
//
//	go run ./bench/faults [-fazt FILE] [-out bench/out] [NAME ...]
//
// Without names every attack runs, and without a binary the one that the source makes now. One that needs what the machine lacks (root for a small file system, nginx) says so
// and counts as skipped. The exit code is 1 when an attack did what it must not be able to do.
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

// attack is one fault that was found, as a program: run returns an error when the product did not keep its promise.
type attack struct {
	name  string
	about string // what is done and what must hold, for the list
	run   func(ctx context.Context, l *lab) error
}

// attacks are all there are, in the order of docs/RELIABILITY.md.
func attacks() []attack {
	return []attack{
		{"sql", "statements that took gigabytes or minutes: each ends in its time, in 100 MB, while pages are served", attackSQL},
		{"slow", "thousands of slow heads, bodies, readers, uploads and streams; others are answered as fast as before (2 min)", slowVisitors},
		{"idle", "fill every place for connections with idle ones, and send a head a byte a second: newcomers are answered", idle},
		{"half", "let answers fail midway, kill the server in the midst of others: none looks whole to HTTP/1.0", half},
		{"shapes", "send odd requests also to nginx and llhttp: none is read more leniently than both do", shapes},
		{"diskfull", "fill the disk below a running server, restart it there, make room again: reads go on, writes come back", diskFull},
		{"readonly", "make the disk, or the folder, one for reading only, start there, break it below a server: reads go on, writes come back", readOnlyDisk},
		{"deleted", "take the folder of the database away: no write is acknowledged, and pages are served", deleted},
		{"overwritten", "copy another database over the one in use: no write is acknowledged, and a restart serves the other, sound", overwritten},
		{"badsector", "make a part of the disk unreadable: only the files on it fail", badSector},
		{"twonames", "start servers on one database under all its names: the first one stays alone", twoNames},
		{"compile", "functions that no compiler survives; nothing but their deploy may fail", compileAttack},
		{"backup", "40 backups while four visitors write; each is sound and holds every value acknowledged before it", attackBackup},
		{"rot", "one flipped bit in a small and in a large file on the disk; neither is served, both are mended by the next deploy", attackRot},
		{"deploycost", "a change of an alias costs the same with 1 app and with 5,801", attackDeployCost},
		{"bigdeploy", "deploy, fork and remove 20,000 files and 100,000 values: visitors of other apps wait no longer to write (90 s)", attackBigDeploy},
		{"memory", "bursts in a container of 256 MB: it is not ended, and has its memory back in 12 s (90 s)", attackMemory},
		{"soak", "mixed load for a minute (FAZT_SOAK=10m): the memory is flat", attackSoak},
	}
}

func main() {
	options := options{}
	flag.StringVar(&options.fazt, "fazt", "", "the binary to attack; without one it is built")
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

// options are what a run can be told.
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
		return fmt.Errorf("not held: %s", strings.Join(failed, ", "))
	}
	return nil
}

// binary is the path of the one to attack.
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
			return nil, fmt.Errorf("no attack %q; -list shows them", name)
		}
		chosen = append(chosen, all[i])
	}
	return chosen, nil
}

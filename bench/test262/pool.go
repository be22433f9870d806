package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"time"
)

// longest is how long a test may take; a process that does not respond by then is ended.
const longest = 15 * time.Second

// process is a worker: a build of this program that runs one test after another.
type process struct {
	program, folder string
	cmd             *exec.Cmd
	in              io.WriteCloser
	out             *bufio.Reader
}

func (p *process) start() (err error) {
	p.cmd = exec.Command(p.program, "-worker", "-tests", p.folder)
	p.cmd.Stderr = nil
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	p.out = bufio.NewReader(out)
	return p.cmd.Start()
}

func (p *process) end() {
	if p.cmd != nil {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
		p.cmd = nil
	}
}

// run returns the result of a test. A process that ends or does not respond is replaced for the next one.
func (p *process) run(j job) (string, error) {
	if p.cmd == nil {
		if err := p.start(); err != nil {
			return "", err
		}
	}
	if err := json.NewEncoder(p.in).Encode(j); err != nil {
		p.end()
		return "the process ended", nil
	}
	timer := time.AfterFunc(longest, func() { _ = p.cmd.Process.Kill() })
	line, err := p.out.ReadBytes('\n')
	if !timer.Stop() {
		p.end()
		return "timeout", nil
	}
	var result string
	if err == nil {
		err = json.Unmarshal(line, &result)
	}
	if err != nil {
		p.end()
		return "the process ended", nil
	}
	return result, nil
}

// runAll runs every job with every program, and returns the results by program.
func runAll(ctx context.Context, programs []string, folder string, jobs []job) ([][]string, error) {
	results, errs := make([][]string, len(programs)), make([]error, len(programs))
	var wait sync.WaitGroup
	for n, program := range programs {
		results[n] = make([]string, len(jobs))
		wait.Go(func() {
			p := &process{program: program, folder: folder}
			defer p.end()
			for i, j := range jobs {
				if ctx.Err() != nil {
					errs[n] = ctx.Err()
					return
				}
				if results[n][i], errs[n] = p.run(j); errs[n] != nil {
					return
				}
				if i%2000 == 1999 {
					fmt.Fprintf(os.Stderr, "%s: %d of %d\n", program, i+1, len(jobs))
				}
			}
		})
	}
	wait.Wait()
	return results, errors.Join(errs...)
}

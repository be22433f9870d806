package compiler

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	goruntime "runtime"
	"slices"
	"strings"
	"time"

	"fazt/internal/errs"
	"fazt/internal/limitio"
	"fazt/internal/runtime/compile"
	"fazt/internal/system"
)

// process is one job and the process that does it.
type process struct {
	job
	script []byte
	src    compile.Source
	limits system.Runtime

	served []servedFile // files that the process read
	begun  bool         // it sent something, so our program runs there
}

// servedFile is a file that the process read, with measures of how likely it causes trouble.
type servedFile struct {
	path  string
	size  int
	depth int // of nested brackets
}

// run starts the process, serves its requests and returns its result. It returns after the process has ended.
func (p *process) run(ctx context.Context) (*outcome, error) {
	timed, cancel := context.WithTimeoutCause(ctx, time.Duration(p.limits.CompileTimeout)*time.Millisecond, errTime)
	defer cancel()
	p.Version, p.Memory, p.Time = system.Version, p.limits.CompileMemory, int64(p.limits.CompileTimeout)
	child, err := start(timed)
	if err != nil {
		return nil, errs.Wrap(errs.Unavailable, err, "the compiler process could not be started")
	}
	out, talked := p.talk(timed, child)
	ended := child.end(out != nil)
	switch {
	case out != nil:
		return out, out.error()
	case ctx.Err() != nil:
		return nil, ctx.Err()
	}
	return nil, p.explain(context.Cause(timed), talked, ended, child.stderr.String())
}

// talk sends the process its job and serves its requests until it is done; nil = it did not finish.
func (p *process) talk(ctx context.Context, c *child) (*outcome, error) {
	if err := writeFrame(c.in, p.job, p.script); err != nil {
		return nil, err
	}
	r := bufio.NewReader(c.out)
	for {
		var m message
		data, err := readFrame(r, &m, p.limits.MaxProgram)
		if err != nil {
			return nil, err
		}
		p.begun = true
		if m.Done != nil {
			if err := m.Done.split(data); err != nil {
				return nil, err
			}
			return m.Done, nil
		}
		a, content := p.answer(ctx, m)
		if err := writeFrame(c.in, a, content); err != nil {
			return nil, err
		}
	}
}

func (p *process) answer(ctx context.Context, m message) (answer, []byte) {
	if p.src == nil || !fs.ValidPath(m.Path) || !p.src.Exists(m.Path) {
		return answer{}, nil
	}
	if m.Ask != "read" {
		return answer{Found: true}, nil
	}
	data, err := p.src.ReadFile(ctx, m.Path)
	if err != nil {
		why := m.Path + " cannot be read"
		if !errs.Is(err, errs.Internal) {
			why = errs.Sentence(err)
		}
		return answer{Refused: why}, nil
	}
	if !slices.ContainsFunc(p.served, func(f servedFile) bool { return f.path == m.Path }) { // the entry is read twice
		p.served = append(p.served, servedFile{m.Path, len(data), nesting(data)})
	}
	return answer{Found: true}, data
}

// nesting estimates how deeply brackets are nested. After a failure, it tells which of several files caused it.
func nesting(source []byte) (deepest int) {
	depth := 0
	for _, c := range source {
		switch c {
		case '(', '[', '{', '<':
			depth++
			deepest = max(deepest, depth)
		case ')', ']', '}', '>':
			depth = max(0, depth-1)
		}
	}
	return deepest
}

// The ways in which the process ends without a result.
var (
	errTime = errors.New("compiling took too long")
)

// explain returns the reason why there is no result: talked is the error of the conversation, ended that of the process, and
// said what it wrote to standard error.
func (p *process) explain(cause, talked, ended error, said string) error {
	code := -1
	var exit *exec.ExitError
	if errors.As(ended, &exit) {
		code = exit.ExitCode()
	}
	has := func(text string) bool { return strings.Contains(said, text) }
	switch {
	case errors.Is(talked, errTooLarge):
		return p.refuse(p.largest(), fmt.Sprintf("is larger than %d MB when compiled", p.limits.MaxProgram>>20), "runtime.max_program")
	case errors.Is(cause, errTime), code == exitTime:
		return p.refuse(p.largest(), fmt.Sprintf("takes more than %v to compile", time.Duration(p.limits.CompileTimeout)*time.Millisecond), "runtime.compile_timeout")
	case has("stack overflow"), has("stack exceeds"):
		return p.refuse(p.deepest(), "nests too deeply to be compiled", "")
	case code == exitMemory, has("out of memory"), has("cannot allocate memory"), has("pthread_create failed"), code < 0 && exit != nil, // killed by the system, for memory
		strings.HasPrefix(said, "SIGSEGV: "), has("unexpected signal during runtime execution"): // Go's garbage collector does not check whether it got memory; a bug in the code would panic
		return p.refuse(p.largest(), fmt.Sprintf("needs more than %d MB to compile", p.limits.CompileMemory>>20), "runtime.compile_memory")
	case code == exitVersion, !p.begun && code >= 0:
		return errs.Wrap(errs.Unavailable, errors.Join(talked, ended, errors.New(said)), "the program file on disk is not the one that is running; restart Fazt to deploy functions")
	}
	return errs.Wrap(errs.Internal, errors.Join(talked, ended, errors.New(said)), "the compiler process ended without a result")
}

// refuse returns the error for source code that exceeds a limit; limit names it if it can be raised.
func (p *process) refuse(file, what, limit string) error {
	subject, entry := "the function", p.Entry
	switch {
	case len(p.served) == 1:
		subject, entry = "the code of "+file, file
	case file != "":
		subject, entry = "the code (probably "+file+")", file
	}
	text := subject + " " + what
	if limit != "" {
		text += "; the limit is " + limit
	}
	d := compile.Diagnostic{File: entry, Line: 1, Column: 1, Text: text}
	return errs.New(errs.Unprocessable, "%s", text).WithDetails([]compile.Diagnostic{d})
}

func (p *process) largest() string {
	return p.largestBy(func(f servedFile) int { return f.size })
}

// deepest returns the file with the most nested brackets. Code can also nest without brackets, so if no file has many, it
// returns the largest.
func (p *process) deepest() string {
	const many = 200
	return p.largestBy(func(f servedFile) int {
		if f.depth >= many {
			return f.depth << 32
		}
		return f.size
	})
}

func (p *process) largestBy(of func(servedFile) int) (path string) {
	largest := -1
	for _, f := range p.served {
		if f.path != compile.ImportsFile && of(f) > largest {
			largest, path = of(f), f.path
		}
	}
	return path
}

// child is a running process with its pipes.
type child struct {
	in     io.WriteCloser
	out    io.ReadCloser
	stderr *limitio.Head
	waited chan error
	kill   func()
}

// Argument starts the program as a compiler process, which reads its job from standard input. It looks like a flag so that a
// program that does not know it refuses it instead of doing its usual work.
const Argument = "--compile-worker"

// start starts the process. It is killed when ctx ends.
func start(ctx context.Context) (*child, error) {
	name, err := program()
	if err != nil {
		return nil, err
	}
	inRead, inWrite, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	outRead, outWrite, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, inRead.Close(), inWrite.Close())
	}
	c := &child{in: inWrite, out: outRead, stderr: &limitio.Head{Max: 8 << 10}, waited: make(chan error, 1)}
	cmd := &exec.Cmd{
		Path: name, Args: []string{"fazt", Argument}, Env: environment(), Dir: filepath.VolumeName(name) + string(filepath.Separator),
		Stdin: inRead, Stdout: outWrite, Stderr: c.stderr, WaitDelay: 5 * time.Second, SysProcAttr: attributes(),
	}
	started := make(chan error)
	go func() {
		// Linux kills the process when the thread that started it ends.
		goruntime.LockOSThread()
		defer goruntime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			c.waited <- cmd.Wait()
		}
	}()
	err = errors.Join(<-started, inRead.Close(), outWrite.Close())
	if err != nil {
		return nil, errors.Join(err, inWrite.Close(), outRead.Close())
	}
	kill := func() { _ = cmd.Process.Kill() }
	stop := context.AfterFunc(ctx, kill)
	c.kill = func() { stop(); kill() }
	return c, nil
}

// end waits for the process to exit. Once it is done, it is killed: it has nothing more to do.
func (c *child) end(done bool) error {
	_ = c.in.Close()
	if done {
		c.kill()
	}
	var err error
	select {
	case err = <-c.waited:
	case <-time.After(2 * time.Second): // it sends nothing more and does not exit
		c.kill()
		err = <-c.waited
	}
	c.kill() // releases the context
	_ = c.out.Close()
	return err
}

package compiler

import (
	"bufio"
	"context"
	"errors"
	"io"
	"io/fs"
	goruntime "runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"time"

	"fazt/internal/errs"
	"fazt/internal/runtime/compile"
	"fazt/internal/system"
)

// Exit codes of the compiler process.
const (
	exitDone    = 0
	exitTalk    = 3 // the other end is gone, or sent something unreadable
	exitTime    = 4
	exitMemory  = 5
	exitVersion = 6
)

// A stack may take an eighth of the memory, within these bounds: it is copied when it grows.
const (
	smallestStack = 16 << 20
	largestStack  = 64 << 20
)

// Asked reports whether the program was started as a compiler process.
func Asked(args []string) bool { return len(args) == 1 && args[0] == Argument }

// Serve does the one job that it reads from in, and returns the exit code. The process must exit then, even if something is
// still running in it.
func Serve(in io.Reader, out io.Writer) int {
	r := bufio.NewReader(in)
	var j job
	script, err := readFrame(r, &j, 1<<30)
	if err != nil {
		return exitTalk
	}
	if j.Version != system.Version {
		return exitVersion
	}
	goruntime.GOMAXPROCS(max(1, goruntime.NumCPU()/2)) // the rest is for visitors
	debug.SetMaxStack(int(min(max(j.Memory/8, smallestStack), largestStack)))
	debug.SetMemoryLimit(j.Memory / 4 * 3)
	confine(j.Memory, j.Task != taskGather)

	w := &worker{job: j, script: script, out: bufio.NewWriter(out), answers: make(chan reply), gone: make(chan struct{})}
	done := make(chan int, 1)
	go w.listen(r)
	go func() { done <- w.work() }()
	over := time.After(time.Duration(j.Time) * time.Millisecond)
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for {
		select {
		case code := <-done:
			return code
		case <-w.gone: // the process that started this one is gone too
			return exitTalk
		case <-over:
			return exitTime
		case <-look.C:
			if used() > j.Memory {
				return exitMemory
			}
		}
	}
}

// used returns the memory that the Go program uses. On Linux, the system also enforces a limit, without delay.
func used() int64 {
	samples := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(samples)
	return int64(samples[0].Value.Uint64() - samples[1].Value.Uint64())
}

// worker does the job, in the compiler process.
type worker struct {
	job
	script []byte

	mu      sync.Mutex // one request at a time
	out     *bufio.Writer
	answers chan reply
	gone    chan struct{} // closed when no more replies come
}

type reply struct {
	answer
	data []byte
}

// listen reads replies until the other end is gone.
func (w *worker) listen(r *bufio.Reader) {
	defer close(w.gone)
	for {
		var a reply
		var err error
		if a.data, err = readFrame(r, &a.answer, 1<<30); err != nil {
			return
		}
		w.answers <- a
	}
}

func (w *worker) work() int {
	o := w.do(context.Background())
	for _, p := range o.parts {
		o.Sizes = append(o.Sizes, int64(len(p)))
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if errors.Join(writeFrame(w.out, message{Done: o}, o.parts...), w.out.Flush()) != nil {
		return exitTalk
	}
	return exitDone
}

func (w *worker) do(ctx context.Context) *outcome {
	switch w.Task {
	case taskCompile:
		p, err := compile.Compile(ctx, w)
		if err != nil {
			return failed(err)
		}
		return &outcome{Entry: p.Entry, Style: p.Style, Engine: p.Engine, Standard: p.Standard, parts: [][]byte{p.Script, p.SourceMap, p.Bytecode}}
	case taskGather:
		p, err := compile.Gather(ctx, w.Dir, w.Elsewhere, w)
		if err != nil {
			return failed(err)
		}
		return &outcome{Files: p.Files, Workspace: p.Workspace, Own: p.Own, parts: [][]byte{p.Imports}}
	case taskAssemble:
		code, err := compile.Assemble(&compile.Program{Entry: w.Entry, Style: w.Style, Script: w.script})
		if err != nil {
			return failed(err)
		}
		return &outcome{parts: [][]byte{nil, nil, code}}
	}
	return failed(errs.New(errs.Unsupported, "unknown task %q", w.Task))
}

// ask requests a file of the deployment.
func (w *worker) ask(m message) (reply, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := errors.Join(writeFrame(w.out, m), w.out.Flush()); err != nil {
		return reply{}, err
	}
	select {
	case a := <-w.answers:
		return a, nil
	case <-w.gone:
		return reply{}, io.ErrUnexpectedEOF
	}
}

// Exists reports whether the deployment has a file.
func (w *worker) Exists(path string) bool {
	a, err := w.ask(message{Ask: "exists", Path: path})
	return err == nil && a.Found
}

// ReadFile returns the content of a file of the deployment.
func (w *worker) ReadFile(_ context.Context, path string) ([]byte, error) {
	a, err := w.ask(message{Ask: "read", Path: path})
	switch {
	case err != nil:
		return nil, err
	case a.Refused != "":
		return nil, errs.New(errs.Invalid, "%s", a.Refused)
	case !a.Found:
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
	}
	return a.data, nil
}

// Package compiler compiles the functions of apps, each in a process of its own.
//
// What compiles is a bundler and the parser of an engine, and both recurse on text that an author wrote: a few hundred
// bytes, unpacked, overflow the stack, which no Go program survives, or take gigabytes. So the source is read by another
// process of the same program. It has a bound on its memory, stack and time, no environment, no file but its pipes, and
// ends with the process that started it. When it dies, the deploy fails with a sentence, and nothing else does.
package compiler

import (
	"context"
	"path/filepath"
	"sync"

	"fazt/internal/errs"
	"fazt/internal/runtime/compile"
	"fazt/internal/system"
)

// Compiler compiles as many functions at once as the limits allow, but only one per app.
type Compiler struct {
	limits func() system.Runtime // called for every function
	queue  queue

	mu     sync.Mutex
	closed bool
	ending context.Context // ends with Close
	end    context.CancelFunc
	jobs   sync.WaitGroup
}

// New returns a compiler. No process runs until there is something to compile.
func New(limits func() system.Runtime) *Compiler {
	c := &Compiler{limits: limits}
	c.ending, c.end = context.WithCancel(context.Background())
	return c
}

// Compile compiles the function of a deployment; nil = it has none. Errors in the source are Unprocessable, with a
// []compile.Diagnostic.
func (c *Compiler) Compile(ctx context.Context, author string, src compile.Source) (*compile.Program, error) {
	if !compile.HasFunction(src) {
		return nil, nil
	}
	out, err := c.run(ctx, author, &process{job: job{Task: taskCompile}, src: src})
	return out.program(), err
}

// Gather finds what the function in a folder imports from its node_modules. The process reads those from the disk: it is for
// the author's machine, never for a server. See compile.Gather for elsewhere.
func (c *Compiler) Gather(ctx context.Context, dir string, elsewhere bool, src compile.Source) (*compile.Packages, error) {
	if !compile.HasFunction(src) {
		return &compile.Packages{}, nil
	}
	full, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	out, err := c.run(ctx, dir, &process{job: job{Task: taskGather, Dir: full, Elsewhere: elsewhere}, src: src})
	return out.packages(), err
}

// Assemble compiles a program that was bundled before to bytecode.
func (c *Compiler) Assemble(ctx context.Context, app string, p *compile.Program) ([]byte, error) {
	out, err := c.run(ctx, app, &process{job: job{Task: taskAssemble, Style: p.Style, Entry: p.Entry}, script: p.Script})
	if err != nil {
		return nil, err
	}
	return out.program().Bytecode, nil
}

// Close stops running jobs and waits for them; later ones are refused.
func (c *Compiler) Close() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.end()
	c.jobs.Wait()
}

// begin counts a job, unless the compiler is closed.
func (c *Compiler) begin() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closed {
		c.jobs.Add(1)
	}
	return !c.closed
}

// run waits for its turn and does the job.
func (c *Compiler) run(ctx context.Context, author string, p *process) (*outcome, error) {
	if !c.begin() {
		return nil, errs.New(errs.Unavailable, "the server is stopping; deploy again in a moment")
	}
	defer c.jobs.Done()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(c.ending, cancel)()
	limits := c.limits()
	if err := c.queue.enter(ctx, author, limits.Compiles); err != nil {
		return nil, err
	}
	defer c.queue.leave(author, func() int { return c.limits().Compiles })
	p.limits = limits
	return p.run(ctx)
}

// Package runtime runs the functions of apps: it keeps VMs warm, and runs each event in one of them within limits that no script
// can lift. Package httpfn makes events of HTTP requests.
//
// The engine is QuickJS, see ADR 0004. A VM belongs to one deployment for its whole life and serves one event at
// a time; what a script leaves behind at module level lives as long as its VM and is seen by no other deployment.
package runtime

import (
	"context"
	"runtime"
	"time"

	"fazt/internal/runtime/bind"
	"fazt/internal/runtime/compile"
	"fazt/internal/runtime/sched"
	"fazt/internal/runtime/web"
	"fazt/internal/share"
	"fazt/internal/system"
)

// New makes an engine that runs nothing yet.
func New(c Config) *Engine {
	e := &Engine{config: c, cpu: sched.New(max(2, runtime.GOMAXPROCS(0))), pools: map[string]*pool{}, vmsByApp: map[string]int{}, vmsByHolder: map[share.Holder]int{}, busy: map[*VM]*Invocation{}, stopping: make(chan struct{}), stuckAfter: 3 * time.Second, callsEnd: 10 * time.Second}
	e.functions, e.bindings = bind.Installed(c.Bindings)
	e.host = hostFuncs(c.Tables)
	e.prelude = compile.Embedded("prelude", func() ([]byte, error) { return []byte(web.Prelude), nil })
	e.parts = map[string]func() ([]byte, error){}
	for name, read := range web.Parts() {
		e.parts[name] = compile.Embedded(name, read)
	}
	e.memory.short = c.Short
	e.budget()
	return e
}

// Limits returns the limits in force for an app.
func (e *Engine) Limits(appID string) system.Runtime { return e.config.Limits(appID) }

// Admit refuses an event that has no chance of getting a processor in time. Call it before anything is allocated or read for
// the event: under load, most of the work is refusing.
func (e *Engine) Admit(f *Function, limits system.Runtime) error {
	err := e.cpu.Admit(f.Holder(), queueWait(limits))
	if err != nil {
		e.countRefusal()
	}
	return err
}

// Program returns the program of a function, loaded once for all its VMs.
func (e *Engine) Program(ctx context.Context, f Function) (*compile.Program, error) {
	p, err := e.pool(ctx, f)
	if err != nil {
		return nil, err
	}
	return p.program, nil
}

// EndStreams ends streamed responses as if their visitors had left, because they would hold up a shutdown. Later ones end as soon
// as they wait for something.
func (e *Engine) EndStreams() { e.endStreams.Do(func() { close(e.stopping) }) }

// Stats returns the counters now.
func (e *Engine) Stats() Stats {
	e.mu.Lock()
	defer e.mu.Unlock()
	s := e.stats
	s.VMs, s.Waiting, s.Parked = e.vms, len(e.queue), e.parkedVMs
	s.Crowded = e.crowded.Load()
	s.Memory, s.MaxMemory, s.Promised = e.memory.real.Load(), e.memory.max.Load(), e.memory.held.Load()
	s.Charged = e.memory.charged.Load()
	taken, cut := e.streams.Taken()
	s.Streams, s.Crowded = taken, s.Crowded+cut
	return s
}

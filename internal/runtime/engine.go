// Package runtime runs the functions of apps: it keeps VMs warm, and runs each event in one of them within limits that no script
// can lift. Package httpfn makes events of HTTP requests.
//
// The engine is QuickJS in pure Go. A VM belongs to one deployment for its whole life and serves one event at
// a time; what a script leaves behind at module level lives as long as its VM and is seen by no other deployment.
package runtime

import (
	"context"
	"log/slog"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"fazt/internal/errs"
	"fazt/internal/quickjs"
	"fazt/internal/runtime/bind"
	"fazt/internal/runtime/compile"
	"fazt/internal/runtime/sched"
	"fazt/internal/runtime/web"
	"fazt/internal/share"
	"fazt/internal/system"
	"fazt/internal/timeout"
)

// Config is what the engine works with.
type Config struct {
	Limits   func(appID string) system.Runtime // in force for an app; asked again for every decision
	Console  Console
	Stopped  func(Stop) // told of every invocation that a limit ended; must not block; may be nil
	Bindings []bind.Namespace
	Tables   []Table // host functions in addition to the engine's own: of the web-standard API, of events
	Log      *slog.Logger
	Version  string       // of the product
	Memory   func() int64 // what all VMs may hold together, in addition to their limit; nil = as much as that says
	Short    func()       // told that an invocation waits for memory; must not block; may be nil
	// Assemble makes the bytecode of a program that was compiled for another engine. nil = such a program does not run.
	Assemble func(ctx context.Context, appID string, p *compile.Program) ([]byte, error)
}

// Stats are the counters of an engine.
type Stats struct {
	VMs         int    // VMs there are
	Busy        int    // of them, serving
	Memory      int64  // what they hold, in bytes
	MaxMemory   int64  // what they may, with what is promised to them
	Promised    int64  // what they hold or is reserved for them, with Charged
	Charged     int64  // what Go holds for them
	Streams     int64  // memory of VMs that are parked
	Parked      int    // further ones, whose request is a stream that waits
	Waiting     int    // requests without a VM
	Runs        uint64 // requests served
	Interrupted uint64 // of them, stopped at the deadline
	Killed      uint64 // invocations that ended because their VM's memory was taken
	Abandoned   uint64 // invocations that nothing ended
	Burning     int    // of them, still at work
	Refused     uint64 // requests for which no VM was free in time
	Left        int    // host calls that do not end though their runs have
	Crowded     uint64 // streams that were cut off because too many waited for visitors
}

// Engine runs functions.
type Engine struct {
	config    Config
	prelude   func() ([]byte, error) // the web-standard API as bytecode
	parts     map[string]func() ([]byte, error)
	bindings  string // JSON: what the prelude installs
	functions []bind.Func
	host      []namedFunc
	cpu       *sched.Processors

	mu          sync.Mutex
	pools       map[string]*pool     // by deployment
	vms         int                  // VMs, without those that are parked
	parkedVMs   int                  // VMs that are parked
	vmsByApp    map[string]int       // of them, by app
	vmsByHolder map[share.Holder]int // invocations that have a VM, by their app and client
	queue       []*waiter            // requests without a VM, in the order of their arrival
	empty       chan struct{}        // closed when the last VM ended, while shutdown waits for that
	stats       Stats
	busy        map[*VM]*Invocation

	memory  sharedMemory // of all VMs
	streams share.Pool   // memory of VMs that are parked
	crowded atomic.Uint64

	stopping   chan struct{} // closed when no more streams are sent
	endStreams sync.Once
	localizer  *quickjs.Localizer
	late       sync.WaitGroup // answers for invocations that were abandoned
	stuckAfter time.Duration  // how long after its deadline a script at work is abandoned
	callsEnd   time.Duration  // how long host calls may take to end after their run
}

// New makes an engine that runs nothing yet.
func New(c Config) *Engine {
	e := &Engine{config: c, cpu: sched.New(max(2, runtime.GOMAXPROCS(0))), pools: map[string]*pool{}, vmsByApp: map[string]int{}, vmsByHolder: map[share.Holder]int{}, busy: map[*VM]*Invocation{}, stopping: make(chan struct{}), stuckAfter: 3 * time.Second, callsEnd: 10 * time.Second}
	e.localizer = quickjs.NewLocalizer(web.Localizer)
	e.describeBindings()
	e.host = hostFuncs(c.Tables)
	e.prelude = embedded("prelude", func() ([]byte, error) { return []byte(web.Prelude), nil })
	e.parts = map[string]func() ([]byte, error){}
	for name, read := range web.Parts() {
		e.parts[name] = embedded(name, read)
	}
	e.memory.short = c.Short
	e.budget()
	return e
}

// compiled holds a function for each script in the binary, which returns its bytecode. It is the same in every engine.
var compiled sync.Map // a memo of a pure function, by the name of the script

// embedded compiles a script of the binary when it is first needed: a command that runs no function does not pay for it.
func embedded(name string, read func() ([]byte, error)) func() ([]byte, error) {
	once, _ := compiled.LoadOrStore(name, sync.OnceValues(func() ([]byte, error) {
		script, err := read()
		if err != nil {
			return nil, err
		}
		return compile.Embedded("fazt:"+name, script)
	}))
	return once.(func() ([]byte, error))
}

// Limits are those in force for an app.
func (e *Engine) Limits(appID string) system.Runtime { return e.config.Limits(appID) }

// Admit refuses an event that has no chance to get a processor in time. It is called before anything is made or read for the
// event: under load, most of the work is to refuse.
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

// Perform waits for a processor and a VM, and runs the function there. An error means that the script did not get the event; how it
// ended otherwise is its Outcome.
func (inv *Invocation) Perform() (*compile.Program, error) {
	e, limits := inv.engine, inv.limits
	if gate := inv.fn.Admission; gate != nil {
		if err := gate.Enter(&inv.fn); err != nil {
			timeout.HoldBack(inv.caller)
			return nil, err
		}
		defer gate.Leave(&inv.fn)
	}
	// The processor comes before the VM: a function that never waits then needs no more VMs than there are
	// processors, however many requests come at once.
	if err := inv.acquireFirst(limits); err != nil {
		return nil, err
	}
	vm, err := e.acquire(inv, limits)
	if err == nil && inv.exchange != nil {
		if err = inv.exchange.Admitted(); err != nil {
			e.release(vm, inv, true)
		}
	}
	inv.leaveLine(err == nil)
	if err != nil {
		inv.releaseProcessor()
		if errs.Is(err, errs.Internal) {
			e.config.Log.Error("a function could not be started", "app", inv.fn.AppName, "deployment", inv.fn.Number, "error", err)
		}
		return nil, err
	}
	program := vm.program
	e.work(vm, inv)
	return program, nil
}

// EndStreams ends the answers that still go out, as if their visitors had left: they would keep a server that stops from
// ending. Later ones end as soon as they wait for something.
func (e *Engine) EndStreams() { e.endStreams.Do(func() { close(e.stopping) }) }

// work runs inv in vm and gives vm back.
func (e *Engine) work(vm *VM, inv *Invocation) {
	healthy := false
	before := debug.SetPanicOnFault(true) // a touch of memory that endStuck took is a panic then
	defer func() {                        // also when serving panics
		debug.SetPanicOnFault(before)
		e.release(vm, inv, healthy)
		inv.releaseProcessor()
	}()
	defer inv.ended(vm)
	if inv.ctx.Err() != nil || inv.caller.Err() != nil { // its time went by in the queue
		inv.outcome, healthy = inv.notBegun(), true
		e.countRefusal()
		return
	}
	healthy = inv.serve(vm) && vm.recycle(inv)
}

// Stats are the counters now.
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

// Package runtime runs the functions of apps: it compiles them at deploy, keeps virtual machines warm, and runs each
// request in one of them within limits that no script can lift.
//
// The engine is QuickJS in pure Go. A machine belongs to one deployment for its whole life and serves one request at
// a time; what a script leaves behind at module level lives as long as its machine and is seen by no other deployment.
package runtime

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"runtime"
	"sync"
	"time"

	"fazt/internal/errs"
	"fazt/internal/runtime/bind"
	"fazt/internal/system"
)

//go:embed web/prelude.js
var preludeScript string

// Console takes the lines that functions print. It must not block.
type Console interface{ WriteLine(Line) }

// Line is one line of an app's console.
type Line struct {
	AppID      string
	Deployment string
	Number     int
	RequestID  string
	Level      string // debug, info, warn, error
	Message    string
	Time       time.Time
}

// Env is an environment. It is immutable: machines compare the pointer to know whether theirs is the newest.
type Env struct{ Values map[string]string }

// Function is the function of a deployment, and what a run of it is told.
type Function struct {
	AppID, AppName string
	Deployment     string // whose machines serve it
	Number         int
	Load           func(ctx context.Context) (*Program, error) // reads the program, once for all its machines
	Env            *Env
	RequestID      string
	ClientIP       string
	Dev            bool // the visitor is the author: show them the failure
}

// Config is what the engine works with.
type Config struct {
	Limits   func() system.Runtime
	Console  Console
	Bindings []bind.Namespace
	Log      *slog.Logger
	Version  string // of the product
	// Fail writes the answer for a function that failed, with an error that may be shown.
	Fail func(w http.ResponseWriter, r *http.Request, err error, f Function)
}

// Stats are the counters of an engine.
type Stats struct {
	VMs         int    // machines there are
	Busy        int    // of them, serving
	Runs        uint64 // requests served
	Interrupted uint64 // of them, stopped at the deadline
	Refused     uint64 // requests for which no machine was free in time
}

// Engine runs functions.
type Engine struct {
	config    Config
	prelude   func() ([]byte, error) // the web-standard API as bytecode
	bindings  string                 // JSON: what the prelude installs
	functions []bind.Func
	cpu       chan struct{} // one token for each script at work

	mu    sync.Mutex
	pools map[string]*pool // by deployment
	count int              // machines
	freed chan struct{}    // closed and replaced when a machine came back
	stats Stats
}

// pool is the machines of one deployment.
type pool struct {
	deployment string
	program    *Program
	err        error
	loaded     chan struct{} // closed when program or err is set
	idle       []*machine    // last in, first out
	count      int
	dropped    bool
}

// New makes an engine that runs nothing yet.
func New(c Config) *Engine {
	if c.Fail == nil {
		c.Fail = plainFailure
	}
	e := &Engine{config: c, cpu: make(chan struct{}, max(2, runtime.GOMAXPROCS(0))), pools: map[string]*pool{}, freed: make(chan struct{})}
	e.describeBindings()
	// Compiled when the first machine is made: a command that runs no function does not pay for it.
	e.prelude = sync.OnceValues(func() ([]byte, error) {
		return assemble(&Program{Style: StyleModule, Script: []byte(preludeScript)}, "fazt:prelude")
	})
	return e
}

// plainFailure tells a visitor the request's id and no more.
func plainFailure(w http.ResponseWriter, _ *http.Request, err error, f Function) {
	body, _ := json.Marshal(map[string]any{"error": map[string]string{
		"code": errs.Code(err), "message": errs.Sentence(err), "request_id": f.RequestID,
	}})
	w.Header().Set("Content-Type", "application/json")
	if errs.RetryAfter(err) > 0 {
		w.Header().Set("Retry-After", "1")
	}
	w.WriteHeader(errs.KindOf(err).HTTPStatus())
	_, _ = w.Write(append(body, '\n'))
}

// describeBindings numbers the functions of the product for the prelude.
func (e *Engine) describeBindings() {
	type entry struct {
		Path     string `json:"path"`
		Name     string `json:"name"`
		Index    int    `json:"index"`
		Async    bool   `json:"async"`
		Constant bool   `json:"constant"`
		Paged    bool   `json:"page"`
	}
	list := []entry{}
	for _, n := range e.config.Bindings {
		for _, f := range n.Members {
			if !f.Installed() {
				continue
			}
			list = append(list, entry{n.Path, f.Name, len(e.functions), f.Async, f.Constant, f.Paged})
			e.functions = append(e.functions, f)
		}
	}
	data, _ := json.Marshal(list)
	e.bindings = string(data)
}

// Serve runs a function for a request and writes its answer.
func (e *Engine) Serve(w http.ResponseWriter, r *http.Request, f Function) {
	limits := e.config.Limits()
	u, cancel := newRun(e, f, limits, w, r)
	defer cancel()
	m, err := e.acquire(u.ctx, f, limits)
	if err != nil {
		if errs.Is(err, errs.Internal) {
			e.config.Log.Error("a function could not be started", "app", f.AppName, "deployment", f.Number, "error", err)
		}
		u.fail(err)
		return
	}
	e.enter()
	healthy := u.serve(m)
	cancel()
	if healthy {
		healthy = m.recover(u)
	}
	e.leave()
	u.calls.Wait()
	e.release(m, f.Deployment, healthy, errors.Is(u.outcome, errDeadline))
}

// enter takes a processor for a script, leave gives it back: scripts that wait hold none.
func (e *Engine) enter() { e.cpu <- struct{}{} }
func (e *Engine) leave() { <-e.cpu }

// acquire is a machine of the deployment: a warm one, a new one, or the next that comes free in time.
func (e *Engine) acquire(ctx context.Context, f Function, limits system.Runtime) (*machine, error) {
	p, err := e.pool(ctx, f)
	if err != nil {
		return nil, err
	}
	var deadline <-chan time.Time
	for {
		e.mu.Lock()
		if n := len(p.idle); n > 0 {
			m := p.idle[n-1]
			p.idle = p.idle[:n-1]
			e.stats.Busy++
			e.mu.Unlock()
			return m, nil
		}
		victim := e.evict(p, limits)
		if p.count < limits.VMsPerApp && e.count < limits.VMs {
			p.count++
			e.count++
			e.stats.Busy++
			e.mu.Unlock()
			if victim != nil {
				victim.close()
			}
			return e.grow(p)
		}
		freed := e.freed
		e.mu.Unlock()
		if victim != nil {
			victim.close()
			continue
		}
		if deadline == nil {
			t := time.NewTimer(time.Duration(limits.QueueWait) * time.Millisecond)
			defer t.Stop()
			deadline = t.C
		}
		select {
		case <-freed:
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-deadline:
			e.mu.Lock()
			e.stats.Refused++
			e.mu.Unlock()
			return nil, errs.New(errs.Unavailable, "the app is busy; try again")
		}
	}
}

// evict takes an idle machine from another deployment when there is no room for one more. The lock is held.
func (e *Engine) evict(p *pool, limits system.Runtime) *machine {
	if e.count < limits.VMs || p.count >= limits.VMsPerApp {
		return nil
	}
	var from *pool
	for _, other := range e.pools {
		if other != p && len(other.idle) > 0 && (from == nil || other.idle[0].used.Before(from.idle[0].used)) {
			from = other
		}
	}
	if from == nil {
		return nil
	}
	m := from.idle[0]
	from.idle = from.idle[1:]
	from.count--
	e.count--
	return m
}

func (e *Engine) grow(p *pool) (*machine, error) {
	m, err := e.newMachine(p.program)
	if err != nil {
		e.mu.Lock()
		p.count--
		e.count--
		e.stats.Busy--
		e.mu.Unlock()
	}
	return m, err
}

// pool is the pool of a deployment, its program loaded by whoever comes first.
func (e *Engine) pool(ctx context.Context, f Function) (*pool, error) {
	e.mu.Lock()
	p, ok := e.pools[f.Deployment]
	if !ok {
		p = &pool{deployment: f.Deployment, loaded: make(chan struct{})}
		e.pools[f.Deployment] = p
	}
	e.mu.Unlock()
	if !ok {
		p.program, p.err = e.load(context.WithoutCancel(ctx), f)
		if p.err != nil {
			e.forget(p) // the next request tries again
		}
		close(p.loaded)
	}
	select {
	case <-p.loaded:
		return p, p.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// load reads the program, and compiles it anew when the engine has changed since the deploy.
func (e *Engine) load(ctx context.Context, f Function) (*Program, error) {
	p, err := f.Load(ctx)
	if err != nil || p.Engine == engineVersion {
		return p, err
	}
	fresh := *p
	if fresh.Bytecode, err = assemble(&fresh, scriptName); err != nil {
		return nil, err
	}
	fresh.Engine = engineVersion
	return &fresh, nil
}

func (e *Engine) forget(p *pool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.pools[p.deployment] == p {
		delete(e.pools, p.deployment)
	}
}

// release takes a machine back, or ends it when it is not to be used again.
func (e *Engine) release(m *machine, deployment string, healthy, interrupted bool) {
	e.mu.Lock()
	e.stats.Runs++
	e.stats.Busy--
	if interrupted {
		e.stats.Interrupted++
	}
	p := e.pools[deployment]
	keep := healthy && p != nil && !p.dropped && p.program == m.program
	if keep {
		m.used = time.Now()
		p.idle = append(p.idle, m)
	} else {
		e.count--
		if p != nil && p.program == m.program {
			p.count--
		}
	}
	close(e.freed)
	e.freed = make(chan struct{})
	e.mu.Unlock()
	if !keep {
		m.close()
	}
}

// Drop ends the machines of a deployment that is no longer served: idle ones now, busy ones when they finish.
func (e *Engine) Drop(deployment string) {
	e.mu.Lock()
	p := e.pools[deployment]
	var idle []*machine
	if p != nil {
		idle, p.idle = p.idle, nil
		p.dropped = true
		e.count -= len(idle)
		delete(e.pools, deployment)
	}
	e.mu.Unlock()
	for _, m := range idle {
		m.close()
	}
}

// Run ends machines that nobody needed for a while, until ctx ends; then it ends them all, waiting for busy ones.
func (e *Engine) Run(ctx context.Context) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			e.shutdown()
			return nil
		case now := <-tick.C:
			e.dropIdle(now.Add(-time.Duration(e.config.Limits().IdleVM) * time.Second))
		}
	}
}

// dropIdle ends machines that were used before the given time.
func (e *Engine) dropIdle(before time.Time) {
	var old []*machine
	e.mu.Lock()
	for name, p := range e.pools {
		n := 0
		for n < len(p.idle) && p.idle[n].used.Before(before) {
			n++
		}
		old = append(old, p.idle[:n]...)
		p.idle = p.idle[n:]
		p.count -= n
		e.count -= n
		if p.count == 0 && n > 0 {
			delete(e.pools, name)
		}
	}
	e.mu.Unlock()
	for _, m := range old {
		m.close()
	}
}

func (e *Engine) shutdown() {
	for {
		e.dropIdle(time.Now().Add(time.Hour))
		e.mu.Lock()
		left, freed := e.count, e.freed
		e.mu.Unlock()
		if left == 0 {
			return
		}
		<-freed
	}
}

// Stats are the counters now.
func (e *Engine) Stats() Stats {
	e.mu.Lock()
	defer e.mu.Unlock()
	s := e.stats
	s.VMs = e.count
	return s
}

// Package runtime runs the functions of apps: it compiles them at deploy, keeps VMs warm, and runs each
// request in one of them within limits that no script can lift.
//
// The engine is QuickJS in pure Go. A VM belongs to one deployment for its whole life and serves one request at
// a time; what a script leaves behind at module level lives as long as its VM and is seen by no other deployment.
package runtime

import (
	"context"
	"encoding/json"
	"log/slog"
	"math"
	"net/http"
	"net/netip"
	"runtime"
	"runtime/debug"
	"slices"
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

// Env is an environment. It is immutable: VMs compare the pointer to know whether theirs is the newest.
type Env struct{ Values map[string]string }

// json is the environment as the prelude reads it.
func (e *Env) json() string {
	if e.Values == nil {
		return "{}"
	}
	data, err := json.Marshal(e.Values)
	if err != nil {
		return "{}" // only text is in it
	}
	return string(data)
}

// Function is the function of a deployment, and what an invocation of it is told.
type Function struct {
	AppID, AppName string
	Deployment     string // whose VMs serve it
	Number         int
	Load           func(ctx context.Context) (*compile.Program, error) // reads the program, once for all its VMs
	Env            *Env
	RequestID      string
	ClientIP       string
	Client         netip.Prefix // who counts as one client with whoever asks; zero = not known
	Admission      Admission    // nil = as many requests as come may be in work
	HTTPS          bool         // the visitor's connection is encrypted, though the one that arrived here is not
	Ends           time.Time    // by then the request is to be answered; zero = only the limits of the function count
	Dev            bool         // the visitor is the author: show them the failure

	Source func(ctx context.Context, path string) ([]byte, error) // reads a file, to show it to the author; nil = none is shown
}

// Admission counts the requests that are in work or wait for it.
type Admission interface {
	// Enter counts a request in, or says why it cannot be.
	Enter(f *Function) error
	// Leave counts it out: the function is done with it. Its visitor may not have read the answer.
	Leave(f *Function)
	// Return counts one in again that left to wait, however many there are.
	Return(f *Function)
}

func (f *Function) holder() share.Holder { return share.Holder{App: f.AppID, Client: f.Client} }

// Config is what the engine works with.
type Config struct {
	Limits   func(appID string) system.Runtime // in force for an app; asked again for every decision
	Console  Console
	Stopped  func(Stop) // told of every run that a limit ended; must not block. nil = nobody is
	Bindings []bind.Namespace
	Network  Network // the way out of functions; nil = there is none
	Log      *slog.Logger
	Version  string       // of the product
	Temp     string       // directory for bodies that are read ahead and are not small; "" = the system's
	Memory   func() int64 // what all VMs may hold together, beside their limit; nil = as much as that says
	Short    func()       // told that an invocation waits for memory; must not block. nil = nobody is
	// Assemble makes the bytecode of a program that was compiled for another engine. nil = such a program does not run.
	Assemble func(ctx context.Context, appID string, p *compile.Program) ([]byte, error)
	// Fail writes the answer for a function that failed, with an error that may be shown.
	Fail func(w http.ResponseWriter, r *http.Request, err error, f Function)
}

// Stats are the counters of an engine.
type Stats struct {
	VMs         int    // VMs there are
	Busy        int    // of them, serving
	Memory      int64  // what they hold, in bytes
	MaxMemory   int64  // what they may, with what is promised to them
	Promised    int64  // what they hold or is reserved for them, with Charged
	Charged     int64  // what Go holds for them
	Buffers     int64  // memory of bodies and answers that wait
	Parked      int    // further ones, whose request is a stream that waits
	Waiting     int    // requests without a VM
	Runs        uint64 // requests served
	Interrupted uint64 // of them, stopped at the deadline
	Killed      uint64 // invocations that ended because their VM's memory was taken
	Abandoned   uint64 // invocations that nothing ended
	Burning     int    // of them, still at work
	Refused     uint64 // requests for which no VM was free in time
	Left        int    // host calls that do not end though their runs have
	Crowded     uint64 // bodies, answers and streams that were cut off because too much waited for visitors
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
	vmsByHolder map[share.Holder]int // invocations that have a VM, by who asks for them
	queue       []*waiter            // requests without a VM, in the order of their arrival
	empty       chan struct{}        // closed when the last VM ended, while shutdown waits for that
	stats       Stats
	busy        map[*VM]*Invocation

	memory  sharedMemory // of all VMs
	streams share.Pool   // memory of VMs that are parked
	buffers share.Pool   // memory of bodies that are read ahead, and of answers that wait to be read
	spooled share.Pool   // disk space of bodies that are read ahead
	crowded atomic.Uint64
	opening openings // streams that are starting

	stopping   chan struct{} // closed when no more streams are sent
	endStreams sync.Once
	coders     atomic.Int64 // open ones
	localizer  *quickjs.Localizer
	computing  chan struct{}  // holds a token for each long computation alongside the VMs
	late       sync.WaitGroup // answers for invocations that were abandoned
	stuckAfter time.Duration  // how long after its deadline a script at work is abandoned
	callsEnd   time.Duration  // how long host calls may take to end after their run
}

// waiter is a request that waits for a VM. It gets one, or nil: room to make one, or to go on with the one it has.
type waiter struct {
	pool    *pool
	holder  share.Holder
	ready   chan *VM
	resumes bool  // it has a VM
	size    int64 // memory its invocation is expected to need
}

// pool is the VMs of one deployment.
type pool struct {
	app         string // its id
	deployment  string
	program     *compile.Program
	err         error
	loaded      chan struct{} // closed when program or err is set
	idle        []*VM         // last in, first out
	count       int
	usualMemory atomic.Int64 // memory of an invocation, see expects; 0 = not known yet
	abandoned   []int64      // when runs of it had to be
	stopped     bool         // too many: it gets no more
}

// New makes an engine that runs nothing yet.
func New(c Config) *Engine {
	if c.Fail == nil {
		c.Fail = plainFailure
	}
	e := &Engine{config: c, cpu: sched.New(max(2, runtime.GOMAXPROCS(0))), pools: map[string]*pool{}, vmsByApp: map[string]int{}, vmsByHolder: map[share.Holder]int{}, busy: map[*VM]*Invocation{}, stopping: make(chan struct{}), stuckAfter: 3 * time.Second, callsEnd: 10 * time.Second}
	e.computing = make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2))
	e.localizer = quickjs.NewLocalizer(web.Localizer)
	e.describeBindings()
	e.host = hostFuncs()
	// Compiled when the first VM is made: a command that runs no function does not pay for it.
	e.prelude = sync.OnceValues(func() ([]byte, error) {
		return compile.Embedded("fazt:prelude", []byte(web.Prelude))
	})
	e.describeParts()
	e.memory.short = c.Short
	e.budget()
	return e
}

// plainFailure tells a visitor the request's id and no more.
func plainFailure(w http.ResponseWriter, _ *http.Request, err error, f Function) {
	body, _ := json.Marshal(map[string]any{"error": map[string]string{
		"code": errs.Code(err), "message": errs.Sentence(err), "request_id": f.RequestID,
	}})
	w.Header().Set("Content-Type", "application/json")
	if wait := errs.RetryAfterHeader(err); wait != "" {
		w.Header().Set("Retry-After", wait)
	}
	w.WriteHeader(errs.KindOf(err).HTTPStatus())
	_, _ = w.Write(append(body, '\n'))
}

// describeParts makes ready what a VM may need of the web-standard API beyond the prelude. Each part is compiled
// when the first VM asks for it.
func (e *Engine) describeParts() {
	parts, err := web.Parts()
	if err != nil {
		panic(err) // what is embedded can be read
	}
	e.parts = make(map[string]func() ([]byte, error), len(parts))
	for _, p := range parts {
		e.parts[p.Name] = sync.OnceValues(func() ([]byte, error) {
			return compile.Embedded("fazt:"+p.Name, p.Script)
		})
	}
}

// Serve runs a function for a request and writes its answer.
func (e *Engine) Serve(w http.ResponseWriter, r *http.Request, f Function) {
	limits := e.config.Limits(f.AppID)
	// Before anything is made or read for it: under load most of the work is to refuse.
	if err := e.cpu.Admit(f.holder(), queueWait(limits)); err != nil {
		e.countRefusal()
		timeout.HoldBack(r.Context())
		e.config.Fail(w, r, err, f)
		return
	}
	kept, in, err := e.receive(w, r, &f, limits)
	defer kept.release()
	if err != nil {
		e.config.Fail(w, r, visibleError(err), f)
		return
	}
	inv := newInvocation(e, f, limits, w, r, in)
	defer inv.opened()
	defer func() { inv.cancel() }()
	defer inv.releaseAll()
	program, err := e.perform(inv, kept, limits)
	if err != nil {
		inv.fail(err)
		return
	}
	kept.release()
	inv.cancel()
	inv.finish(program)
	inv.endCalls()
	if inv.broken() {
		panic(http.ErrAbortHandler) // ends the connection
	}
}

// perform runs a request whose body is here: from this on it is one of those in work.
func (e *Engine) perform(inv *Invocation, body *ahead, limits system.Runtime) (*compile.Program, error) {
	if gate := inv.fn.Admission; gate != nil {
		if err := gate.Enter(&inv.fn); err != nil {
			timeout.HoldBack(inv.r.Context())
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
	if err == nil && body.gaveWay() {
		err = errCrowded
		e.release(vm, inv, true)
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
	e.work(vm, inv, body.body())
	return program, nil
}

// EndStreams ends the answers that still go out, as if their visitors had left: they would keep a server that stops from
// ending. Later ones end as soon as they wait for something.
func (e *Engine) EndStreams() { e.endStreams.Do(func() { close(e.stopping) }) }

// work runs u in m and gives m back.
func (e *Engine) work(vm *VM, inv *Invocation, body []byte) {
	healthy := false
	before := debug.SetPanicOnFault(true) // a touch of memory that endStuck took is a panic then
	defer func() {                        // also when serving panics
		debug.SetPanicOnFault(before)
		e.release(vm, inv, healthy)
		inv.releaseProcessor()
	}()
	defer inv.ended(vm)
	if inv.ctx.Err() != nil || inv.r.Context().Err() != nil { // its time went by in the queue
		inv.outcome, healthy = inv.notBegun(), true
		e.countRefusal()
		return
	}
	healthy = inv.serve(vm, body) && vm.recycle(inv)
}

// acquireFirst is enter for a request that has not begun: it is refused when no processor comes free in time.
func (inv *Invocation) acquireFirst(limits system.Runtime) error {
	if inv.engine.cpu.TryAcquire(inv.fn.AppID) {
		inv.startAfterOthers()
		return nil
	}
	var err error
	if inv.lentProcessor, err = inv.engine.cpu.Acquire(inv.joinLine(), queueWait(limits), inv.attended); err != nil {
		inv.leaveLine(false)
		inv.engine.countRefusal()
		return err
	}
	inv.startAfterOthers()
	return nil
}

// startAfterOthers lets everything that could run go first: under load those are requests that arrived. A script that began right
// away would hand its processor to the next, and so on; requests would wait where nobody counts them, in Go's own queue, and
// be served seconds later instead of being refused now.
func (inv *Invocation) startAfterOthers() {
	runtime.Gosched()
	inv.gotProcessor()
}

func queueWait(l system.Runtime) time.Duration {
	return time.Duration(l.QueueWait) * time.Millisecond
}

func (e *Engine) countRefusal() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.stats.Refused++
}

// joinLine puts inv into the line of its app, unless it stands there already; depart takes it out.
func (inv *Invocation) joinLine() *sched.Member {
	if inv.member == nil {
		inv.member = inv.engine.cpu.Join(inv.fn.holder())
	}
	return inv.member
}

func (inv *Invocation) leaveLine(served bool) {
	if inv.member != nil {
		inv.engine.cpu.Leave(inv.member, served)
		inv.member = nil
	}
}

// acquire is a VM of the deployment: a warm one, a new one, or the next that comes free in time.
func (e *Engine) acquire(inv *Invocation, limits system.Runtime) (*VM, error) {
	p, err := e.pool(inv.ctx, inv.fn)
	if err != nil {
		return nil, err
	}
	size := max(p.expectedMemory(limits.MaxMemory), inv.input.needs())
	vm, victims, w, err := e.acquireNow(p, inv.fn.holder(), limits, size)
	for _, victim := range victims {
		victim.close()
	}
	switch {
	case err != nil:
		return nil, err
	case vm != nil:
	case w == nil:
		vm, err = e.createVM(p, size)
	default:
		vm, err = e.wait(inv, w, limits)
	}
	if err == nil && !vm.matches(limits) {
		vm.close() // the next has its place
		vm, err = e.createVM(p, size)
	}
	if err != nil {
		return nil, err
	}
	inv.vmSince = time.Now()
	e.mu.Lock()
	e.busy[vm] = inv
	e.vmsByHolder[inv.fn.holder()]++
	e.mu.Unlock()
	return vm, nil
}

// wait is the VM a request in the queue gets, or makes in the room it was given. It holds no processor meanwhile.
func (e *Engine) wait(inv *Invocation, w *waiter, limits system.Runtime) (vm *VM, err error) {
	timer := time.NewTimer(queueWait(limits))
	defer timer.Stop()
	inv.joinLine()
	inv.releaseProcessor()
	select {
	case vm = <-w.ready:
	case <-inv.r.Context().Done():
		err = errLeft
	case <-inv.ctx.Done():
		err = sched.NotBegun(inv.ctx)
	case <-timer.C:
		err = sched.Busy(0)
	}
	inv.acquireProcessor()
	switch {
	case vm != nil:
		return vm, nil
	case err == nil:
		return e.createVM(w.pool, w.size)
	}
	if vm := e.withdraw(w); vm != nil {
		return vm, nil // it came at the last moment
	}
	return nil, err
}

// acquireNow is a warm VM, or leave to make one, or else a place in the queue. The victims were ended to make room, or
// because the limits were lowered. The memory that an invocation of this size needs counts as held from here on.
func (e *Engine) acquireNow(p *pool, h share.Holder, limits system.Runtime, size int64) (vm *VM, victims []*VM, w *waiter, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if p.stopped {
		return nil, nil, nil, ErrStopped
	}
	for e.overLimit(p, limits) {
		victim := e.evict(p, limits, true)
		if victim == nil {
			break
		}
		victims = append(victims, victim)
	}
	w = &waiter{pool: p, holder: h, ready: make(chan *VM, 1), size: size}
	for !e.canServe(w) {
		victim := e.evict(p, limits, false)
		if victim == nil {
			e.queue = append(e.queue, w)
			return nil, victims, w, nil
		}
		victims = append(victims, victim)
	}
	return e.allocate(w), victims, nil, nil
}

// canServe says whether a request can have an idle VM now, or room for one. The lock is held.
func (e *Engine) canServe(w *waiter) bool {
	if n := len(w.pool.idle); n > 0 && !w.resumes {
		return e.fits(w, w.pool.idle[n-1])
	}
	return e.hasRoom(w.pool, e.config.Limits(w.pool.app), w.size)
}

// fits says whether there is memory for what an invocation of w would need in m beside what that holds. One alone is served in
// any case. The lock is held.
func (e *Engine) fits(w *waiter, vm *VM) bool {
	return e.stats.Busy == 0 || e.canReserve(max(0, w.size-vm.ledger.held))
}

// allocate takes for a request what serves found: the VM, or nil = room for one. The lock is held.
func (e *Engine) allocate(w *waiter) (vm *VM) {
	p := w.pool
	if n := len(p.idle); n > 0 && !w.resumes {
		vm, p.idle = p.idle[n-1], p.idle[:n-1]
		vm.ledger.reserve(w.size)
	} else {
		e.addVMs(p, 1)
		e.memory.held.Add(w.size)
	}
	e.stats.Busy++
	return vm
}

// hasRoom says whether one more VM may be made in p for an invocation of this size; the limits are those of its app. The lock is held.
func (e *Engine) hasRoom(p *pool, limits system.Runtime, size int64) bool {
	return e.vms < limits.VMs && e.vmsByApp[p.app] < limits.VMsPerApp && (e.vms == 0 || e.canReserve(size))
}

// canReserve says whether so much more memory can be reserved, and nobody waits for it who works already.
func (e *Engine) canReserve(size int64) bool {
	most := e.memory.max.Load()
	if size > modestVM {
		if e.memory.waits.Load() > 0 {
			return false
		}
		most -= most / modestPart
	}
	return e.memory.held.Load()+size <= most
}

// Reconsider puts in force at once what all VMs may hold together, and lets those go on who waited for it.
func (e *Engine) Reconsider() {
	e.budget()
	e.memory.wake()
	e.mu.Lock()
	defer e.mu.Unlock()
	e.admitAll()
}

// Wanting says whether somebody waits who could go on with more memory.
func (e *Engine) Wanting() bool {
	if e.memory.waits.Load() > 0 {
		return true
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, w := range e.queue {
		if limits := e.config.Limits(w.pool.app); e.vms < limits.VMs && e.vmsByApp[w.pool.app] < limits.VMsPerApp {
			return true
		}
	}
	return false
}

// budget puts in force what all VMs may hold together.
func (e *Engine) budget() {
	most := e.config.Limits("").VMMemory
	if most == 0 { // who gives no limit means none
		most = math.MaxInt64 / 2
	}
	if e.config.Memory != nil {
		most = min(most, e.config.Memory())
	}
	e.memory.max.Store(most)
}

// overLimit says whether there are more VMs than there may be: the limits were lowered. The lock is held.
func (e *Engine) overLimit(p *pool, limits system.Runtime) bool {
	return e.vms > limits.VMs || e.vmsByApp[p.app] > limits.VMsPerApp
}

// addVMs counts n more VMs of p. The lock is held.
func (e *Engine) addVMs(p *pool, n int) {
	p.count += n
	e.vms += n
	if e.vmsByApp[p.app] += n; e.vmsByApp[p.app] == 0 {
		delete(e.vmsByApp, p.app)
	}
}

// withdraw takes a request out of the queue that waits no longer, and returns the VM it was given meanwhile.
func (e *Engine) withdraw(w *waiter) *VM {
	e.mu.Lock()
	defer e.mu.Unlock()
	if i := slices.Index(e.queue, w); i >= 0 {
		e.queue = slices.Delete(e.queue, i, i+1)
		e.stats.Refused++
		return nil
	}
	vm := <-w.ready
	if vm == nil { // the room is for the next
		e.stats.Refused++
		e.memory.release(w.size)
		e.releaseRoom(w.pool)
	}
	return vm
}

// releaseHolder counts an invocation out that had a VM. The lock is held.
func (e *Engine) releaseHolder(inv *Invocation) {
	h := inv.fn.holder()
	if e.vmsByHolder[h]--; e.vmsByHolder[h] == 0 {
		delete(e.vmsByHolder, h)
	}
}

// next is which of the requests in the queue that fit is served: of those whose client has the fewest VMs of their app,
// the one that has waited longest. -1 = none fits. The lock is held.
func (e *Engine) next(fits func(w *waiter) bool) int {
	best, fewest := -1, 0
	for i, w := range e.queue {
		if held := e.vmsByHolder[w.holder]; (best < 0 || held < fewest) && fits(w) {
			best, fewest = i, held
		}
	}
	return best
}

// handOver gives a VM to the request that is served next, or ends it for the sake of one that gets room for a VM of
// its own, or to go on with it, by that. The lock is held.
func (e *Engine) handOver(vm *VM, p *pool) (passed, ended bool) {
	takes := func(w *waiter) bool { return w.pool == p && !w.resumes && e.fits(w, vm) }
	i := e.next(func(w *waiter) bool { return takes(w) || e.makesRoom(vm, w) })
	switch {
	case i < 0:
		return false, false
	case !takes(e.queue[i]):
		return false, true
	}
	vm.ledger.reserve(e.queue[i].size)
	e.queue[i].ready <- vm
	e.queue = slices.Delete(e.queue, i, i+1)
	return true, false
}

// makesRoom says whether the end of m would make room for w, which there is none for now. The lock is held.
func (e *Engine) makesRoom(vm *VM, w *waiter) bool {
	limits, less := e.config.Limits(w.pool.app), 0
	if w.pool.app == vm.pool.app {
		less = 1
	}
	return !e.canServe(w) && e.vms-1 < limits.VMs && e.vmsByApp[w.pool.app]-less < limits.VMsPerApp && (e.vms == 1 || e.canReserve(w.size-vm.ledger.held))
}

// admitNext gives an idle VM, or the room for one, to the request that is served next, of those that could use it. The lock is held.
func (e *Engine) admitNext() (invited bool) {
	i := e.next(e.canServe)
	if i < 0 {
		return false
	}
	w := e.queue[i]
	e.queue = slices.Delete(e.queue, i, i+1)
	w.ready <- e.allocate(w) // it is theirs from here on
	return true
}

func (e *Engine) admitAll() {
	for e.admitNext() {
	}
}

// evict ends the VM that was idle the longest, to make room in p: one of another deployment, or with itself one of
// p; where its app has all it may have, one of the app. The lock is held.
func (e *Engine) evict(p *pool, limits system.Runtime, itself bool) *VM {
	own := e.vmsByApp[p.app] >= limits.VMsPerApp
	var from *pool
	for _, other := range e.pools {
		if len(other.idle) == 0 || own && other.app != p.app || other == p && !itself {
			continue
		}
		if from == nil || other.idle[0].lastUsed.Before(from.idle[0].lastUsed) {
			from = other
		}
	}
	if from == nil {
		return nil
	}
	vm := from.idle[0]
	from.idle = from.idle[1:]
	e.addVMs(from, -1)
	vm.uncount()
	return vm
}

// createVM makes the VM that take left room for.
func (e *Engine) createVM(p *pool, size int64) (*VM, error) {
	vm, err := e.newVM(p, size)
	if err != nil {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.releaseRoom(p)
	}
	return vm, err
}

// releaseRoom gives the room for a VM of p that is not made to others. The lock is held.
func (e *Engine) releaseRoom(p *pool) {
	e.addVMs(p, -1)
	e.stats.Busy--
	e.admitAll()
	e.signalEmpty()
}

// pool is the pool of a deployment, its program loaded by whoever comes first.
func (e *Engine) pool(ctx context.Context, f Function) (*pool, error) {
	e.mu.Lock()
	p, ok := e.pools[f.Deployment]
	if !ok {
		p = &pool{app: f.AppID, deployment: f.Deployment, loaded: make(chan struct{})}
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
	case <-p.loaded: // nearly always: to be told of the end of ctx costs a timer
		return p, p.err
	default:
	}
	select {
	case <-p.loaded:
		return p, p.err
	case <-ctx.Done():
		return nil, sched.NotBegun(ctx)
	}
}

// load reads the program, and compiles it again when the engine has changed since the deploy.
func (e *Engine) load(ctx context.Context, f Function) (*compile.Program, error) {
	p, err := f.Load(ctx)
	if err != nil || p.Engine == compile.EngineVersion {
		return p, err
	}
	if e.config.Assemble == nil {
		return nil, errs.New(errs.Unsupported, "the function was compiled for another version of Fazt; deploy it again")
	}
	fresh := *p
	if fresh.Bytecode, err = e.config.Assemble(ctx, f.AppID, &fresh); err != nil {
		return nil, err
	}
	fresh.Engine = compile.EngineVersion
	return &fresh, nil
}

func (e *Engine) forget(p *pool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.pools[p.deployment] == p {
		delete(e.pools, p.deployment)
	}
}

// release takes a VM back, or ends it when it is not to be used again.
func (e *Engine) release(vm *VM, inv *Invocation, healthy bool) {
	e.mu.Lock()
	if e.busy[vm] == nil { // abandoned, and counted then
		e.stats.Burning--
		e.mu.Unlock()
		vm.close()
		return
	}
	delete(e.busy, vm)
	e.memory.finished(inv)
	e.stats.Runs++
	e.stats.Busy--
	if isCutOff(inv.outcome) {
		e.stats.Interrupted++
	}
	p := vm.pool
	p.learnMemory(vm.ledger)
	vm.ledger.Return()
	vm.ledger.reserve(0)
	keep := healthy && !vm.IsDead() && !p.stopped && e.pools[p.deployment] == p && // not dropped meanwhile
		!e.overLimit(p, e.config.Limits(p.app))
	if keep {
		vm.lastUsed = time.Now()
		passed, ended := e.handOver(vm, p)
		switch {
		case passed:
			e.stats.Busy++
		case ended:
			keep = false
		default:
			p.idle = append(p.idle, vm)
		}
	}
	if !keep {
		e.addVMs(p, -1)
		vm.uncount()
		e.signalEmpty()
	}
	e.admitAll()
	e.releaseHolder(inv) // not before the next was chosen, or one client would have the only VM time after time
	e.mu.Unlock()
	if !keep {
		vm.close()
	}
}

// signalEmpty tells shutdown when no VM is left. The lock is held.
func (e *Engine) signalEmpty() {
	if e.vms+e.parkedVMs == 0 && e.empty != nil {
		close(e.empty)
		e.empty = nil
	}
}

// Drop ends the VMs of a deployment that is no longer served: idle ones now, busy ones when they finish.
func (e *Engine) Drop(deployment string) {
	e.mu.Lock()
	p := e.pools[deployment]
	var idle []*VM
	if p != nil {
		idle, p.idle = p.idle, nil
		e.addVMs(p, -len(idle))
		delete(e.pools, deployment)
		for range idle {
			e.admitNext()
		}
		e.signalEmpty()
	}
	e.mu.Unlock()
	for _, vm := range idle {
		vm.close()
	}
}

// Run ends VMs that nobody needed for a while, and abandons invocations that nothing ends, until ctx ends; then it ends
// all VMs, waiting for busy ones.
func (e *Engine) Run(ctx context.Context) error {
	look, tick := time.NewTicker(lookEvery), time.NewTicker(time.Second)
	defer look.Stop()
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			e.shutdown()
			e.localizer.End()
			e.late.Wait()
			return nil
		case <-look.C:
			e.endStuck()
		case now := <-tick.C:
			e.budget()
			e.dropIdle(now.Add(-time.Duration(e.config.Limits("").IdleVM) * time.Second))
			e.dropSpare(now.Add(-spareFor))
			e.dropExcess()
		}
	}
}

// dropIdle ends VMs that were used before the given time.
func (e *Engine) dropIdle(before time.Time) {
	var old []*VM
	e.mu.Lock()
	for _, p := range e.pools {
		n := 0
		for n < len(p.idle) && p.idle[n].lastUsed.Before(before) {
			n++
		}
		old = e.retire(old, p, n)
	}
	e.signalEmpty()
	e.mu.Unlock()
	for _, vm := range old {
		vm.close()
	}
}

const (
	// spareFor is how long VMs are kept that a deployment has beside its warmest: a burst has made them, and a fresh
	// one costs a third of a millisecond.
	spareFor = 5 * time.Second
	// maxWarm is how many deployments keep one for longer, and warmBytes how much such a VM may hold.
	maxWarm   = 8
	warmBytes = 4 << 20
)

// dropSpare ends VMs that were used before the given time, and are more than there need to be when nothing happens.
func (e *Engine) dropSpare(before time.Time) {
	var spare []*VM
	e.mu.Lock()
	var warm []*pool // with one left
	for _, p := range e.pools {
		n := 0
		for n < len(p.idle) && p.idle[n].lastUsed.Before(before) && (n < len(p.idle)-1 || p.idle[n].ledger.held > warmBytes) {
			n++
		}
		spare = e.retire(spare, p, n)
		for _, vm := range p.idle {
			if vm.lastUsed.Before(before) {
				vm.Trim()
			}
		}
		if len(p.idle) == 1 && p.idle[0].lastUsed.Before(before) {
			warm = append(warm, p)
		}
	}
	if len(warm) > maxWarm {
		slices.SortFunc(warm, func(a, b *pool) int { return a.idle[0].lastUsed.Compare(b.idle[0].lastUsed) })
		for _, p := range warm[:len(warm)-maxWarm] {
			spare = e.retire(spare, p, 1)
		}
	}
	e.signalEmpty()
	e.mu.Unlock()
	for _, vm := range spare {
		vm.close()
	}
}

// retire adds the first n idle VMs of a pool to the list of those to be closed. The lock is held.
func (e *Engine) retire(list []*VM, p *pool, n int) []*VM {
	list = append(list, p.idle[:n]...)
	for _, vm := range p.idle[:n] {
		vm.uncount()
	}
	p.idle = p.idle[n:]
	e.addVMs(p, -n)
	if p.count == 0 && n > 0 && e.pools[p.deployment] == p {
		delete(e.pools, p.deployment)
	}
	for range n {
		e.admitNext()
	}
	return list
}

// dropExcess puts changed limits on VMs in force where no request does: it ends idle ones above them, and gives
// requests that wait the room there is now.
func (e *Engine) dropExcess() {
	var excess []*VM
	e.mu.Lock()
	for _, p := range e.pools {
		limits := e.config.Limits(p.app)
		for e.overLimit(p, limits) {
			vm := e.evict(p, limits, true)
			if vm == nil {
				break
			}
			excess = append(excess, vm)
		}
	}
	e.admitAll()
	e.signalEmpty()
	e.mu.Unlock()
	for _, vm := range excess {
		vm.close()
	}
}

// shutdown ends every VM, waiting for those that serve.
func (e *Engine) shutdown() {
	e.mu.Lock()
	empty := make(chan struct{})
	e.empty = empty
	e.signalEmpty()
	e.mu.Unlock()
	e.dropIdle(time.Now().Add(time.Hour))
	for {
		select {
		case <-empty:
			return
		case <-time.After(20 * time.Millisecond): // VMs that served came back as idle
			e.endStuck()
			e.dropIdle(time.Now().Add(time.Hour))
		}
	}
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
	s.Buffers, _ = e.buffers.Taken()
	for _, p := range []*share.Pool{&e.streams, &e.buffers, &e.spooled} {
		_, cut := p.Taken()
		s.Crowded += cut
	}
	return s
}

package runtime

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"fazt/internal/quickjs"
	"fazt/internal/runtime/bind"
	"fazt/internal/runtime/compile"
	"fazt/internal/runtime/sched"
	"fazt/internal/share"
	"fazt/internal/system"
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

// Engine runs functions.
type Engine struct {
	config    Config
	prelude   func() ([]byte, error) // the web-standard API as bytecode
	parts     map[string]func() ([]byte, error)
	bindings  string // JSON: what the prelude installs
	functions []bind.Func
	host      []namedFunc
	base      memo[template] // the web-standard API
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
	late       sync.WaitGroup // responses for abandoned invocations
	stuckAfter time.Duration  // how long after its deadline a script at work is abandoned
	callsEnd   time.Duration  // how long host calls may take to end after their run
}

// Stats are the counters of an engine.
type Stats struct {
	VMs         int    // VMs there are
	Busy        int    // of them, serving
	Memory      int64  // what they hold, in bytes
	MaxMemory   int64  // what they may hold, with what is promised to them
	Promised    int64  // what they hold or is reserved for them, with Charged
	Charged     int64  // what Go holds for them
	Streams     int64  // memory of VMs that are parked
	Parked      int    // further VMs, whose invocation is a waiting stream
	Waiting     int    // requests without a VM
	Runs        uint64 // requests served
	Interrupted uint64 // of them, stopped at the deadline
	Killed      uint64 // invocations that were ended in the midst of a built-in function
	Abandoned   uint64 // invocations that could not be stopped
	Burning     int    // of them, still running
	Refused     uint64 // requests for which no VM was free in time
	Left        int    // host calls still running after the end of their invocations
	Crowded     uint64 // streams that were cut off because too many waited for visitors
}

// pool is the VMs of one deployment.
type pool struct {
	app         string // its id
	deployment  string
	program     *compile.Program
	positions   compile.Positions // in the files of program
	ready       memo[template]    // of a script
	err         error
	loaded      chan struct{} // closed when program or err is set
	idle        []*VM         // last in, first out
	count       int
	usualMemory atomic.Int64 // memory of an invocation, see expectedMemory; 0 = not known yet
	abandoned   []int64      // when its invocations were abandoned
	stopped     bool         // too many were: it serves no more
}

// waiter is a request that waits for a VM. It gets one, or nil: room to create one, or to continue with the one it has.
type waiter struct {
	pool    *pool
	holder  share.Holder
	ready   chan *VM
	resumes bool  // it has a VM
	size    int64 // memory its invocation is expected to need
}

// VM belongs to one deployment for its whole life, and serves one event at a time.
type VM struct {
	*quickjs.Isolate
	ledger   *ledger
	engine   *Engine
	pool     *pool
	program  *compile.Program
	realm    *quickjs.Realm
	template *template   // what realm was made of
	handlers             // of realm
	inv      *Invocation // the request in it
	served   int
	loaded   bool // the code of a module has run
	lastUsed time.Time
	env      *Env          // what the realm has; nil = none yet
	code     quickjs.Value // of a script, ready to run

	maxMemory, maxStack int64 // the limits it was created with
}

// Invocation is one event in a VM, within its own limits.
type Invocation struct {
	engine   *Engine
	fn       Function
	limits   system.Runtime
	ctx      context.Context
	call     bind.Call
	event    Event
	exchange Exchange        // the event, if it is one; nil for others
	caller   context.Context // ends when the result is no longer wanted
	lost     chan struct{}   // closed when an invocation is abandoned whose event is not an exchange

	// Traffic is kept up to date by the exchange.
	Traffic Traffic

	responded bool   // the function has given its response, or the result
	result    Result // of an event that is not an exchange
	failed    error  // what the handler threw; nil when it gave a result
	outcome   error  // how the invocation ended

	member         *sched.Member // in that of its app, while it waits there
	state          atomic.Int32  // what the invocation holds of the engine: holdsNothing and the following
	processorSince atomic.Int64  // when it last took a processor
	usedTime       int64         // processor time before processorSince
	yieldedAt      int64         // the value of usedTime when it last let others of its app go first
	ends           atomic.Int64  // its deadline on the wall
	vm             *VM           // the VM it runs in; nil before and after
	lentProcessor  bool          // the processor it holds is a lent one
	waitUntil      int           // promises given to waitUntil that have not settled

	begun         time.Time
	vmSince       time.Time          // since when it has a VM
	cancel        context.CancelFunc // of ctx
	onEnd         []func()           // called with cancel
	values        map[any]any        // of host functions, see Value
	hasStreamTime bool               // it has the time of a stream
	visitorLeft   bool               // the script was told that the visitor left
	parked        *share.Part        // memory of the VM while it is parked; nil = it is not
	wasParked     bool               // it was parked before
	reclaimed     chan struct{}      // gets a token when others need that memory

	lines, bytes    int // written to the console so far
	nextID          int32
	timers          map[int32]time.Time
	pending         int // host calls under way
	finished        chan completion
	ready           []completion   // taken from finished, but the script does not know yet
	halted          bool           // the script was ended in the middle
	hostCalls       sync.WaitGroup // host calls
	hostCallsActive atomic.Int32   // of them, those under way
	settled         atomic.Bool    // nothing is charged to it any more
	charged         atomic.Int64   // bytes that Go holds for the invocation, as far as they count
}

// What an invocation holds.
const (
	holdsNothing   int32 = iota
	holdsProcessor       // the script is running
	abandoned            // the script should have ended long ago; all it held was taken from it
)

// Event is what an invocation hands to a function.
type Event interface {
	// Begin hands the event to the script in vm. The script gives its result, or fails, now or later.
	Begin(vm *VM, inv *Invocation) error
}

// Exchange is an event whose sender gets the response while the function may still be running, and may be slow. Traffic with the
// sender is recorded in Invocation.Traffic.
type Exchange interface {
	Event
	// Admitted is called when there is a VM for the event. An error ends the invocation before the script sees it.
	Admitted() error
	// Waits is called each time the script begins to wait.
	Waits()
	// Responded is called when the response is there while the script still runs; it must not block.
	Responded()
	// Abandoned is called when the script cannot be stopped. The engine is locked: whatever takes time belongs in the function
	// returned, which runs in a separate goroutine.
	Abandoned() (answer func())
}

// Traffic is the state of what the sender of an event and its function send each other. Only the goroutine of the invocation
// may use it.
type Traffic struct {
	Whole     int64 // bytes of the input that the script may take at once
	Reading   bool  // the script waits for a piece of the input
	Arriving  bool  // the piece comes straight from the sender: the read fails if they leave
	InputErr  error // why the input did not arrive; not the fault of the script
	Streaming bool  // pieces of the response are still to come
	Writing   bool  // one of them is being sent
	Piece     int   // size of the current or last one
	OutputErr error // why no more pieces will come
}

// Result is the result of an event that is not an Exchange: JSON.
type Result []byte

// Outcome is the result of something that ran alongside the VM.
type Outcome struct {
	JSON    []byte                             // the result
	Value   func(*quickjs.Realm) quickjs.Value // makes a result that is not JSON; may be nil
	Err     error
	Charged int64 // bytes that were charged for the result
}

// completion is an outcome the script has yet to be told.
type completion struct {
	id int32
	Outcome
	then func(error) (left bool) // nil for a host call; see Promise
}

// sharedMemory counts the memory that all VMs of an engine hold, which is outside Go's heap, and what Go holds for invocations
// alongside their VMs.
type sharedMemory struct {
	held, max atomic.Int64 // including what is reserved and charged
	real      atomic.Int64 // what the VMs hold
	charged   atomic.Int64 // what Go holds for invocations
	short     func()       // told that an invocation waits; must not block; may be nil

	waits   atomic.Int32 // number of waiting invocations
	mu      sync.Mutex
	queue   []*memoryRequest
	favored *Invocation // others had to end for it: it gets what they release
}

// memoryRequest is an invocation waiting for memory. The longest-running one is served first. Since they all hold memory too,
// they might wait for each other forever; so if the first one gets nothing for a while, the last one ends.
type memoryRequest struct {
	inv   *Invocation
	large bool
	since time.Time
	wake  chan struct{} // it is the first, and there may be room
	yield chan struct{} // closed when it has to end for another
}

// ledger counts what one VM holds of the shared memory. What is reserved
// for an invocation counts as held from the start.
type ledger struct {
	held     int64
	reserved int64
	peak     int64 // the maximum since the last reservation
	borrowed int64 // what Go holds for a host function
	starved  bool  // it was refused memory because the VMs together have reached their limit
	shared   *sharedMemory
	await    func(n int64) bool // sharedMemory.acquireWait for the invocation; may be nil
}

// Host functions are declared in tables by subject, next to the code they call. The prelude gets all of them as the members
// of one object.

// Table holds the host functions of one subject by the names that the prelude uses.
type Table map[string]HostFunc

// HostFunc is a host function. The prelude may call it at any time, even while a module loads.
type HostFunc func(a Args) (quickjs.Value, error)

// Args are the arguments of a call. A missing one reads as the zero value of the type asked for.
type Args struct {
	vm   *VM
	list []quickjs.Value
}

// namedFunc is a host function with its name.
type namedFunc struct {
	name string
	fn   HostFunc
}

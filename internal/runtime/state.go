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

// pool is the VMs of one deployment.
type pool struct {
	app         string // its id
	deployment  string
	program     *compile.Program
	err         error
	loaded      chan struct{} // closed when program or err is set
	idle        []*VM         // last in, first out
	count       int
	usualMemory atomic.Int64 // memory of an invocation, see expectedMemory; 0 = not known yet
	abandoned   []int64      // when runs of it had to be
	stopped     bool         // too many: it gets no more
}

// waiter is a request that waits for a VM. It gets one, or nil: room to make one, or to go on with the one it has.
type waiter struct {
	pool    *pool
	holder  share.Holder
	ready   chan *VM
	resumes bool  // it has a VM
	size    int64 // memory its invocation is expected to need
}

// VM is a VM of one deployment, for its whole life. One request at a time is in it.
type VM struct {
	*quickjs.Isolate
	ledger   *ledger
	engine   *Engine
	pool     *pool
	program  *compile.Program
	realm    *quickjs.Realm // of the current request; a module has one for all
	handlers                // of realm
	inv      *Invocation    // the request in it
	served   int
	lastUsed time.Time
	env      *Env           // what the realm has; nil = none yet
	saved    *quickjs.Saved // the realm of a script before a request; nil = it is made again for each
	code     quickjs.Value  // of a script, ready to run

	maxMemory, maxStack int64 // it was made with
}

// handlers are the functions of the prelude that the host calls.
type handlers struct{ dispatch, start, invoke, settle, fire, prepare, classic, fail, setEnv, reset, leave quickjs.Value }

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
	lost     chan struct{}   // closed when an invocation whose event is no exchange is abandoned

	// Traffic is what the event keeps up to date.
	Traffic Traffic

	responded bool   // the function has given its response, or the result
	result    Result // of an event that is no exchange
	failed    error  // what the handler threw; nil when it gave a result
	outcome   error  // how the invocation ended

	member         *sched.Member // in that of its app, while it waits there
	state          atomic.Int32  // what the invocation holds of the engine: holdsNothing and the following
	processorSince atomic.Int64  // when it last took a processor
	usedTime       int64         // processor time before processorSince
	yieldedAt      int64         // of it, when it last let others of its app go first
	ends           atomic.Int64  // its deadline on the wall
	vm             *VM           // in which its script is; nil before and after
	lentProcessor  bool          // the processor it holds is
	waitUntil      int           // promises given to waitUntil that have not settled

	begun         time.Time
	vmSince       time.Time          // since when it has a VM
	cancel        context.CancelFunc // of ctx
	onEnd         []func()           // called with cancel
	values        map[any]any        // of host functions, see Value
	hasStreamTime bool               // it has the time of a stream
	visitorLeft   bool               // the script was told that its visitor is gone
	parked        *share.Part        // memory of the VM while it waits; nil = it has its place among the VMs
	wasParked     bool               // it was parked before
	reclaimed     chan struct{}      // holds a token when others need that memory

	lines, bytes    int // of the console so far
	nextID          int32
	timers          map[int32]time.Time
	pending         int // host calls under way
	finished        chan completion
	ready           []completion   // taken from there, and not yet told to the script
	halted          bool           // the script was ended in the middle
	hostCalls       sync.WaitGroup // host calls
	hostCallsActive atomic.Int32   // of them, those under way
	settled         atomic.Bool    // nothing is charged to it any more
	charged         atomic.Int64   // bytes that Go holds for the invocation, as far as they count
}

// What an invocation holds.
const (
	holdsNothing   int32 = iota
	holdsProcessor       // a script is at work
	abandoned            // it was at work when it should long have ended; all it held was taken from it
)

// Event is what an invocation hands to a function.
type Event interface {
	// Begin hands the event to the script in vm. The script gives its result, or fails, now or later.
	Begin(vm *VM, inv *Invocation) error
}

// Exchange is an event that is answered while its function may still be running, and whose sender may be slow. The traffic with
// the sender is in Invocation.Traffic.
type Exchange interface {
	Event
	// Admitted is called when there is a VM for the event. An error ends the invocation before the script sees it.
	Admitted() error
	// Waits is called each time the script begins to wait.
	Waits()
	// Responded is called when the response is there while the script still runs; it must not block.
	Responded()
	// Abandoned is called when nothing ends the script, with a lock held that all invocations need. What it returns
	// runs afterwards, in a goroutine of its own.
	Abandoned() (answer func())
}

// Traffic is what moves between the sender of an event and its function while that runs. The zero value is that of an event
// without any. Only the goroutine of the invocation uses it.
type Traffic struct {
	Whole     int64 // bytes of the input that the script may take at once
	Reading   bool  // the script waits for a piece of the input
	Arriving  bool  // and that comes from the sender: the read will tell if they leave
	InputErr  error // why the input did not arrive; not the fault of the script
	Streaming bool  // pieces of the response are still to come
	Writing   bool  // one of them is being sent
	Piece     int   // its size, or that of the last one
	OutputErr error // why no more pieces will come
}

// Result is the result of an event that is not an Exchange: JSON.
type Result []byte

// Outcome is how something ended that ran alongside the VM.
type Outcome struct {
	JSON    []byte                             // the result
	Value   func(*quickjs.Realm) quickjs.Value // makes a result that is not JSON; may be nil
	Err     error
	Charged int64 // bytes that were charged for the result
}

// completion is an outcome that the script is to be told.
type completion struct {
	id int32
	Outcome
	then func(error) (left bool) // of what is not a host call, see Promise
}

// sharedMemory is the memory that all VMs of an engine share: what they hold together, and may. It is not Go's, and no
// collector knows of it. What Go holds for an invocation alongside its VM is counted here, too.
type sharedMemory struct {
	held, max atomic.Int64 // with what is reserved, and with what is charged
	real      atomic.Int64 // what the VMs hold
	charged   atomic.Int64 // what Go holds for invocations
	short     func()       // told that an invocation waits; must not block; may be nil

	waits   atomic.Int32 // how many do
	mu      sync.Mutex
	queue   []*memoryRequest
	favored *Invocation // for whom others had to end: it gets what they leave
}

// memoryRequest waits for memory in the midst of an invocation. The one that has worked longest is served first. Each holds memory, too,
// and all might wait for each other: so when the first gets none for a while, the last one ends.
type memoryRequest struct {
	inv   *Invocation
	large bool
	since time.Time
	wake  chan struct{} // it is the first, and there may be room
	yield chan struct{} // closed when another is to have what it holds
}

// ledger is what one VM holds of it. It lies outside of the VM's memory, which can be taken away. What was
// reserved for an invocation counts as held from its start on.
type ledger struct {
	held     int64
	reserved int64
	peak     int64 // the most it held since that was reserved
	borrowed int64 // what Go holds of it for a host function
	starved  bool  // it was refused some, because the VMs together have all they may
	shared   *sharedMemory
	await    func(n int64) bool // sharedMemory.acquireWait in the name of the invocation; may be nil
}

// The functions of the host are declared in tables, one for each subject, next to the code they call. The prelude gets all of them as
// the members of one object.

// Table is the functions of one subject by the names the prelude knows them by.
type Table map[string]HostFunc

// HostFunc is a function of the host. The prelude may call it at any time, also while a module loads.
type HostFunc func(a Args) (quickjs.Value, error)

// Args are the arguments of a call. One that is missing reads as the zero value of what is asked for.
type Args struct {
	vm   *VM
	list []quickjs.Value
}

// namedFunc is a function of the host and its name.
type namedFunc struct {
	name string
	fn   HostFunc
}

package runtime

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"fazt/internal/errs"
	"fazt/internal/limitio"
	"fazt/internal/quickjs"
	"fazt/internal/runtime/bind"
	"fazt/internal/runtime/compile"
	"fazt/internal/runtime/sched"
	"fazt/internal/share"
	"fazt/internal/system"
	"fazt/internal/timeout"
)

// cutOff says whether a run ended for want of time.
func cutOff(err error) bool {
	return errors.Is(err, quickjs.ErrDeadline) || errors.Is(err, quickjs.ErrProcessorTime)
}

// grace is how long a machine may take, when a run is over, to say what went wrong and to forget the request.
const grace = 200 * time.Millisecond

// run is one request in a machine.
type run struct {
	engine *Engine
	f      Function
	limits system.Runtime
	ctx    context.Context
	call   bind.Call
	w      http.ResponseWriter
	r      *http.Request

	answered bool     // the function has answered, with answer
	answer   answer   // what is to be sent
	kept     *waiting // holds its body; nil = there is none
	failed   error    // what the handler threw; nil when it answered
	outcome  error    // how the run ended

	line    *sched.Member // in that of its app, while it waits there
	state   atomic.Int32  // holds: what the run holds of the engine
	since   atomic.Int64  // when it last took a processor
	used    int64         // processor time before since
	shared  int64         // of it, when it last let others of its app go first
	ends    atomic.Int64  // its deadline on the wall
	machine *machine      // in which its script is; nil before and after
	sent    atomic.Bool   // somebody has taken it upon them to write to the visitor
	lent    bool          // the processor it holds is
	late    bool          // it was abandoned, and is answered in its place
	waiting int           // promises given to waitUntil that have not settled

	begun    time.Time
	works    time.Time          // since when it has a machine
	cancel   context.CancelFunc // of ctx
	extended bool               // it has the time of a stream
	left     bool               // the script was told that its visitor is gone
	in       *input             // the body; nil when the script has it already
	reading  bool               // a piece of it was asked for
	refused  error              // why the body did not arrive
	out      *output            // the answer; nil unless it goes out piece by piece
	flows    atomic.Bool        // there is an out
	parked   *share.Part        // memory of the machine while it waits; nil = it has its place among the machines
	slow     bool               // it was parked before
	robbed   chan struct{}      // holds a token when others need that memory
	pen      sync.Mutex         // held while something of out is written

	lines, bytes int // of the console so far
	nextID       int32
	timers       map[int32]time.Time
	pending      int // host calls under way
	finished     chan completion
	ready        []completion   // taken from there, and not yet told to the script
	halted       bool           // the script was ended in the middle
	hosts        sync.WaitGroup // host calls
	under        atomic.Int32   // of them, those under way
	calls        sync.WaitGroup
	coders       map[int32]coder // open ones
	account      Account         // of what it sends to other servers; nil = nothing so far
	fetches      map[int32]*fetch
	outgoing     context.Context // of all of them
	sending      atomic.Int64    // bytes of their bodies that Go holds
	over         atomic.Bool     // nothing is charged to it any more
	charged      atomic.Int64    // bytes that Go holds for the run, as far as they count
}

// answer is what a function wants sent. It is written when the run holds neither a machine nor a processor: a visitor
// who reads slowly holds up nobody.
type answer struct {
	status               int
	headers, contentType string // name and value lines in turn; the type where it is the only header
	body                 []byte
	streamed             bool // the body comes after, in pieces
}

// What a run holds.
const (
	holdsNothing   int32 = iota
	holdsProcessor       // a script is at work
	abandoned            // it was at work when it should long have ended; all it held was taken from it
)

// completion is the outcome of what ran beside the machine.
type completion struct {
	id    int32
	of    exchange
	value []byte                       // JSON
	give  func(*machine) quickjs.Value // makes what is no JSON; nil = nothing is given
	err   error
	size  int64 // what was charged for it
}

// newRun makes the run of a request. Its ctx does not end when the visitor leaves: what the function gave to waitUntil goes
// on.
func newRun(e *Engine, f Function, limits system.Runtime, w http.ResponseWriter, r *http.Request, in *input) *run {
	window := limits.Deadline()
	if !f.Ends.IsZero() {
		window = min(window, time.Until(f.Ends))
	}
	ctx, cancel := timeout.With(context.WithoutCancel(r.Context()), window)
	deadline, _ := ctx.Deadline()
	u := &run{
		engine: e, f: f, limits: limits, ctx: ctx, cancel: cancel, begun: time.Now(), w: w, r: r, in: in, timers: map[int32]time.Time{},
		call: bind.Call{Context: ctx, AppID: f.AppID, AppName: f.AppName, Deployment: f.Deployment, RequestID: f.RequestID, Version: e.config.Version},
	}
	u.ends.Store(int64(deadline.Sub(quickjs.Began())))
	return u
}

// notBegun is the error of a run whose time, or whose visitor, went before it began.
func (u *run) notBegun() error {
	if u.ctx.Err() == nil {
		return errLeft
	}
	return sched.NotBegun(u.ctx)
}

// attended is the run's ctx until it begins: that ends when the visitor leaves.
func (u *run) attended() (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(u.ctx)
	stop := context.AfterFunc(u.r.Context(), cancel)
	return ctx, func() { stop(); cancel() }
}

// serve runs the function in m, and says whether m is fit for another request.
func (u *run) serve(m *machine, body []byte) (healthy bool) {
	deadline, _ := u.ctx.Deadline()
	m.Arm(deadline)
	m.ArmCPU(u.since.Load() + u.processorTime())
	m.ArmPause(u.since.Load() + int64(sched.Slice))
	m.run, u.machine = u, m
	defer func() { m.run, u.machine = nil, nil; u.endCoders() }()
	err := m.begin(u, body)
	if err == nil {
		err = u.loop(m)
	}
	if err == nil {
		err = u.failed
	}
	if starved := m.starved(err); starved != nil {
		err, u.failed = starved, starved
	}
	if errors.Is(err, quickjs.ErrDeadline) && u.streams() && u.ctx.Err() != nil {
		err = errStreamTime
	}
	// A visitor who left, or whose body could not be read, is no fault of the function.
	blameless := err != nil && !errors.Is(err, quickjs.ErrDeadline) && (u.left || u.refused != nil) || errors.Is(err, errCrowded)
	if blameless && u.refused != nil {
		err = u.refused
	}
	u.outcome = err
	if err != nil {
		u.engine.stopped(u.f, err)
	}
	u.machine = nil
	m.Arm(time.Now().Add(grace)) // what follows must not end as the run did, and yet must end: it can meet code of the script
	if u.streams() && !u.left && u.hasLeft(m, err) == nil {
		_ = m.realm.RunJobs()
	}
	u.report(m)
	switch {
	case err != nil && !blameless:
		u.explain(m, err)
	case u.out != nil && u.out.err != nil && !u.left:
		u.explain(m, u.out.err)
	}
	if cutOff(err) || errors.Is(err, errStarved) || u.halted && m.program.Style == compile.StyleModule {
		return false
	}
	// What a request left unsettled in a module would go on in the next one, and answer in its name.
	settled := (u.answered || u.failed != nil) && u.waiting == 0 && u.pending == 0 && !u.reading && !errors.Is(err, errStreamTime)
	return settled || m.program.Style != compile.StyleModule
}

// giveUp gives back what the run still holds.
func (u *run) giveUp() {
	u.settleCharges()
	u.kept.release()
	if u.in != nil {
		u.in.kept.release()
	}
}

// conclude writes to the visitor, unless that was done beside the machine.
func (u *run) conclude(p *compile.Program) {
	if !u.claim() {
		return
	}
	if u.answered {
		u.send()
		return
	}
	u.failWith(p, u.outcome)
}

// claim is true for the one who is to write to the visitor.
func (u *run) claim() bool { return u.sent.CompareAndSwap(false, true) }

// sendBeside writes the answer while the machine goes on.
func (u *run) sendBeside() {
	if u.answered && u.claim() {
		u.calls.Go(func() {
			u.send()
			_ = http.NewResponseController(u.w).Flush()
		})
	}
}

// enter takes a processor for the script, leave gives it back: scripts that wait hold none. Neither does anything for a
// run that was abandoned.
func (u *run) enter() {
	if u.state.Load() == abandoned {
		return
	}
	u.lent = u.engine.cpu.Reacquire(u.f.AppID)
	u.entered()
}

func (u *run) entered() {
	now := quickjs.Monotonic()
	u.since.Store(now)
	u.state.Store(holdsProcessor)
	if u.machine != nil {
		u.machine.ArmCPU(now + u.processorTime())
		u.machine.ArmPause(now + int64(sched.Slice))
	}
}

// yield is called in the midst of a script that has held a processor for a slice: it lets others go first.
func (u *run) yield() {
	now := quickjs.Monotonic()
	worked := u.used + now - u.since.Load()
	long := worked-u.shared >= int64(sched.LongSlice)
	if u.lent && !long || !u.lent && !u.engine.cpu.Wanted(u.f.AppID, long) || !u.state.CompareAndSwap(holdsProcessor, holdsNothing) {
		u.machine.ArmPause(now + int64(sched.Slice))
		return
	}
	u.used = worked
	if long {
		u.shared = worked
	}
	u.join()
	if u.lent {
		u.lent = u.engine.cpu.SwapLent(u.line)
	} else {
		u.lent = u.engine.cpu.Yield(u.line, long)
	}
	u.depart(false)
	u.entered()
}

func (u *run) leave() {
	if u.state.CompareAndSwap(holdsProcessor, holdsNothing) {
		u.used += quickjs.Monotonic() - u.since.Load()
		u.giveBack()
	}
}

// giveBack gives back the processor the run had.
func (u *run) giveBack() {
	if u.lent {
		u.engine.cpu.ReleaseLent(u.f.AppID)
		return
	}
	u.engine.cpu.Release(u.f.AppID)
}

// processorTime is how much of it the run has left since it last took a processor. One that streams has more time on the
// wall than others, but no more of this than they may take in all.
func (u *run) processorTime() int64 {
	most := u.limits.ProcessorTime()
	if u.extended {
		most = min(most, u.limits.Deadline())
	}
	return int64(most) - u.used
}

// failWith is fail, and in development it shows the author what the log says.
func (u *run) failWith(p *compile.Program, err error) {
	if !u.author() {
		u.fail(err)
		return
	}
	u.hangUp()
	u.failToAuthor(p, err)
}

// loop drives the machine until the function has answered and what it wanted to finish is finished.
func (u *run) loop(m *machine) error {
	for {
		if err := m.realm.RunJobs(); err != nil {
			return err
		}
		if u.failed != nil && u.waiting == 0 || u.answered && u.waiting == 0 && u.pending == 0 && !u.streams() {
			return nil
		}
		if u.left && u.waiting == 0 && (!u.answered || u.streams()) {
			return errLeft
		}
		u.sendBeside() // the visitor has the answer; the rest goes on without them
		if len(u.timers) == 0 && u.pending == 0 && !u.reading && (u.out == nil || !u.out.writing) {
			if u.streams() {
				return &quickjs.Thrown{Message: "the answer was not completed: nothing is left that could add to its stream"}
			}
			if u.answered {
				return nil // a promise given to waitUntil that nothing will settle
			}
			if failed := m.realm.Unhandled(); len(failed) > 0 { // a call whose failure the script did not look at
				return failed[0]
			}
			return &quickjs.Thrown{Message: "the function did not answer: nothing is left that could settle its promise"}
		}
		if err := u.wait(m); err != nil {
			return err
		}
	}
}

// wait sleeps until a timer is due or a host call has finished, without holding a processor, and tells the script.
func (u *run) wait(m *machine) error {
	if len(u.ready) > 0 {
		c := u.ready[0]
		u.ready = slices.Delete(u.ready, 0, 1)
		return u.completed(m, c)
	}
	id, due := u.nextTimer()
	var w awaken
	if id != 0 {
		t := time.NewTimer(time.Until(due))
		defer t.Stop()
		w.timer = t.C
	}
	if !u.left {
		if !u.reading || u.in.here { // or else the reading will tell, and why
			w.gone = u.r.Context().Done()
		}
		if u.streams() {
			w.stopping = u.engine.stopping
		}
	}
	c, leaves, err := u.sleep(m, w)
	switch {
	case err != nil:
		return err
	case c.id != 0:
		return u.completed(m, c)
	case leaves:
		return u.hasLeft(m, errLeft)
	case u.ctx.Err() != nil:
		return quickjs.ErrDeadline
	}
	delete(u.timers, id)
	return m.notify(m.fire, quickjs.Int(id))
}

// departure are the channels that say that the visitor left, and that the server stops; nil = nothing is to be heard of it.
func (u *run) departure() (gone, stopping <-chan struct{}) {
	if u.left {
		return nil, nil
	}
	if !u.reading { // or else the reading will tell, and why
		gone = u.r.Context().Done()
	}
	if u.streams() {
		stopping = u.engine.stopping
	}
	return gone, stopping
}

func (u *run) nextTimer() (id int32, due time.Time) {
	for i, t := range u.timers {
		if id == 0 || t.Before(due) || t.Equal(due) && i < id {
			id, due = i, t
		}
	}
	return id, due
}

// newID counts timers and host calls of the run, and bounds how many may be waiting. Calls that have finished wait for
// nothing, though a script that does not pause hears of them later; it may have a few times as many of those.
func (u *run) newID() (int32, error) {
	if len(u.timers)+u.pending-len(u.ready) >= u.limits.MaxPending {
		u.drain(4 * u.limits.MaxPending)
	}
	if len(u.timers)+u.pending-len(u.ready) >= u.limits.MaxPending {
		return 0, errs.New(errs.Unavailable, "more than %d timers and calls are waiting", u.limits.MaxPending)
	}
	u.nextID++
	return u.nextID, nil
}

// drain takes what has finished out of the channel, as long as no more than most is kept.
func (u *run) drain(most int) {
	for len(u.ready) < most {
		select {
		case c := <-u.finished:
			u.ready = append(u.ready, c)
		default:
			return
		}
	}
}

// hostCall runs a host call beside the machine.
func (u *run) hostCall(fn func()) {
	u.under.Add(1)
	u.hosts.Go(func() {
		defer u.under.Add(-1)
		fn()
	})
}

// start runs a host function beside the machine.
func (u *run) start(f *bind.Func, arguments string) (int32, error) {
	id, err := u.newID()
	if err != nil {
		return 0, err
	}
	u.makeFinished()
	u.pending++
	call := u.call
	sent := int64(len(arguments))
	u.hostCall(func() {
		var value []byte
		err := error(errStarved)
		if u.charge(sent) {
			value, err = f.Run(&call, arguments)
			u.uncharge(sent)
		}
		size := int64(len(value))
		if !u.charge(size) {
			value, size, err = nil, 0, errStarved
		}
		u.finished <- completion{id: id, value: value, err: err, size: size}
	})
	return id, nil
}

// makeFinished makes the channel of completions, with room for all that may be under way: host calls, and one piece each
// of the body and of the answer.
func (u *run) makeFinished() {
	if u.finished == nil {
		u.finished = make(chan completion, u.limits.MaxPending+2)
	}
}

// completed tells the script how something ended that ran beside it.
func (u *run) completed(m *machine, c completion) error {
	switch c.of {
	case ofHost:
		u.pending--
		return m.settled(c)
	case ofBody:
		u.reading = false
		if c.err != nil {
			u.refused = c.err
		}
	case ofAnswer:
		u.out.writing = false
	}
	// Who does not send what they announced, and who takes nothing of the answer, is not there any more.
	gone := c.of == ofBody && errs.Is(c.err, errs.Invalid) || c.of == ofAnswer && errs.Is(c.err, errs.Canceled)
	if err := m.settled(c); err != nil || !gone || u.left {
		return err
	}
	return u.hasLeft(m, errLeft)
}

// respond takes the answer; body is in the machine's memory.
func (u *run) respond(a answer, body []byte, text bool) error {
	if u.answered || u.failed != nil {
		return nil
	}
	if int64(len(body)) > u.limits.MaxResponseBody {
		return errs.TooBig("the response", int64(len(body)), u.limits.MaxResponseBody, "runtime.max_response_body")
	}
	if err := u.admit(&a, body); err != nil {
		return err
	}
	if bodyless(a.status) {
		body = nil
	}
	b := &waiting{w: u.w}
	if !b.enter(u, int64(len(body))) {
		return errCrowded
	}
	u.kept = b // before body is touched: the machine's memory may have been taken away
	if text && !utf8.Valid(body) {
		a.body = bytes.ToValidUTF8(body, []byte("\uFFFD"))
	} else {
		a.body = bytes.Clone(body)
	}
	u.answered, u.answer = true, a
	return nil
}

// send writes the answer, if there is room for it to wait for its visitor.
func (u *run) send() {
	a, b := &u.answer, u.kept
	if b.gaveWay() {
		u.fail(errCrowded)
		return
	}
	defer b.release()
	h := u.w.Header()
	if kind, ok := toLatin1(a.contentType); ok && kind != "" {
		h["Content-Type"] = []string{kind}
	}
	for name, values := range readHeaders(a.headers) {
		h[name] = append(h[name], values...)
	}
	unbuffered(h)
	if !a.streamed && a.status != http.StatusNoContent && a.status != http.StatusNotModified {
		h.Set("Content-Length", strconv.Itoa(len(a.body)))
	}
	u.hangUp()
	u.w.WriteHeader(a.status)
	if u.r.Method != http.MethodHead && len(a.body) > 0 {
		b.write(a.body)
	}
	a.body = nil
}

// fail answers for a function that did not. A visitor learns the request's id and no more.
func (u *run) fail(err error) {
	u.hangUp()
	u.engine.config.Fail(u.w, u.r, visible(err), u.f)
}

// visible is what a visitor may know of an error: its kind when it is about their request or a shortage, and else
// only that the function failed.
func visible(err error) error {
	var t *quickjs.Thrown
	if errors.As(err, &t) {
		if t.Retry { // a queue, a rate, a want of time inside: for the visitor it is all one
			return &errs.Error{Kind: errs.Unavailable, Message: "not possible right now; try again", Retry: t.After}
		}
		if t.Code == errs.StorageFull.Code() { // the disk or a quota, of which the visitor's wish is the cause
			return errs.New(errs.StorageFull, "there is no room to store this")
		}
		return errs.New(errs.Internal, "the function failed")
	}
	switch errs.KindOf(err) {
	case errs.TooLarge, errs.Invalid, errs.Timeout, errs.Unavailable, errs.Canceled:
		return err
	}
	return errs.New(errs.Internal, "the function failed")
}

// print writes a console line, within the bounds of the run.
func (u *run) print(level, text string) {
	u.lines++
	switch {
	case u.lines == u.limits.ConsoleLines+1:
		text = "(further lines of this request are not kept)"
		level = "warn"
	case u.lines > u.limits.ConsoleLines:
		return
	}
	if room := u.limits.ConsoleBytes - u.bytes; len(text) > room {
		text = limitio.Cut(text, room) + "… (cut)"
	}
	u.bytes += len(text)
	u.engine.config.Console.WriteLine(Line{
		AppID: u.f.AppID, Deployment: u.f.Deployment, Number: u.f.Number, RequestID: u.f.RequestID,
		Level: level, Message: text, Time: time.Now(),
	})
}

// explain writes the whole story of a failure to the app's log.
func (u *run) explain(m *machine, err error) {
	u.lines, u.bytes = min(u.lines, u.limits.ConsoleLines-1), min(u.bytes, u.limits.ConsoleBytes/2) // the failure itself always has room
	u.print("error", m.program.Trace(err))
}

// report writes rejections nobody listened to to the app's log.
func (u *run) report(m *machine) {
	for _, err := range m.realm.Unhandled() {
		if u.failed == nil || err.Error() != u.failed.Error() {
			u.print("error", "unhandled rejection: "+m.program.Trace(err))
		}
	}
}

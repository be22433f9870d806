package runtime

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"fazt/internal/errs"
	"fazt/internal/runtime/bind"
	"fazt/internal/system"
	"fazt/internal/timeout"
)

// errDeadline ends a run whose time is over; no script can catch it.
var errDeadline = errs.New(errs.Timeout, "the function took too long")

// errProcessorTime ends a run that has used its processor time; no script can catch it either.
var errProcessorTime = errs.New(errs.Timeout, "the function used too much processor time")

// cutOff says whether a run ended for want of time.
func cutOff(err error) bool { return errors.Is(err, errDeadline) || errors.Is(err, errProcessorTime) }

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

	answered bool   // the function has answered, with answer
	answer   answer // what is to be sent
	failed   error  // what the handler threw; nil when it answered
	outcome  error  // how the run ended

	line    *line        // of its app, while it waits there
	state   atomic.Int32 // holds: what the run holds of the engine
	since   atomic.Int64 // when it last took a processor
	ends    int64        // its deadline
	used    int64        // processor time before since
	machine *machine     // in which its script is; nil before and after
	sent    atomic.Bool  // somebody has taken it upon them to write to the visitor
	lent    bool         // the processor it holds is
	late    bool         // it was abandoned, and is answered in its place
	waiting int          // promises given to waitUntil that have not settled

	lines, bytes int // of the console so far
	nextID       int32
	timers       map[int32]time.Time
	pending      int // host calls under way
	finished     chan completion
	calls        sync.WaitGroup
}

// answer is what a function wants sent. It is written when the run holds neither a machine nor a processor: a visitor
// who reads slowly holds up nobody.
type answer struct {
	status               int
	headers, contentType string // name and value lines in turn; the type where it is the only header
	body                 []byte
}

// What a run holds.
const (
	holdsNothing   int32 = iota
	holdsProcessor       // a script is at work
	abandoned            // it was at work when it should long have ended; all it held was taken from it
)

// completion is the outcome of a host call that ran beside the machine.
type completion struct {
	id    int32
	value []byte
	err   error
}

func newRun(e *Engine, f Function, limits system.Runtime, w http.ResponseWriter, r *http.Request) (*run, context.CancelFunc) {
	window := limits.Deadline()
	if !f.Ends.IsZero() {
		window = min(window, time.Until(f.Ends))
	}
	ctx, cancel := timeout.With(r.Context(), window)
	deadline, _ := ctx.Deadline()
	return &run{
		engine: e, f: f, limits: limits, ctx: ctx, w: w, r: r, timers: map[int32]time.Time{}, ends: int64(deadline.Sub(began)),
		call: bind.Call{Context: ctx, AppID: f.AppID, AppName: f.AppName, RequestID: f.RequestID, Version: e.config.Version},
	}, cancel
}

// serve runs the function in m, and says whether m is fit for another request.
func (u *run) serve(m *machine, body []byte) (healthy bool) {
	deadline, _ := u.ctx.Deadline()
	m.arm(deadline)
	m.armCPU(u.since.Load() + u.processorTime())
	m.run, u.machine = u, m
	defer func() { m.run, u.machine = nil, nil }()
	err := m.begin(u, body)
	if err == nil {
		err = u.loop(m)
	}
	if err == nil {
		err = u.failed
	}
	u.outcome = err
	if err != nil {
		u.engine.stopped(u.f, err)
	}
	u.machine = nil
	m.arm(time.Now().Add(grace)) // what follows must not end as the run did, and yet must end: it can meet code of the script
	u.report(m)
	if err != nil {
		u.explain(m, err)
	}
	if cutOff(err) {
		return false
	}
	// What a request left unsettled in a module would go on in the next one, and answer in its name.
	settled := (u.answered || u.failed != nil) && u.waiting == 0 && u.pending == 0
	return settled || m.program.Style != StyleModule
}

// conclude writes to the visitor, unless that was done beside the machine.
func (u *run) conclude(p *Program) {
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
	u.lent = u.engine.cpu.comeBack(u.f.AppID)
	u.entered()
}

func (u *run) entered() {
	now := monotonic()
	u.since.Store(now)
	u.state.Store(holdsProcessor)
	if u.machine != nil {
		u.machine.armCPU(now + u.processorTime())
	}
}

func (u *run) leave() {
	if u.state.CompareAndSwap(holdsProcessor, holdsNothing) {
		u.used += monotonic() - u.since.Load()
		u.giveBack()
	}
}

// giveBack gives back the processor the run had.
func (u *run) giveBack() {
	if u.lent {
		u.engine.cpu.giveBack(u.f.AppID)
		return
	}
	u.engine.cpu.leave()
}

// processorTime is how much of it the run has left since it last took a processor.
func (u *run) processorTime() int64 { return int64(u.limits.ProcessorTime()) - u.used }

// failWith is fail, and in development it shows the author what the log says.
func (u *run) failWith(p *Program, err error) {
	if !u.f.Dev {
		u.fail(err)
		return
	}
	u.w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	u.w.Header().Set("Cache-Control", "no-store")
	u.w.WriteHeader(errs.KindOf(visible(err)).HTTPStatus())
	_, _ = io.WriteString(u.w, "The function failed. Visitors of a deployed app see only a number here.\n\n"+p.story(err)+"\n")
}

// readBody reads the body within its limit and the time of the request; a body whose announced size is over the limit
// is refused before it is read.
func readBody(w http.ResponseWriter, r *http.Request, f Function, limits system.Runtime) ([]byte, error) {
	most := limits.MaxRequestBody
	if r.ContentLength > most {
		return nil, tooLarge(w, most)
	}
	if r.Body == nil || r.Body == http.NoBody || r.ContentLength == 0 {
		return nil, nil
	}
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, most))
	var over *http.MaxBytesError
	switch {
	case errors.As(err, &over):
		return nil, tooLarge(w, over.Limit)
	case !f.Ends.IsZero() && !time.Now().Before(f.Ends):
		w.Header().Set("Connection", "close") // the rest of the body may still be on its way
		return nil, errs.New(errs.Unavailable, "the time for this request passed before all of it had arrived; try again")
	}
	return data, errs.Wrap(errs.Invalid, err, "the body was cut off")
}

// tooLarge refuses a body. What comes of it is not read, so the connection cannot be used again.
func tooLarge(w http.ResponseWriter, most int64) error {
	w.Header().Set("Connection", "close")
	return errs.New(errs.TooLarge, "the body is larger than %d bytes", most)
}

// loop drives the machine until the function has answered and what it wanted to finish is finished.
func (u *run) loop(m *machine) error {
	for {
		if err := m.realm.jobs(); err != nil {
			return err
		}
		if u.failed != nil && u.waiting == 0 || u.answered && u.waiting == 0 && u.pending == 0 {
			return nil
		}
		u.sendBeside() // the visitor has the answer; the rest goes on without them
		if len(u.timers) == 0 && u.pending == 0 {
			if u.answered {
				return nil // a promise given to waitUntil that nothing will settle
			}
			return &thrown{Message: "the function did not answer: nothing is left that could settle its promise"}
		}
		if err := u.wait(m); err != nil {
			return err
		}
	}
}

// wait sleeps until a timer is due or a host call has finished, without holding a processor, and tells the script.
func (u *run) wait(m *machine) error {
	id, due := u.nextTimer()
	var timer <-chan time.Time
	if id != 0 {
		t := time.NewTimer(time.Until(due))
		defer t.Stop()
		timer = t.C
	}
	var c completion
	u.leave()
	select {
	case <-timer:
	case c = <-u.finished:
	case <-u.ctx.Done():
	}
	u.enter()
	switch {
	case c.id != 0:
		u.pending--
		return m.settled(c)
	case errors.Is(u.ctx.Err(), context.DeadlineExceeded):
		return errDeadline
	case u.ctx.Err() != nil:
		return u.ctx.Err()
	}
	delete(u.timers, id)
	return m.notify(m.fire, newInt(id))
}

func (u *run) nextTimer() (id int32, due time.Time) {
	for i, t := range u.timers {
		if id == 0 || t.Before(due) || t.Equal(due) && i < id {
			id, due = i, t
		}
	}
	return id, due
}

// newID counts timers and host calls of the run, and bounds how many may be waiting.
func (u *run) newID() (int32, error) {
	if len(u.timers)+u.pending >= u.limits.MaxPending {
		return 0, errs.New(errs.Unavailable, "more than %d timers and calls are waiting", u.limits.MaxPending)
	}
	u.nextID++
	return u.nextID, nil
}

// start runs a host function beside the machine.
func (u *run) start(f *bind.Func, arguments string) (int32, error) {
	id, err := u.newID()
	if err != nil {
		return 0, err
	}
	if u.finished == nil {
		u.finished = make(chan completion, u.limits.MaxPending)
	}
	u.pending++
	call := u.call
	u.calls.Go(func() {
		value, err := f.Run(&call, arguments)
		u.finished <- completion{id, value, err} // has room for every call that may be pending
	})
	return id, nil
}

// respond takes the answer.
func (u *run) respond(a answer) error {
	if u.answered || u.failed != nil {
		return nil
	}
	if int64(len(a.body)) > u.limits.MaxResponseBody {
		return errs.New(errs.TooLarge, "the response has %d bytes; at most %d are allowed", len(a.body), u.limits.MaxResponseBody)
	}
	u.answered, u.answer = true, a
	return nil
}

// send writes the answer.
func (u *run) send() {
	a := &u.answer
	h := u.w.Header()
	if a.contentType != "" {
		h["Content-Type"] = []string{a.contentType}
	}
	for headers := a.headers; headers != ""; {
		var name, value string
		name, headers, _ = strings.Cut(headers, "\n")
		value, headers, _ = strings.Cut(headers, "\n")
		if !ours(name) {
			h.Add(name, value)
		}
	}
	if a.status != http.StatusNoContent && a.status != http.StatusNotModified {
		h.Set("Content-Length", strconv.Itoa(len(a.body)))
	}
	u.w.WriteHeader(a.status)
	if u.r.Method != http.MethodHead && len(a.body) > 0 {
		_, _ = u.w.Write(a.body) // the visitor may have left; the function is not told
	}
}

// ours says whether a header is the server's to set: those of the connection, not of the answer.
func ours(name string) bool {
	switch strings.ToLower(name) {
	case "connection", "keep-alive", "proxy-authenticate", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "content-length", "x-request-id":
		return true
	}
	return false
}

// fail answers for a function that did not. A visitor learns the request's id and no more.
func (u *run) fail(err error) {
	u.engine.config.Fail(u.w, u.r, visible(err), u.f)
}

// visible is what a visitor may know of an error: its kind when it is about their request or a shortage, and else
// only that the function failed.
func visible(err error) error {
	var t *thrown
	if errors.As(err, &t) {
		if t.Retry { // a queue, a rate, a want of time inside: for the visitor it is all one
			return errs.New(errs.Unavailable, "not possible right now; try again")
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
		cut := max(room, 0)
		for cut > 0 && !utf8.RuneStart(text[cut]) {
			cut--
		}
		text = text[:cut] + "… (cut)"
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
	u.print("error", m.program.story(err))
}

// report writes rejections nobody listened to to the app's log.
func (u *run) report(m *machine) {
	for _, err := range m.realm.undetected() {
		if u.failed == nil || err.Error() != u.failed.Error() {
			u.print("error", "unhandled rejection: "+m.program.story(err))
		}
	}
}

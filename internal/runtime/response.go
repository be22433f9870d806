package runtime

import (
	"bytes"
	"errors"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"fazt/internal/errs"
	"fazt/internal/quickjs"
	"fazt/internal/runtime/compile"
	"fazt/internal/runtime/header"
	"fazt/internal/share"
)

// freely is how large an answer may be that is sent without asking: the sockets hold as much.
const freeResponse = 16 << 10

// heldResponse is an answer that may wait for its visitor to read it. Its invocation holds nothing else any more.
type heldResponse struct {
	w    http.ResponseWriter
	part *share.Part
	cut  atomic.Bool // it gave way to others
}

// acquire takes memory for an answer of inv of so many bytes before there is a copy of it. It waits a moment for some, without a
// processor, and reports whether there is.
func (b *heldResponse) acquire(inv *Invocation, size int64) bool {
	if size <= freeResponse {
		return true
	}
	take := func() bool {
		b.part = inv.engine.buffers.Take(inv.fn.holder(), size, inv.limits.BufferMemory, b.giveWay)
		return b.part != nil
	}
	if take() {
		return true
	}
	if size <= inv.limits.BufferMemory && inv.pause(func() bool { return inv.engine.buffers.Within(inv.ctx, waitForRoom, take) }) {
		return true
	}
	inv.engine.crowded.Add(1)
	return false
}

func (b *heldResponse) gaveWay() bool { return b != nil && b.cut.Load() }

func (b *heldResponse) release() {
	if b != nil {
		b.part.Release()
	}
}

func (b *heldResponse) giveWay() {
	b.cut.Store(true)
	_ = http.NewResponseController(b.w).SetWriteDeadline(time.Now())
}

// write sends the body. The visitor may leave, or be cut off; the function is not told.
func (b *heldResponse) write(body []byte) {
	for len(body) > 0 && !b.cut.Load() {
		n, err := b.w.Write(body[:min(len(body), inMemory)])
		if err != nil {
			return
		}
		body = body[n:]
	}
}

// responseFuncs take the response of the function, or its failure.
func responseFuncs() hostTable {
	return hostTable{
		"respond": during(func(inv *Invocation, a args) (quickjs.Value, error) {
			resp := response{status: int(a.number(0)), headers: a.text(1)}
			if quickjs.IsString(a.value(3)) {
				resp.contentType = a.text(3)
			}
			ok, err := a.vm.realm.View(a.value(2), func(body []byte, text bool) error { return inv.respond(resp, body, text) })
			if !ok {
				err = inv.respond(resp, nil, false)
			}
			return quickjs.Undefined(), err
		}),
		"fail": notice(func(inv *Invocation, a args) {
			if inv.failed == nil && !inv.responded {
				inv.failed = a.vm.realm.Describe(a.value(0))
			}
		}),
		"waiting": notice(func(inv *Invocation, a args) { inv.waitUntil = int(a.number(0)) }),
	}
}

// response is what a function wants sent. It is written when the invocation holds neither a VM nor a processor: a visitor
// who reads slowly holds nothing else up.
type response struct {
	status               int
	headers, contentType string // name and value lines in turn; the type where it is the only header
	body                 []byte
	streamed             bool // the body comes after, in pieces
}

// respond takes the answer; body is in the VM's memory.
func (inv *Invocation) respond(a response, body []byte, text bool) error {
	if inv.visit == nil || inv.responded || inv.failed != nil {
		return nil
	}
	if int64(len(body)) > inv.limits.MaxResponseBody {
		return errs.TooBig("the response", int64(len(body)), inv.limits.MaxResponseBody, "runtime.max_response_body")
	}
	if err := inv.checkResponse(&a, body); err != nil {
		return err
	}
	if header.IsBodyless(a.status) {
		body = nil
	}
	b := &heldResponse{w: inv.visit.w}
	if !b.acquire(inv, int64(len(body))) {
		return errCrowded
	}
	inv.visit.held = b // before body is touched: the VM's memory may have been taken away
	if text && !utf8.Valid(body) {
		a.body = bytes.ToValidUTF8(body, []byte("\uFFFD"))
	} else {
		a.body = bytes.Clone(body)
	}
	inv.responded, inv.visit.response = true, a
	return nil
}

// finish writes to the visitor, unless that was done alongside the VM.
func (inv *Invocation) finish(p *compile.Program) {
	if !inv.claim() {
		return
	}
	if inv.responded {
		inv.send()
		return
	}
	inv.failWith(p, inv.outcome)
}

// claim reports whether the caller is the one to write to the visitor.
func (inv *Invocation) claim() bool { return inv.visit.claimed.CompareAndSwap(false, true) }

// sendEarly writes the answer while the VM goes on.
func (inv *Invocation) sendEarly() {
	if inv.visit != nil && inv.responded && inv.claim() {
		inv.calls.Go(func() {
			inv.send()
			_ = http.NewResponseController(inv.visit.w).Flush()
		})
	}
}

// send writes the answer, if there is room for it to wait for its visitor.
func (inv *Invocation) send() {
	a, b := &inv.visit.response, inv.visit.held
	if b.gaveWay() {
		inv.fail(errCrowded)
		return
	}
	defer b.release()
	h := inv.visit.w.Header()
	if kind, ok := header.ToLatin1(a.contentType); ok && kind != "" {
		h["Content-Type"] = []string{kind}
	}
	for name, values := range readHeaders(a.headers) {
		h[name] = append(h[name], values...)
	}
	header.Unbuffer(h)
	if !a.streamed && a.status != http.StatusNoContent && a.status != http.StatusNotModified {
		h.Set("Content-Length", strconv.Itoa(len(a.body)))
	}
	inv.closeUnreadConnection()
	inv.visit.w.WriteHeader(a.status)
	if inv.visit.r.Method != http.MethodHead && len(a.body) > 0 {
		b.write(a.body)
	}
	a.body = nil
}

// fail answers for a function that did not. A visitor learns the request's id and no more.
func (inv *Invocation) fail(err error) {
	inv.closeUnreadConnection()
	inv.engine.config.Fail(inv.visit.w, inv.visit.r, visibleError(err), inv.fn)
}

// failWith is fail, and in development it shows the author what the log says.
func (inv *Invocation) failWith(p *compile.Program, err error) {
	if !inv.isAuthor() {
		inv.fail(err)
		return
	}
	inv.closeUnreadConnection()
	inv.failToAuthor(p, err)
}

// visibleError is what a visitor may know of an error: its kind when it is about their request or a shortage, and else
// only that the function failed.
func visibleError(err error) error {
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

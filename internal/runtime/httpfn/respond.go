package httpfn

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"fazt/internal/errs"
	"fazt/internal/header"
	"fazt/internal/quickjs"
	"fazt/internal/runtime"
	"fazt/internal/runtime/compile"
)

// responseFuncs take the response of the function.
func responseFuncs() runtime.Table {
	return runtime.Table{
		"respond": runtime.During(func(inv *runtime.Invocation, a runtime.Args) (quickjs.Value, error) {
			v, resp := visitOf(inv), response{status: int(a.Number(0)), headers: a.Text(1)}
			if quickjs.IsString(a.Value(3)) {
				resp.contentType = a.Text(3)
			}
			ok, err := a.Realm().View(a.Value(2), func(body []byte, text bool) error { return v.respond(resp, body, text) })
			if !ok {
				err = v.respond(resp, nil, false)
			}
			return quickjs.Undefined(), err
		}),
	}
}

// respond takes the response of the script; body is in the VM's memory.
func (v *visit) respond(a response, body []byte, text bool) error {
	if v == nil || v.inv.Answered() {
		return nil
	}
	if int64(len(body)) > v.inv.Limits().MaxResponseBody {
		return errs.TooBig("the response", int64(len(body)), v.inv.Limits().MaxResponseBody, "runtime.max_response_body")
	}
	if err := v.checkResponse(&a, body); err != nil {
		return err
	}
	if header.IsBodyless(a.status) {
		body = nil
	}
	if !v.hold(int64(len(body))) { // before body is touched: the VM's memory may have been taken away
		return runtime.ErrCrowded
	}
	if text && !utf8.Valid(body) {
		a.body = bytes.ToValidUTF8(body, []byte("\uFFFD"))
	} else {
		a.body = bytes.Clone(body)
	}
	v.response = a
	v.inv.Respond(nil)
	return nil
}

// checkResponse checks a response, and tells the app's console what was left out of it.
func (v *visit) checkResponse(a *response, body []byte) error {
	left, err := a.check(body)
	if len(left) > 0 {
		v.inv.Print("warn", "left out of the response: "+strings.Join(left, "; "))
	}
	return err
}

// hold takes memory for a response of size bytes before there is a copy of it. It waits a moment for some, without a processor, and
// reports whether there is.
func (v *visit) hold(size int64) bool {
	b := &heldResponse{w: v.w}
	v.held = b
	if size <= freeResponse {
		return true
	}
	limits := v.inv.Limits()
	take := func() bool {
		b.part = v.server.buffers.Take(v.inv.Function().Holder(), size, limits.BufferMemory, b.giveWay)
		return b.part != nil
	}
	if take() {
		return true
	}
	if size <= limits.BufferMemory && v.inv.Pause(func() bool { return v.server.buffers.Within(v.inv.Context(), waitForRoom, take) }) {
		return true
	}
	v.server.crowded.Add(1)
	return false
}

// finish writes to the visitor, unless that was done alongside the VM.
func (v *visit) finish(p *compile.Program) {
	if !v.claim() {
		return
	}
	responded, err := v.inv.Outcome()
	if responded {
		v.send()
		return
	}
	v.failWith(p, err)
}

// claim reports whether the caller is the one that writes to the visitor.
func (v *visit) claim() bool { return v.claimed.CompareAndSwap(false, true) }

// Responded sends the response while the script goes on.
func (v *visit) Responded() {
	if v.claim() {
		v.calls.Go(func() {
			v.send()
			_ = http.NewResponseController(v.w).Flush()
		})
	}
}

// send writes the response, unless its memory was given to others.
func (v *visit) send() {
	a, b := &v.response, v.held
	if b.gaveWay() {
		v.fail(runtime.ErrCrowded)
		return
	}
	defer b.release()
	h := v.w.Header()
	if kind, ok := header.ToLatin1(a.contentType); ok && kind != "" {
		h["Content-Type"] = []string{kind}
	}
	for name, values := range header.Parse(a.headers) {
		h[name] = append(h[name], values...)
	}
	header.Unbuffer(h)
	if !a.streamed && a.status != http.StatusNoContent && a.status != http.StatusNotModified {
		h.Set("Content-Length", strconv.Itoa(len(a.body)))
	}
	v.closeUnreadConnection()
	v.w.WriteHeader(a.status)
	if v.r.Method != http.MethodHead && len(a.body) > 0 {
		b.write(a.body)
	}
	a.body = nil
}

// fail responds for a function that failed. Visitors get the id of the request and no more.
func (v *visit) fail(err error) {
	v.closeUnreadConnection()
	v.server.fail(v.w, v.r, visibleError(err), *v.inv.Function())
}

// failWith is fail, except that in development it shows the author what the log says.
func (v *visit) failWith(p *compile.Program, err error) {
	if !v.isAuthor() {
		v.fail(err)
		return
	}
	v.closeUnreadConnection()
	v.failToAuthor(p, err)
}

// closeUnreadConnection is called before the head of a response is written. If the body has not been read to its end, it can
// still be read while the response is sent, but the connection cannot be reused.
func (v *visit) closeUnreadConnection() {
	if v.input != nil && !v.input.ended.Load() {
		v.w.Header().Set("Connection", "close")
		_ = http.NewResponseController(v.w).EnableFullDuplex()
	}
}

package runtime

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"

	"fazt/internal/quickjs"
	"fazt/internal/runtime/compile"
	"fazt/internal/runtime/header"
	"fazt/internal/system"
)

// visit is the event of a request, and the way of its response to the visitor.
type visit struct {
	w     http.ResponseWriter
	r     *http.Request
	ahead *ahead // the body, if it was read before the function runs
	body  []byte // of that, a small one, which the script has at once

	input   *input // a larger body; nil when the script has it already
	reading bool   // a piece of it was asked for
	refused error  // why the body did not arrive

	response     response      // what is to be sent
	held         *heldResponse // holds its body; may be nil
	claimed      atomic.Bool   // a goroutine has taken on writing to the visitor
	answeredLate bool          // the invocation was abandoned, and is answered in its place
	output       *output       // of a response that goes out piece by piece; nil for others
	streamed     atomic.Bool   // output is set
	writeMu      sync.Mutex    // held while something of output is written
}

// newVisit makes the invocation of a request, in one allocation.
func newVisit(e *Engine, f Function, limits system.Runtime, w http.ResponseWriter, r *http.Request, kept *ahead, in *input) *Invocation {
	both := &struct {
		inv   Invocation
		visit visit
	}{visit: visit{w: w, r: r, ahead: kept, body: kept.body(), input: in}}
	both.inv.visit = &both.visit
	both.inv.init(r.Context(), e, f, limits, &both.visit)
	return &both.inv
}

// Begin hands the request to the script.
func (v *visit) Begin(vm *VM, inv *Invocation) error {
	if vm.program.Style != compile.StyleModule {
		return v.beginScript(vm, inv)
	}
	args := vm.requestArgs(v.r, &inv.fn, v.body, v.input)
	defer vm.freeAll(args)
	return vm.callPrelude(vm.dispatch, args...)
}

// beginScript runs the script, which finds the request in a global.
func (v *visit) beginScript(vm *VM, inv *Invocation) error {
	args := vm.requestArgs(v.r, &inv.fn, v.body, nil)
	if v.input != nil { // a script has its request whole before it begins
		data, err := vm.whole(v.input)
		if err == nil && quickjs.IsException(data) {
			err = vm.realm.Exception()
		}
		if err != nil {
			vm.freeAll(args)
			return err
		}
		args[len(args)-1] = data
	}
	args = append(args, vm.realm.NewString(inv.fn.ClientIP), vm.realm.NewString(inv.fn.RequestID))
	defer vm.freeAll(args)
	if err := vm.callPrelude(vm.prepare, args...); err != nil {
		return err
	}
	promise, err := vm.realm.Evaluate(vm.realm.Dup(vm.code))
	if err != nil {
		return err
	}
	defer vm.realm.Free(promise)
	return vm.realm.Then(promise, vm.classic, vm.fail)
}

// requestArgs are method, URL, headers as lines, and body: text, an ArrayBuffer, null, or of one that has not come yet, how
// much of it may be read whole.
func (vm *VM) requestArgs(r *http.Request, f *Function, body []byte, in *input) []quickjs.Value {
	scheme := "http"
	if r.TLS != nil || f.HTTPS {
		scheme = "https"
	}
	target := r.URL.EscapedPath()
	if r.URL.RawQuery != "" {
		target += "?" + r.URL.RawQuery
	}
	var headers strings.Builder
	for name, values := range r.Header {
		name = strings.ToLower(name)
		for _, v := range values {
			if headers.Len() > 0 {
				headers.WriteByte('\n')
			}
			headers.WriteString(name)
			headers.WriteByte('\n')
			headers.WriteString(header.FromLatin1(v))
		}
	}
	if headers.Len() > 0 {
		headers.WriteByte('\n')
	}
	headers.WriteString("host\n")
	headers.WriteString(r.Host)
	data := quickjs.Null()
	switch {
	case in != nil:
		data = quickjs.Number(float64(in.max))
	case body != nil:
		data = vm.bodyValue(body)
	}
	return []quickjs.Value{vm.realm.NewString(r.Method), vm.realm.NewString(scheme + "://" + r.Host + target), vm.realm.NewString(headers.String()), data}
}

// The following are false or nil for an event that is not a request: v is nil then.

// isReading reports whether a piece of the body was asked for.
func (v *visit) isReading() bool { return v != nil && v.reading }

// isWriting reports whether a piece of the response is going out.
func (v *visit) isWriting() bool { return v != nil && v.output != nil && v.output.writing }

// bodyError returns why the body did not arrive.
func (v *visit) bodyError() error {
	if v == nil {
		return nil
	}
	return v.refused
}

// streamError returns why the response will not be completed.
func (v *visit) streamError() error {
	if v == nil || v.output == nil {
		return nil
	}
	return v.output.err
}

// gaveWay reports whether others got the memory of the body.
func (v *visit) gaveWay() bool { return v != nil && v.ahead.gaveWay() }

// needs returns how much memory of a VM the body takes.
func (v *visit) needs() int64 {
	if v == nil {
		return 0
	}
	return v.input.needs()
}

// pieceSize returns the size of the piece that goes out, or went last.
func (v *visit) pieceSize() int64 {
	if v == nil || v.output == nil {
		return 0
	}
	return int64(v.output.piece)
}

// release gives back what the body and the response hold.
func (v *visit) release() {
	if v == nil {
		return
	}
	v.held.release()
	if v.input != nil {
		v.input.kept.release()
	}
}

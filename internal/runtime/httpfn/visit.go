package httpfn

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"

	"fazt/internal/header"
	"fazt/internal/quickjs"
	"fazt/internal/runtime"
	"fazt/internal/runtime/compile"
	"fazt/internal/system"
)

// visit is the event of a request. It sends the response to the visitor.
type visit struct {
	server *Server
	inv    runtime.Invocation
	w      http.ResponseWriter
	r      *http.Request
	stored *storedBody // the body, if it was read before the function started
	body   []byte      // of that, a small one, which the script has at once
	input  *input      // a larger body; nil when the script has it already

	response response       // what is to be sent
	held     *heldResponse  // holds its body; may be nil
	claimed  atomic.Bool    // a goroutine writes to the visitor, or did
	streamed atomic.Bool    // the response is sent piece by piece
	sent     int64          // bytes of those pieces
	writeMu  sync.Mutex     // held while one of them is written
	calls    sync.WaitGroup // what reads from the visitor and writes to them alongside the VM
}

// newVisit prepares the invocation of a request, in one allocation.
func (s *Server) newVisit(w http.ResponseWriter, r *http.Request, f runtime.Function, limits system.Runtime, kept *storedBody, in *input) *visit {
	v := &visit{server: s, w: w, r: r, stored: kept, body: kept.body(), input: in}
	s.engine.Prepare(r.Context(), &v.inv, f, limits, v)
	if in != nil && in.here {
		v.inv.Traffic.Whole = in.size
	}
	return v
}

// Admitted ends the invocation if others got the memory of the body.
func (v *visit) Admitted() error {
	if v.stored.gaveWay() {
		return runtime.ErrCrowded
	}
	return nil
}

// Begin hands the request to the script.
func (v *visit) Begin(vm *runtime.VM, _ *runtime.Invocation) error {
	if vm.Program().Style != compile.StyleModule {
		return v.beginScript(vm)
	}
	return vm.Dispatch(v.requestArgs(vm.Realm(), v.input)...)
}

// beginScript runs the script, which finds the request in a global.
func (v *visit) beginScript(vm *runtime.VM) error {
	r, f := vm.Realm(), v.inv.Function()
	args := v.requestArgs(r, nil)
	if v.input != nil { // a script has the whole body before it begins
		data, err := v.input.whole(r)
		if err == nil && quickjs.IsException(data) {
			err = r.Exception()
		}
		if err != nil {
			for _, a := range args {
				r.Free(a)
			}
			return err
		}
		args[len(args)-1] = data
	}
	return vm.RunScript(append(args, r.NewString(f.ClientIP), r.NewString(f.RequestID))...)
}

// requestArgs returns method, URL, headers as lines, and body: text, an ArrayBuffer, null or, for an input, how much of it may be
// read whole.
func (v *visit) requestArgs(realm *quickjs.Realm, in *input) []quickjs.Value {
	r, scheme := v.r, "http"
	if r.TLS != nil || v.inv.Function().HTTPS {
		scheme = "https"
	}
	target := r.URL.EscapedPath()
	if r.URL.RawQuery != "" {
		target += "?" + r.URL.RawQuery
	}
	var headers strings.Builder
	header.Write(&headers, r.Header)
	header.AddLine(&headers, "host", r.Host)
	data := quickjs.Null()
	switch {
	case in != nil:
		data = quickjs.Number(float64(in.max))
	case v.body != nil:
		data = realm.NewBody(v.body)
	}
	return []quickjs.Value{realm.NewString(r.Method), realm.NewString(scheme + "://" + r.Host + target), realm.NewString(headers.String()), data}
}

// Waits lets the next stream of the app start.
func (v *visit) Waits() { v.opened() }

// opened gives the turn of a stream that has started to the next.
func (v *visit) opened() {
	if v.input != nil {
		v.input.turn.done()
		v.input.turn = nil
	}
}

// release gives back what the invocation, the body and the response hold.
func (v *visit) release() {
	v.inv.Release()
	v.held.release()
	if v.input != nil {
		v.input.kept.release()
	}
}

// promised makes a host function of a method of a visit that starts something. The visit is nil when the event is not a
// request.
func promised(fn func(v *visit, a runtime.Args) (int32, error)) runtime.HostFunc {
	return runtime.Promised(func(inv *runtime.Invocation, a runtime.Args) (int32, error) { return fn(visitOf(inv), a) })
}

// visitOf returns the visit of an invocation, nil if its event is not a request.
func visitOf(inv *runtime.Invocation) *visit {
	v, _ := inv.Event().(*visit)
	return v
}

package runtime_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"fazt/internal/runtime"
	"fazt/internal/runtime/runtimetest"
	"fazt/internal/system"
)

const exports = `
let kept, count = 0;
export default (request) => { kept = request; return new Response("request " + ++count); };
export const double = async ({ n }, env, ctx) => {
	await new Promise((done) => setTimeout(done, 5));
	console.log("doubling", n);
	ctx.waitUntil(new Promise((done) => setTimeout(done, 20)).then(() => console.log("later")));
	return { n: 2 * n, count: ++count };
};
export const nothing = () => {};
export const fails = () => { throw new RangeError("no more"); };
export const endless = () => { for (;;); };
export const never = () => new Promise(() => {});
export const keptBody = () => kept.text();
`

// An event such as a job has nothing to do with HTTP.
func TestAnEventReturnsAResult(t *testing.T) {
	h := runtimetest.New(t, exports)
	for _, want := range []string{`{"n":40,"count":1}`, `{"n":40,"count":2}`} {
		got, err := h.Invoke(t.Context(), h.Fn, runtime.Export{"double", []byte(`{"n":20}`)})
		if err != nil || string(got) != want {
			t.Fatalf("%s, %v\n%s", got, err, h.Log)
		}
	}
	if log := h.Log.String(); strings.Count(log, "doubling 20") != 2 || strings.Count(log, "later") != 2 {
		t.Errorf("the console shows %s", log)
	}
	if w := h.Ask(t, "GET", "/", ""); w.Body.String() != "request 3" {
		t.Errorf("a request in the same VM: %d %s\n%s", w.Code, w.Body, h.Log)
	}
	if got, err := h.Invoke(t.Context(), h.Fn, runtime.Export{"nothing", []byte("1")}); err != nil || string(got) != "null" {
		t.Errorf("%s, %v", got, err)
	}
	if s := h.Stats(); s.Runs != 4 || s.Busy != 0 || s.VMs != 1 {
		t.Errorf("%+v", s)
	}
}

func TestAFailedEventReturnsAnError(t *testing.T) {
	h := runtimetest.New(t, exports, func(l *system.Runtime) { l.ExecTimeout, l.CPUTime = 300, 300 })
	for name, want := range map[string]string{"fails": "RangeError: no more", "missing": "does not export missing", "never": "nothing is pending that could settle"} {
		got, err := h.Invoke(t.Context(), h.Fn, runtime.Export{name, []byte("null")})
		if err == nil || got != nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
	if _, err := h.Invoke(t.Context(), h.Fn, runtime.Export{"endless", []byte("null")}); !runtime.IsCutOff(err) {
		t.Errorf("endless: %v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.Invoke(ended, h.Fn, runtime.Export{"double", []byte("{}")}); !errors.Is(err, runtime.ErrLeft) {
		t.Errorf("canceled: %v", err)
	}
	if s := h.Stats(); s.Busy != 0 || s.Promised != s.Memory {
		t.Errorf("resources are still held: %+v", s)
	}
}

// The body of a request is gone when the request is over, and an event that is not a request has none.
func TestAnEventCannotReadABody(t *testing.T) {
	h := runtimetest.New(t, exports)
	h.Ask(t, "POST", "/", strings.Repeat("x", 2*(64<<10)))
	if _, err := h.Invoke(t.Context(), h.Fn, runtime.Export{"keptBody", []byte("null")}); err == nil {
		t.Error("it read the body of another request")
	}
}

// greeting is a custom event: it calls a function that the script put into a global.
type greeting struct{ name string }

func (g greeting) Begin(vm *runtime.VM, inv *runtime.Invocation) error {
	r := vm.Realm()
	code, err := r.Compile(`globalThis.greet`, "greeting.js", false)
	if err != nil {
		return err
	}
	fn, err := r.Run(code)
	if err != nil {
		return err
	}
	defer r.Free(fn)
	name := r.NewString(g.name)
	defer r.Free(name)
	result, err := r.Call(fn, name)
	if err != nil {
		return err
	}
	defer r.Free(result)
	text, _ := r.Text(result)
	inv.Respond([]byte(text))
	return nil
}

func TestPackagesCanDefineTheirOwnEvents(t *testing.T) {
	h := runtimetest.New(t, `globalThis.greet = (name) => "hello " + name; export default () => new Response("");`)
	got, err := h.Invoke(t.Context(), h.Fn, greeting{"world"})
	if err != nil || string(got) != "hello world" {
		t.Errorf("%s, %v\n%s", got, err, h.Log)
	}
}

func TestTheCallerOfAnAbandonedEventGetsAnError(t *testing.T) {
	h, let := newHanging(t, `export default () => new Response(""); export const job = () => { fazt.test.hang(); return 1; };`)
	h.SetStuckAfter(300 * time.Millisecond)
	got, err := h.Invoke(t.Context(), h.Fn, runtime.Export{"job", []byte("null")})
	if !runtime.IsCutOff(err) || got != nil {
		t.Errorf("%s, %v", got, err)
	}
	if s := h.Stats(); s.Abandoned != 1 || s.Busy != 0 {
		t.Errorf("%+v", s)
	}
	close(let)
}

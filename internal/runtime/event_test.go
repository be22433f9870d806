package runtime

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

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

// A job is no request: no HTTP is anywhere.
func TestAnEventThatIsNotARequestGetsAResult(t *testing.T) {
	h := newHost(t, exports)
	for _, want := range []string{`{"n":40,"count":1}`, `{"n":40,"count":2}`} {
		got, err := h.Invoke(t.Context(), h.fn, Export{"double", []byte(`{"n":20}`)})
		if err != nil || string(got) != want {
			t.Fatalf("%s, %v\n%s", got, err, h.log)
		}
	}
	if log := h.log.String(); strings.Count(log, "doubling 20") != 2 || strings.Count(log, "later") != 2 {
		t.Errorf("the console has %s", log)
	}
	if w := h.ask(t, "GET", "/", ""); w.Body.String() != "request 3" {
		t.Errorf("a request in the same VM: %d %s\n%s", w.Code, w.Body, h.log)
	}
	if got, err := h.Invoke(t.Context(), h.fn, Export{"nothing", []byte("1")}); err != nil || string(got) != "null" {
		t.Errorf("%s, %v", got, err)
	}
	if s := h.Stats(); s.Runs != 4 || s.Busy != 0 || s.VMs != 1 {
		t.Errorf("%+v", s)
	}
}

func TestAnEventThatFailsHasAnError(t *testing.T) {
	h := newHost(t, exports, func(l *system.Runtime) { l.ExecTimeout, l.CPUTime = 300, 300 })
	for name, want := range map[string]string{"fails": "RangeError: no more", "missing": "does not export missing", "never": "nothing is left that could settle"} {
		got, err := h.Invoke(t.Context(), h.fn, Export{name, []byte("null")})
		if err == nil || got != nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
	if _, err := h.Invoke(t.Context(), h.fn, Export{"endless", []byte("null")}); !isCutOff(err) {
		t.Errorf("endless: %v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.Invoke(ended, h.fn, Export{"double", []byte("{}")}); !errors.Is(err, errLeft) {
		t.Errorf("canceled: %v", err)
	}
	if s := h.Stats(); s.Busy != 0 || s.Promised != s.Memory {
		t.Errorf("something is still held: %+v", s)
	}
}

// The body of a request is gone when the request is over, and an event has none.
func TestAnEventReadsNoBody(t *testing.T) {
	h := newHost(t, exports)
	h.ask(t, "POST", "/", strings.Repeat("x", 2*atHand))
	if _, err := h.Invoke(t.Context(), h.fn, Export{"keptBody", []byte("null")}); err == nil {
		t.Error("it read the body of another request")
	}
}

// greeting is an event of this test alone: it calls what the script put into a global.
type greeting struct{ name string }

func (g greeting) Begin(vm *VM, inv *Invocation) error {
	code, err := vm.realm.Compile(`globalThis.greet`, "greeting.js", false)
	if err != nil {
		return err
	}
	fn, err := vm.realm.Run(code)
	if err != nil {
		return err
	}
	defer vm.realm.Free(fn)
	name := vm.realm.NewString(g.name)
	defer vm.realm.Free(name)
	result, err := vm.realm.Call(fn, name)
	if err != nil {
		return err
	}
	defer vm.realm.Free(result)
	text, _ := vm.realm.Text(result)
	inv.responded, inv.result = true, []byte(text)
	return nil
}

func TestAnEventMayBeOfAnyKind(t *testing.T) {
	h := newHost(t, `globalThis.greet = (name) => "hello " + name; export default () => new Response("");`)
	got, err := h.Invoke(t.Context(), h.fn, greeting{"world"})
	if err != nil || string(got) != "hello world" {
		t.Errorf("%s, %v\n%s", got, err, h.log)
	}
}

func TestAnAbandonedEventEndsForItsCaller(t *testing.T) {
	h, let := newHanging(t, `export default () => new Response(""); export const job = () => { fazt.test.hang(); return 1; };`)
	h.stuckAfter = 300 * time.Millisecond
	got, err := h.Invoke(t.Context(), h.fn, Export{"job", []byte("null")})
	if !isCutOff(err) || got != nil {
		t.Errorf("%s, %v", got, err)
	}
	if s := h.Stats(); s.Abandoned != 1 || s.Busy != 0 {
		t.Errorf("%+v", s)
	}
	close(let)
}

package bindings

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"fazt/internal/errs"
	"fazt/internal/fazttest/await"
	"fazt/internal/runtime/bind"
	"fazt/internal/runtime/runtimetest"
	"fazt/internal/system"
)

func TestFunctionsHashAndVerifyPasswords(t *testing.T) {
	t.Parallel()
	h := runtimetest.NewWith(t, `export default async () => {
  const out = [];
  for (const algorithm of [undefined, "argon2id", "scrypt", "bcrypt"]) {
    const hash = await (algorithm ? fazt.password.hash("pässword", { algorithm }) : fazt.password.hash("pässword"));
    out.push(hash.split("$")[1], await fazt.password.verify("pässword", hash), await fazt.password.verify("password", hash));
  }
  out.push(await fazt.password.verify("pässword", "$2y$05$XJb5GYQuWlp7KD8W27u6L.d1cDOQ/NraZnVvmSNHCMX./citE3XSC"));
  for (const run of [() => fazt.password.hash("x", { algorithm: "md5" }), () => fazt.password.hash("x".repeat(5000)), () => fazt.password.verify("x", "plain"), () => fazt.password.hash(), () => fazt.password.hash(5),
    () => fazt.password.verify("x", "$argon2id$v=19$m=2147483647,t=3,p=1$MDEyMzQ1Njc4OWFiY2RlZg$pyiDXhp8EZDeh5xVw092nA")]) {
    try { out.push("got " + await run()); } catch (e) { out.push(e.code); }
  }
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  await Promise.all([1, 2, 3].map(() => fazt.password.hash("x")));
  clearInterval(timer);
  out.push(turns > 1);
  return new Response(out.join(" "));
};`, runtimetest.Options{Bindings: All(Deps{})})
	const want = "argon2id true false argon2id true false scrypt true false 2a true false true INVALID INVALID INVALID INVALID INVALID INVALID true"
	if got := h.Ask(t, "GET", "/", ""); got.Body.String() != want {
		t.Errorf("%d %s, want %s\n%s", got.Code, got.Body, want, h.Log)
	}
	if s := h.Stats(); s.Charged != 0 {
		t.Errorf("%d bytes are still counted", s.Charged)
	}
}

// The memory of a hash counts: 100 MiB is more than all functions may hold here.
func TestAHashThatFindsNoMemoryFails(t *testing.T) {
	t.Parallel()
	h := runtimetest.NewWith(t, `export default async () => {
  try { return new Response(String(await fazt.password.verify("x", "$argon2id$v=19$m=102400,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$pyiDXhp8EZDeh5xVw092nA"))); } catch (e) { return new Response(e.code + " " + e.retryable); }
};`, runtimetest.Options{Bindings: All(Deps{}), Limits: runtimetest.Fixed(func(l *system.Runtime) { l.VMMemory, l.MaxMemory = 64<<20, 16<<20 })})
	if got := h.Ask(t, "GET", "/", ""); got.Body.String() != "UNAVAILABLE true" {
		t.Errorf("%d %s\n%s", got.Code, got.Body, h.Log)
	}
}

// counted counts what is charged.
type counted struct{ now, most atomic.Int64 }

func (c *counted) Charge(n int64) error { c.most.Store(max(c.most.Load(), c.now.Add(n))); return nil }
func (c *counted) Uncharge(n int64)     { c.now.Add(-n) }

// What waits for its turn holds no memory, and ends with its invocation.
func TestHashesWaitForTheirTurnBeforeTheyTakeMemory(t *testing.T) {
	t.Parallel()
	turn, memory := newHashing(1), &counted{}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	call := &bind.Call{Context: ctx, Memory: memory}
	begun, release := make(chan struct{}), make(chan struct{})
	var group sync.WaitGroup
	group.Go(func() {
		if err := turn.run(call, 1000, func() { close(begun); <-release }); err != nil {
			t.Error(err)
		}
	})
	<-begun
	for range 5 {
		group.Go(func() {
			if err := turn.run(call, 1000, func() {}); err != nil {
				t.Error(err)
			}
		})
	}
	gone, leave := context.WithCancel(t.Context())
	leave()
	if err := turn.run(&bind.Call{Context: gone, Memory: memory}, 1000, func() { t.Error("it ran") }); !errs.Is(err, errs.Timeout) || !strings.Contains(err.Error(), "too many passwords") {
		t.Errorf("after its invocation: %v", err)
	}
	close(release)
	group.Wait()
	if memory.most.Load() != 1000 || memory.now.Load() != 0 {
		t.Errorf("%d bytes at once, %d left", memory.most.Load(), memory.now.Load())
	}
}

// watched counts how often something waits for a context.
type watched struct {
	context.Context
	waits *atomic.Int64
}

func (w watched) Done() <-chan struct{} {
	w.waits.Add(1)
	return w.Context.Done()
}

// An app with many hashes in the queue delays another by one of its hashes, not by all.
func TestAppsTakeTurnsToHash(t *testing.T) {
	t.Parallel()
	turn := newHashing(1)
	call := func(app string) *bind.Call {
		return &bind.Call{Context: t.Context(), AppID: app, Memory: &counted{}}
	}
	begun, release := make(chan struct{}), make(chan struct{})
	var before atomic.Int64 // hashes of the busy app that ended before the other's
	var group sync.WaitGroup
	group.Go(func() { _ = turn.run(call("busy"), 1, func() { close(begun); <-release }) })
	<-begun
	for range 20 {
		group.Go(func() { _ = turn.run(call("busy"), 1, func() { before.Add(1) }) })
	}
	waits := func(app string, n int) func() bool {
		return func() bool {
			turn.mu.Lock()
			defer turn.mu.Unlock()
			return turn.apps[app] != nil && turn.apps[app].users == n
		}
	}
	await.Until(t, "the busy app to wait", waits("busy", 21))
	var after, queued atomic.Int64
	calm := call("calm")
	calm.Context = watched{t.Context(), &queued}
	group.Go(func() { _ = turn.run(calm, 1, func() { after.Store(before.Load()) }) })
	await.Until(t, "the calm app to wait for the turn of all", func() bool { return queued.Load() == 2 })
	close(release)
	group.Wait()
	if n := after.Load(); n > 10 {
		t.Errorf("%d hashes of the busy app came first", n)
	}
	if len(turn.apps) != 0 {
		t.Errorf("%d apps are kept", len(turn.apps))
	}
}

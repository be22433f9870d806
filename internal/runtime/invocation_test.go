package runtime_test

import (
	"net/http"
	"testing"
	"time"

	"fazt/internal/runtime/runtimetest"
	"fazt/internal/system"
)

// Code that a request leaves behind runs after the invocation and its deadline are over, but must still be stopped.
func TestCodeLeftBehindByARequestCannotHoldItsVM(t *testing.T) {
	for name, code := range map[string]string{
		"unhandled rejection": `Promise.reject(Object.defineProperty(new Error("x"), "message", { get() { for (;;) {} } }))`,
		"changed built-ins":   `Map.prototype.clear = Map.prototype.delete = Array.prototype.push = () => { for (;;) {} }`,
	} {
		t.Run(name, func(t *testing.T) {
			h := runtimetest.New(t, `export default (request) => { if (request.url.endsWith("/bad")) `+code+`; return new Response("ok"); };`,
				func(l *system.Runtime) { l.ExecTimeout, l.VMsPerApp = 300, 1 })
			for _, path := range []string{"/bad", "/", "/"} {
				ended := make(chan int, 1)
				go func() { ended <- h.Ask(t, "GET", path, "").Code }()
				select {
				case code := <-ended:
					if path == "/" && code != http.StatusOK && name != "changed built-ins" { // they last as long as the VM
						t.Fatalf("%s: %d\n%s", path, code, h.Log)
					}
				case <-time.After(20 * time.Second):
					t.Fatalf("%s does not end", path)
				}
			}
		})
	}
}

package runtime_test

import (
	"strings"
	"testing"

	"fazt/internal/runtime/runtimetest"
)

func TestAWebSocketFailsToConnect(t *testing.T) {
	h := runtimetest.New(t, `
const told = (f) => { try { return f(); } catch (e) { return [e.name, e instanceof DOMException]; } };
export default async () => {
	const w = new WebSocket("https://example.com/a?b", ["chat"]), out = [w.url, w.readyState, w.OPEN, WebSocket.CLOSED, w.binaryType, w.protocol, told(() => w.send("x"))];
	w.onopen = () => out.push("open");
	w.addEventListener("error", (e) => out.push(e.type, e.message, w.readyState));
	await new Promise((done) => { w.onclose = (e) => { out.push([e.type, e.code, e.reason, e.wasClean, e instanceof CloseEvent, w.readyState]); done(); }; });
	w.send("ignored"); w.close(3001, "done");
	const closing = new WebSocket("ws://example.com");
	closing.close();
	out.push(closing.readyState, await new Promise((done) => { closing.onclose = (e) => done(e.code); }));
	out.push(...["ftp://a", "ws://a#b", "/relative"].map((u) => told(() => new WebSocket(u))), told(() => new WebSocket("ws://a", ["x", "x"])), told(() => new WebSocket("ws://a", "a b")), told(() => w.close(1001)), told(() => w.close(1000, "x".repeat(124))));
	return Response.json(out);
};`)
	const want = `["wss://example.com/a?b",0,1,3,"blob","",["InvalidStateError",true],` +
		`"error","functions cannot open WebSockets to other servers; use fetch",3,["close",1006,"",false,true,3],2,1006,` +
		`["SyntaxError",true],["SyntaxError",true],["SyntaxError",true],["SyntaxError",true],["SyntaxError",true],["InvalidAccessError",true],["SyntaxError",true]]`
	if w := h.Ask(t, "GET", "/", ""); w.Body.String() != want {
		t.Fatalf("%d %s\nwant %s\n%s", w.Code, w.Body, want, h.Log)
	}
	if log := h.Log.String(); !strings.Contains(log, "WebSocket wss://example.com/a?b: functions cannot open WebSockets") {
		t.Errorf("the author is not told: %s", log)
	}
}

package httpfn_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"fazt/internal/runtime/httpfn"
	"fazt/internal/runtime/runtimetest"
	"fazt/internal/system"
)

// site is a host that listens on a port.
type site struct {
	*runtimetest.Host
	*testing.T
	address string
}

func newSite(t *testing.T, code string, change ...func(*system.Runtime)) *site {
	t.Helper()
	patient := func(l *system.Runtime) { l.ExecTimeout, l.QueueWait = 20000, 20000 } // the race detector makes everything slow
	h := runtimetest.New(t, code, append([]func(*system.Runtime){patient}, change...)...)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.Serve(w, r, h.Fn) }))
	t.Cleanup(s.Close)
	return &site{h, t, s.Listener.Addr().String()}
}

// do sends a request on a separate connection.
func (x *site) do(ctx context.Context, method, path string, body io.Reader, headers ...string) *http.Response {
	x.Helper()
	r, err := http.NewRequestWithContext(ctx, method, "http://"+x.address+path, body)
	if err != nil {
		x.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	conn, err := net.Dial("tcp", x.address)
	if err != nil {
		x.Fatal(err)
	}
	x.Cleanup(func() { conn.Close() })
	context.AfterFunc(ctx, func() { conn.Close() })
	r.Close = true
	// A Transport can lose the response if the server stops reading before the end of the body.
	go func() { _ = r.Write(conn) }()
	resp, err := http.ReadResponse(bufio.NewReader(conn), r)
	if err != nil {
		x.Fatalf("%s %s: %v\n%s", method, path, err, x.Log)
	}
	x.Cleanup(func() { resp.Body.Close() })
	return resp
}

// say sends a request and returns the status and text of the response, or how it failed.
func (x *site) say(method, path string, body io.Reader, headers ...string) string {
	x.Helper()
	resp := x.do(context.Background(), method, path, body, headers...)
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return fmt.Sprintf("%d %s (cut off)", resp.StatusCode, text)
	}
	return fmt.Sprintf("%d %s", resp.StatusCode, text)
}

// logged waits for a text on the console.
func (x *site) logged(text string) {
	x.Helper()
	for end := time.Now().Add(time.Minute); !strings.Contains(x.Log.String(), text); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			x.Fatalf("%q is not in the log:\n%s", text, x.Log)
		}
	}
}

// unknown hides the size of a reader.
type unknown struct{ io.Reader }

const largeBody = 300 << 10

func TestBodiesOfEverySizeAreReadInEveryWay(t *testing.T) {
	runtimetest.SlowUnderRace(t)
	x := newSite(t, `export default async (request) => {
		const body = request.body, size = async () => { let n = 0; for await (const c of body) n += c.length; return n; };
		switch (new URL(request.url).pathname) {
		case "/text": return new Response(String((await request.text()).length));
		case "/json": return new Response(String((await request.json()).length));
		case "/arrayBuffer": return new Response(String((await request.arrayBuffer()).byteLength));
		case "/bytes": return new Response(String((await request.bytes()).length));
		case "/blob": return new Response(String((await request.blob()).size));
		case "/body": return new Response(String(await size()));
		case "/byob": {
			const reader = body.getReader({ mode: "byob" });
			let n = 0;
			for (;;) { const { done, value } = await reader.read(new Uint8Array(1000)); if (done) return new Response(String(n)); n += value.length; }
		}
		case "/clone": { const other = request.clone(); return new Response(String((await other.text()).length + (await request.text()).length)); }
		case "/again": { const other = new Request(request, { headers: { a: "b" } }); return new Response((await other.text()).length + " " + request.bodyUsed); }
		case "/piped": return new Response(body.pipeThrough(new TransformStream({ transform(c, out) { out.enqueue(c.map((b) => b + 1)); } })));
		case "/echo": return new Response(body);
		case "/same": return new Response(request.body === body && String(!request.bodyUsed && !body.locked));
		}
	};`)
	for _, size := range []int{12, httpfn.AtHand, httpfn.AtHand + 1, largeBody} {
		text := `"` + strings.Repeat("x", size-2) + `"`
		for path, want := range map[string]string{
			"/text": fmt.Sprint(size), "/json": fmt.Sprint(size - 2), "/arrayBuffer": fmt.Sprint(size), "/bytes": fmt.Sprint(size), "/blob": fmt.Sprint(size),
			"/body": fmt.Sprint(size), "/byob": fmt.Sprint(size), "/clone": fmt.Sprint(2 * size), "/again": fmt.Sprint(size, " true"),
			"/piped": "#" + strings.Repeat("y", size-2) + "#", "/echo": text, "/same": "true",
		} {
			for _, body := range []io.Reader{strings.NewReader(text), unknown{strings.NewReader(text)}} {
				if got := x.say("POST", path, body); got != "200 "+want {
					t.Errorf("%s of %d bytes, %T: %.200s\n%s", path, size, body, got, x.Log)
				}
			}
		}
	}
}

func TestABodyCanBeReadOnce(t *testing.T) {
	x := newSite(t, `export default async (request) => {
		const first = await request.text();
		try { await request.text(); return new Response("twice"); } catch (e) { return new Response(e.name + " " + first.length + " " + request.bodyUsed); }
	};`)
	for _, size := range []int{10, largeBody} {
		if got, want := x.say("POST", "/", strings.NewReader(strings.Repeat("x", size))), fmt.Sprintf("200 TypeError %d true", size); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestFormsOfEverySizeArrive(t *testing.T) {
	x := newSite(t, `export default async (request) => {
		const form = await request.formData(), file = form.get("file");
		return Response.json([form.getAll("a"), file.name, file.type, file.size, (await file.text()).slice(0, 3), file instanceof File]);
	};`)
	for _, size := range []int{100, largeBody} {
		var b bytes.Buffer
		w := multipart.NewWriter(&b)
		_ = w.WriteField("a", "é")
		_ = w.WriteField("a", "")
		f, _ := w.CreateFormFile("file", "ü.bin")
		_, _ = f.Write(bytes.Repeat([]byte("\xffz"), size/2))
		w.Close()
		want := fmt.Sprintf(`200 [["é",""],"ü.bin","application/octet-stream",%d,"�z�",true]`, size)
		for _, body := range []io.Reader{bytes.NewReader(b.Bytes()), unknown{bytes.NewReader(b.Bytes())}} {
			if got := x.say("POST", "/", body, "Content-Type", w.FormDataContentType()); got != want {
				t.Errorf("%d bytes: %s, want %s\n%s", size, got, want, x.Log)
			}
		}
		if got := x.say("POST", "/", bytes.NewReader(b.Bytes()[:b.Len()-10]), "Content-Type", w.FormDataContentType()); !strings.HasPrefix(got, "500") {
			t.Errorf("a form without an end: %s", got)
		}
	}
}

func TestABodyTooLargeToBeReadWholeCanBeStreamed(t *testing.T) {
	x := newSite(t, `export default async (request) => {
		let n = 0;
		switch (new URL(request.url).pathname) {
		case "/text": return new Response(await request.text());
		case "/collected": request.body; return new Response(await request.text());
		case "/form": return new Response(await request.formData());
		case "/caught": try { await request.text(); } catch (e) { return new Response(e.code); }
		case "/stream": for await (const c of request.body) n += c.length; return new Response(String(n));
		case "/ignored": return new Response("who cares");
		}
	};`, func(l *system.Runtime) { l.MaxRequestBody = 1000 })
	for _, size := range []int{1001, largeBody} {
		text := strings.Repeat("x", size)
		for path, want := range map[string]string{
			"/text": "413", "/collected": "413", "/form": "413", "/caught": "200 TOO_LARGE", "/stream": "200 " + fmt.Sprint(size), "/ignored": "200 who cares",
		} {
			for _, body := range []io.Reader{strings.NewReader(text), unknown{strings.NewReader(text)}} {
				if got := x.say("POST", path, body, "Content-Type", "multipart/form-data; boundary=b"); !strings.HasPrefix(got, want) {
					t.Errorf("%s of %d bytes, %T: %.100s", path, size, body, got)
				}
			}
		}
	}
	if log := x.Log.String(); strings.Contains(log, "error") {
		t.Errorf("a mistake of the visitor is in the app's log:\n%s", log)
	}
}

func TestAStreamReachesItsVisitorPieceByPiece(t *testing.T) {
	x := newSite(t, `let next;
	export default (request) => {
		if (new URL(request.url).pathname === "/") {
			const body = new ReadableStream({ async pull(c) {
				const more = request.headers.get("more").split(",");
				for (const text of more) {
					c.enqueue(new TextEncoder().encode("data: " + text + "\n\n"));
					await new Promise((done) => setTimeout(done, 50));
				}
				c.close();
			} });
			return new Response(body, { headers: { "content-type": "text/event-stream" } });
		}
	};`)
	resp := x.do(t.Context(), "GET", "/", nil, "more", "one,two,three")
	if resp.Header.Get("Content-Type") != "text/event-stream" || resp.ContentLength != -1 {
		t.Error(resp.Header)
	}
	var got []string
	for b := make([]byte, 100); ; {
		n, err := resp.Body.Read(b)
		if n > 0 {
			got = append(got, string(b[:n]))
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err, x.Log)
		}
	}
	if strings.Join(got, "|") != "data: one\n\n|data: two\n\n|data: three\n\n" {
		t.Errorf("%q", got)
	}
}

// The response starts before the request body has ended: neither side waits for the end of the other.
func TestAnEchoRespondsBeforeTheBodyHasEnded(t *testing.T) {
	x := newSite(t, `export default (request) => new Response(request.body);`)
	r, w := io.Pipe()
	resp := x.do(t.Context(), "POST", "/", r)
	answer := bufio.NewReader(resp.Body)
	for _, line := range []string{"one\n", "two\n", "three\n"} {
		if _, err := io.WriteString(w, line); err != nil {
			t.Fatal(err)
		}
		if got, err := answer.ReadString('\n'); got != line || err != nil {
			t.Fatalf("%q %v\n%s", got, err, x.Log)
		}
	}
	w.Close()
	if rest, err := io.ReadAll(answer); len(rest) > 0 || err != nil {
		t.Fatalf("%q %v", rest, err)
	}
}

func TestTheHeadOfAStreamGoesOutBeforeItsFirstPiece(t *testing.T) {
	x := newSite(t, `let release; export default (request) => {
		if (request.url.endsWith("/go")) { fetched = true; return new Response("gone"); }
		return new Response(new ReadableStream({ async pull(c) { await new Promise((d) => setTimeout(d, 100)); c.close(); } }), { status: 201, headers: [["set-cookie", "a=1"], ["set-cookie", "b=2"]] });
	};`)
	resp := x.do(t.Context(), "GET", "/", nil)
	if resp.StatusCode != 201 || len(resp.Header["Set-Cookie"]) != 2 {
		t.Error(resp.StatusCode, resp.Header)
	}
}

func TestWhatAStreamCanBeMadeOf(t *testing.T) {
	x := newSite(t, `const text = (...list) => new ReadableStream({ start(c) { for (const t of list) c.enqueue(new TextEncoder().encode(t)); c.close(); } });
	export default async (request) => {
		switch (new URL(request.url).pathname) {
		case "/stream": return new Response(text("a", "", "b"));
		case "/generator": return new Response((async function* () { yield "a"; yield new Uint8Array([98]); })());
		case "/blob": return new Response(new Blob(["a", "b"]).stream());
		case "/typed": return new Response(new Blob(["a", "b"], { type: "x/y" }));
		case "/clone": { const r = new Response(text("a", "b")), c = r.clone(); await r.text(); return c; }
		case "/wrapped": return new Response(new Response("ab", { headers: { a: "b" } }).body, { status: 202 });
		case "/teed": { const [a, b] = text("a", "b").tee(); a.cancel(); return new Response(b); }
		case "/transformed": return new Response(text("a", "b").pipeThrough(new TransformStream()));
		case "/counted": return new Response(text("a", "b"), { headers: { "content-length": "2" } });
		case "/empty": return new Response(new ReadableStream({ start(c) { c.close(); } }));
		case "/written": { const { readable, writable } = new TransformStream(); (async () => { const w = writable.getWriter(); await w.write(new Uint8Array([97])); await w.write(new Uint8Array([98])); await w.close(); })(); return new Response(readable); }
		}
	};`)
	for path, want := range map[string]string{
		"/stream": "200 ab", "/generator": "200 ab", "/blob": "200 ab", "/typed": "200 ab", "/clone": "200 ab", "/wrapped": "202 ab", "/teed": "200 ab",
		"/transformed": "200 ab", "/counted": "200 ab", "/empty": "200 ", "/written": "200 ab",
	} {
		for range 2 {
			if got := x.say("GET", path, nil); got != want {
				t.Errorf("%s: %s, want %s\n%s", path, got, want, x.Log)
			}
		}
	}
	for path, want := range map[string]int64{"/wrapped": 2, "/counted": 2, "/typed": 2, "/stream": -1} {
		if resp := x.do(t.Context(), "GET", path, nil); resp.ContentLength != want {
			t.Errorf("%s: the length is %d", path, resp.ContentLength)
		}
	}
}

func TestAResponseThatFailsMidwayIsCutOff(t *testing.T) {
	runtimetest.SlowUnderRace(t)
	x := newSite(t, `const a = new Uint8Array([97]);
	export default (request) => {
		let n = 0;
		switch (new URL(request.url).pathname) {
		case "/thrown": return new Response(new ReadableStream({ pull(c) { if (n++) throw new Error("midway"); c.enqueue(a); } }));
		case "/errored": return new Response((async function* () { yield a; throw new Error("midway"); })());
		case "/text": return new Response(new ReadableStream({ pull(c) { c.enqueue(n++ ? "midway" : a); } }));
		case "/silent": return new Response(new ReadableStream({ start(c) { c.enqueue(a); } }));
		case "/large": return new Response(new ReadableStream({ pull(c) { c.enqueue(new Uint8Array(600).fill(97)); } }));
		case "/longer": return new Response(new ReadableStream({ pull(c) { c.enqueue(a); } }), { headers: { "content-length": "3" } });
		case "/shorter": return new Response(new ReadableStream({ start(c) { c.enqueue(a); c.close(); } }), { headers: { "content-length": "3" } });
		case "/spin": return new Response(new ReadableStream({ pull(c) { if (n++) for (;;); c.enqueue(a); } }));
		case "/ok": return new Response("ok");
		}
	};`, func(l *system.Runtime) {
		l.MaxResponseBody, l.ExecTimeout = 1000, 5000 // making a VM may take long on a slow machine
	})
	for path, log := range map[string]string{
		"/thrown": "Error: midway", "/errored": "Error: midway", "/text": "must be a Uint8Array, not a string", "/silent": "nothing is pending", "/large": "runtime.max_response_body",
		"/longer": "", "/shorter": "", "/spin": "too much processor time",
	} {
		got := x.say("GET", path, nil)
		if path == "/longer" { // the visitor has everything that was announced, and may have left
			got += " (cut off)"
		}
		if !strings.HasPrefix(got, "200 ") || !strings.HasSuffix(got, "(cut off)") {
			t.Errorf("%s: %.100s", path, got)
		}
		x.logged(log)
		if got := x.say("GET", "/ok", nil); got != "200 ok" {
			t.Errorf("after %s: %s", path, got)
		}
	}
}

func TestResponsesWithoutABodyCancelTheirStream(t *testing.T) {
	x := newSite(t, `export default (request) => {
		const body = new ReadableStream({ pull(c) { c.enqueue(new Uint8Array(1)); }, cancel() { console.log("canceled", request.method); } });
		return new Response(body, { headers: { a: "b" } });
	};`)
	resp := x.do(t.Context(), "HEAD", "/", nil)
	if resp.StatusCode != 200 || resp.Header.Get("a") != "b" || resp.ContentLength != -1 {
		t.Error(resp.StatusCode, resp.Header, resp.ContentLength)
	}
	x.logged("canceled HEAD")
}

func TestAVisitorWhoLeavesIsNoticed(t *testing.T) {
	x := newSite(t, `export default async (request, env, ctx) => {
		const { signal } = request, path = new URL(request.url).pathname;
		const aborted = new Promise((done) => signal.addEventListener("abort", () => { console.log(path, "signal", signal.reason.name); done(); }));
		switch (path) {
		case "/stream": return new Response(new ReadableStream({
			async pull(c) { await new Promise((done) => setTimeout(done, 5)); c.enqueue(new Uint8Array(1)); },
			async cancel(reason) { await new Promise((done) => setTimeout(done, 20)); console.log(path, "canceled", reason.name); },
		}));
		case "/waiting": console.log(path, "begun"); await new Promise((done) => setTimeout(done, 1000)); console.log("went on"); return new Response("x");
		case "/until":
			ctx.waitUntil(aborted.then(() => new Promise((done) => setTimeout(done, 50))).then(() => console.log(path, "until")));
			console.log(path, "begun"); await new Promise(() => setTimeout(() => {}, 10000));
		}
	};`)
	leave := func(path string) {
		ctx, leave := context.WithCancel(t.Context())
		defer leave()
		r, _ := http.NewRequestWithContext(ctx, "GET", "http://"+x.address+path, nil)
		transport := &http.Transport{DisableKeepAlives: true}
		if path == "/stream" {
			resp, err := transport.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = resp.Body.Read(make([]byte, 1))
			leave()
			resp.Body.Close()
			return
		}
		ended := make(chan error)
		go func() { _, err := transport.RoundTrip(r); ended <- err }()
		x.logged(path + " begun")
		leave()
		<-ended
	}
	leave("/stream")
	x.logged("/stream signal AbortError")
	x.logged("/stream canceled AbortError")
	leave("/waiting")
	x.logged("/waiting signal AbortError")
	leave("/until")
	x.logged("/until signal AbortError")
	x.logged("/until until")
	for end := time.Now().Add(20 * time.Second); x.Stats().Busy > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("an invocation goes on")
		}
	}
	if log := x.Log.String(); strings.Contains(log, "went on") || strings.Contains(log, "error") {
		t.Error(log)
	}
}

func TestWaitUntilGoesOnAfterTheResponseIsSentAndTheVisitorLeft(t *testing.T) {
	x := newSite(t, `const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
	export default (request, env, ctx) => {
		ctx.waitUntil(sleep(100).then(() => sleep(100)).then(() => console.log("done")));
		return new Response("ok");
	};`)
	if got := x.say("GET", "/", nil); got != "200 ok" { // and the connection is closed
		t.Fatal(got)
	}
	if log := x.Log.String(); log != "" {
		t.Errorf("the response came after %s", log)
	}
	x.logged("done")
}

func TestAnUploadThatStopsEndsItsStreamWithAnError(t *testing.T) {
	x := newSite(t, `export default async (request) => {
		request.signal.addEventListener("abort", () => console.log("signal"));
		let n = 0;
		try { for await (const c of request.body) n += c.length; console.log("whole"); }
		catch (e) { console.log("failed after", n, e.message); throw e; }
	};`)
	for name, head := range map[string]string{"announced": "Content-Length: 10000000", "of unknown size": "Transfer-Encoding: chunked"} {
		c, err := net.Dial("tcp", x.address)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(c, "POST / HTTP/1.1\r\nHost: a.localhost\r\n%s\r\n\r\n3e8\r\n%s\r\n", head, strings.Repeat("x", 1000))
		time.Sleep(20 * time.Millisecond)
		_ = c.(*net.TCPConn).CloseWrite()
		answer, _ := io.ReadAll(c)
		c.Close()
		if !strings.HasPrefix(string(answer), "HTTP/1.1 400 ") || !strings.Contains(string(answer), "Connection: close") {
			t.Errorf("%s: %s", name, answer)
		}
		x.logged("failed after 10")
		x.logged("the body was cut off")
		x.logged("signal")
		if log := x.Log.String(); strings.Contains(log, "whole") || strings.Contains(log, "error ") {
			t.Errorf("%s: %s", name, log)
		}
	}
}

// A function that does not read the body can respond at once, however much of it has not arrived.
func TestAResponseDoesNotWaitForAnUnreadBody(t *testing.T) {
	x := newSite(t, `export default async (request) => {
		if (request.url.endsWith("/begun")) { request.body.getReader().read(); await null; }
		return new Response("no", { status: 401 });
	};`)
	for _, path := range []string{"/", "/begun"} {
		c, err := net.Dial("tcp", x.address)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		fmt.Fprintf(c, "POST %s HTTP/1.1\r\nHost: a.localhost\r\nContent-Length: 10000000\r\n\r\n", path)
		resp, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(resp.Body)
		if resp.StatusCode != 401 || string(text) != "no" || err != nil || !resp.Close {
			t.Errorf("%s: %d %q %v", path, resp.StatusCode, text, err)
		}
		resp.Body.Close()
	}
}

func TestAStreamIsProducedNoFasterThanItIsRead(t *testing.T) {
	x := newSite(t, `let made = 0;
	export default (request) => request.url.endsWith("/made") ? new Response(String(made)) :
		new Response(new ReadableStream({ pull(c) { made++; c.enqueue(new Uint8Array(65536)); } }));`, func(l *system.Runtime) { l.VMsPerApp, l.MaxResponseBody = 1, 1<<30 })
	c, err := net.Dial("tcp", x.address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.(*net.TCPConn).SetReadBuffer(16 << 10)
	fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: a.localhost\r\n\r\n")
	_, _ = io.ReadFull(c, make([]byte, 1000))
	time.Sleep(300 * time.Millisecond) // reads nothing more
	c.Close()
	var made int
	if _, err := fmt.Sscanf(x.say("GET", "/made", nil), "200 %d", &made); err != nil || made > 400 { // what the sockets hold
		t.Errorf("%d pieces were made: %v", made, err)
	}
}

// The stream of one request must not allow reading the body of the next one in the same VM.
func TestAKeptBodyCannotReadThatOfTheNextRequest(t *testing.T) {
	x := newSite(t, `let kept;
	export default async (request) => {
		if (kept === undefined) { kept = request.body; return new Response("kept"); }
		const read = kept.getReader();
		try { return new Response(new TextDecoder().decode((await read.read()).value)); } catch (e) { return new Response(e.message); }
	};`, func(l *system.Runtime) { l.VMsPerApp = 1 })
	secret := strings.Repeat("secret", 20000)
	if got := x.say("POST", "/", strings.NewReader(secret)); got != "200 kept" {
		t.Fatal(got)
	}
	if got := x.say("POST", "/", strings.NewReader(secret)); got != "200 the request has already ended" {
		t.Fatalf("%.100s", got)
	}
}

// A script may take long to send a stream, but gets no more processor time than others.
func TestAStreamMayLastPastTheDeadlineButGetsNoMoreProcessorTime(t *testing.T) {
	x := newSite(t, `const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
	export default (request) => new Response((async function* () {
		for (let i = 0; i < 12 && !request.url.endsWith("/warm"); i++) {
			await sleep(150);
			if (request.url.endsWith("/busy")) for (const end = Date.now() + 150; Date.now() < end;);
			yield "x";
		}
	})());`, func(l *system.Runtime) { l.ExecTimeout = 1000 })
	for x.say("GET", "/warm", nil) != "200 " { // on a slow machine, making the first VM would take up all the time
	}
	if got := x.say("GET", "/idle", nil); got != "200 xxxxxxxxxxxx" {
		t.Errorf("%s\n%s", got, x.Log)
	}
	if got := x.say("GET", "/busy", nil); !strings.HasSuffix(got, "(cut off)") {
		t.Error(got)
	}
	x.logged("too much processor time")
}

func TestStreamsAreEndedWhenTheServerStops(t *testing.T) {
	x := newSite(t, `export default () => new Response((async function* () { try { for (;;) { yield "x"; await new Promise((d) => setTimeout(d, 10)); } } finally { console.log("ended"); } })());`)
	resp := x.do(t.Context(), "GET", "/", nil)
	_, _ = resp.Body.Read(make([]byte, 1))
	x.EndStreams()
	if _, err := io.ReadAll(resp.Body); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error(err)
	}
	x.logged("ended")
}

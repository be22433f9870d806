package httpfn_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"fazt/internal/runtime/runtimetest"
)

// answering holds functions that respond, each in its own way, with the status, headers and body that the request names.
var answering = map[string]string{
	"module":   `export default async (request) => { const [status, headers, body] = await request.json(); return new Response(body, { status, headers }); };`,
	"Headers":  `export default async (request) => { const [status, list, body] = await request.json(); const headers = new Headers(); for (const [n, v] of list) headers.append(n, v); return new Response(body, { status, headers }); };`,
	"late":     `export default async (request) => { const [status, list, body] = await request.json(); const r = new Response(body, { status }); for (const [n, v] of list) r.headers.append(n, v); return r; };`,
	"streamed": `export default async (request) => { const [status, headers, body] = await request.json(); return new Response(body === null ? null : new ReadableStream({ start(c) { c.enqueue(new TextEncoder().encode(body)); c.close(); } }), { status, headers }); };`,
	"classic":  `const [status, list, body] = request.body, headers = {}; for (const [n, v] of list) (headers[n] ??= []).push(v); respond(status, body, headers);`,
	"object":   `const [status, list, body] = request.body, headers = {}; for (const [n, v] of list) (headers[n] ??= []).push(v); ({ status, headers, body })`,
	"in class": `const [status, headers, body] = request.body; new Response(body, { status, headers })`,
}

// Headers that a function must not send are left out, however it responds, and its console shows why.
func TestHarmfulHeadersAreLeftOut(t *testing.T) {
	runtimetest.SlowUnderRace(t)
	for style, code := range answering {
		t.Run(style, func(t *testing.T) {
			x := newSite(t, code)
			for _, tt := range []struct{ name, value, want, why string }{
				{"Connection", "close, X-Own", "", "the connection"},
				{"Keep-Alive", "timeout=99999", "", "the connection"},
				{"Proxy-Connection", "keep-alive", "", "the connection"},
				{"Proxy-Authenticate", "Basic", "", "the connection"},
				{"TE", "trailers", "", "the connection"},
				{"Trailer", "X-Own", "", "the connection"},
				{"tRANSFER-eNCODING", "chunked", "", "the connection"},
				{"Upgrade", "h2c", "", "the connection"},
				{"Content-Length", "banana", "", "not the length"},
				{"Content-Length", "-1", "", "not the length"},
				{"Content-Length", "+4", "", "not the length"},
				{"X-Request-Id", "forged", "", "Fazt sets it"},
				{"Date", "Thu, 01 Jan 1970 00:00:00 GMT", "", "Fazt sets it"},
				{"Alt-Svc", `h3="evil.example:443"; ma=31536000; persist=1`, "", "remember"},
				{"Public-Key-Pins", `pin-sha256="x"; includeSubDomains; max-age=99999`, "", "remember"},
				{"Public-Key-Pins-Report-Only", "x", "", "remember"},
				{"Expect-CT", "max-age=99999, enforce", "", "remember"},
				{"NEL", `{"report_to":"a","max_age":1,"include_subdomains":true}`, "", "Reporting-Endpoints"},
				{"Report-To", `{"group":"a","max_age":1,"include\u005fsubdomains":true,"endpoints":[]}`, "", "Reporting-Endpoints"},
				{"X-Accel-Redirect", "/etc/passwd", "", "proxy"},
				{"X-Sendfile", "/etc/passwd", "", "proxy"},
				{"X-Lighttpd-Send-File", "/etc/passwd", "", "proxy"},
				{"X-Sendfile2", "/etc/passwd 0-", "", "proxy"},
				{"X-LIGHTTPD-send-tempfile", "/etc/passwd", "", "proxy"},
				{"X-Reproxy-URL", "http://127.0.0.1/", "", "proxy"},
				{"X-REPROXY-FILE", "/etc/passwd", "", "proxy"},
				{"X_Accel_Redirect", "/etc/passwd", "", "proxy"},
				{"X-Accel-Limit-Rate", "1", "", "proxy"},
				{"X-LiteSpeed-Location", "/etc/passwd", "", "proxy"},

				{"Clear-Site-Data", `"cookies"`, "", "other apps"},
				{"Clear-Site-Data", `"*"`, "", "other apps"},
				{"Clear-Site-Data", `"cache", "cookies","storage" , "unheardOf"`, `"cache","storage"`, "other apps"},
				{"Clear-Site-Data", `"cache", "storage", "executionContexts"`, `"cache", "storage", "executionContexts"`, ""},
				{"Strict-Transport-Security", "max-age=63072000; includeSubDomains; preload", "max-age=63072000", "other apps"},
				{"Strict-Transport-Security", "max-age=1;\tINCLUDESUBDOMAINS ;x", "max-age=1;x", "other apps"},
				{"Strict-Transport-Security", "includeSubDomains=1", "", "other apps"},
				{"Strict-Transport-Security", "max-age=9", "max-age=9", ""},

				{"Set-Cookie", "a=b; Path=/; Domain=localhost; Secure", "a=b; Path=/; Secure", "one host"},
				{"Set-Cookie", "a=b; domain=.example.com", "a=b", "one host"},
				{"Set-Cookie", "a=b;DOMAIN = admin.example.com;Domain=x;HttpOnly", "a=b;HttpOnly", "one host"},
				{"Set-Cookie", "a=b;\tDomain\t=x", "a=b", "one host"},
				{"Set-Cookie", "a=b; Domain", "a=b", "one host"},
				{"Set-Cookie", "a=\"; domain=x; \"", "a=\"; \"", "one host"}, // browsers split here even inside quotes
				{"Set-Cookie", "a=domain; x=domain; Path=/domain=x", "a=domain; x=domain; Path=/domain=x", ""},
				{"Set-Cookie", "domain=x", "domain=x", ""},
				{"Set-Cookie", "__Host-own=1; Secure; Path=/", "__Host-own=1; Secure; Path=/", ""},
				{"Set-Cookie", "fazt_split=arm_b", "", "Fazt's"},
				{"Set-Cookie", " FAZT_session = x; Path=/", "", "Fazt's"},
				{"Set-Cookie", "__Host-fazt_session=x; Secure; Path=/", "", "Fazt's"},
				{"Set-Cookie", "__secure-Fazt-x=x", "", "Fazt's"},
				{"Set-Cookie", "__Http-__Host-fazt=x", "", "Fazt's"},
				{"Set-Cookie", "__Host-__Http-fazt=x", "", "Fazt's"},
				{"Set-Cookie", "=fazt_split=arm_b", "", "Fazt's"},
				{"Set-Cookie", "= __Host-fazt_session=x", "", "Fazt's"},
				{"Set-Cookie", "==\t fazt_split", "", "Fazt's"},
				{"Set-Cookie", "fazt_split", "", "Fazt's"},

				{"Access-Control-Allow-Origin", "*", "*", ""},
				{"Access-Control-Allow-Credentials", "true", "true", ""},
				{"Service-Worker-Allowed", "/", "/", ""},
				{"Server", "nginx", "nginx", ""},
				{"Reporting-Endpoints", `a="/api/reports"`, `a="/api/reports"`, ""},
				{"X-Accel-Buffering", "no", "no", ""},
				{"WWW-Authenticate", "Basic", "Basic", ""},
				{"Link", "</a>; rel=preload", "</a>; rel=preload", ""},
			} {
				x.Log.Forget()
				resp, text := x.answer(200, [][2]string{{tt.name, tt.value}, {"X-Own", "kept"}}, "body")
				got := strings.Join(resp.Header.Values(tt.name), " | ")
				if tt.name == "Date" && got != "" && !strings.Contains(got, "1970") || tt.name == "Content-Length" && got == "4" {
					got = ""
				}
				if resp.StatusCode != 200 || text != "body" || got != tt.want || resp.Header.Get("X-Own") != "kept" || resp.Close || len(resp.Trailer) > 0 {
					t.Errorf("%s: %s: %d %q: sent %q, want %q\n%s", tt.name, tt.value, resp.StatusCode, text, got, tt.want, x.Log)
				}
				if log := x.Log.String(); tt.why == "" && log != "" || tt.why != "" && (!strings.HasPrefix(log, "warn left out of the response: ") || !strings.Contains(log, tt.why) || strings.Count(log, "\n") != 1) {
					t.Errorf("%s: %s: the console says %q", tt.name, tt.value, log)
				}
			}
		})
	}
}

func TestWrongLengthsDoNoHarm(t *testing.T) {
	runtimetest.SlowUnderRace(t)
	for style, code := range answering {
		x := newSite(t, code)
		for _, length := range []string{"4", "3", "5", "0", "99999999999999999999", "4, 5", "04"} {
			for _, list := range [][][2]string{{{"Content-Length", length}}, {{"Content-Length", "4"}, {"Content-Length", length}}} {
				resp, text := x.answer(200, list, "body")
				if lengths := resp.Header.Values("Content-Length"); resp.StatusCode != 200 || len(lengths) > 1 || style != "streamed" && text != "body" || !strings.HasPrefix("body", strings.TrimSuffix(text, " (cut off)")) {
					t.Errorf("%s: %v: %d %q %v", style, list, resp.StatusCode, text, resp.Header)
				}
			}
		}
	}
}

func TestInvalidStatusesAreFailures(t *testing.T) {
	runtimetest.SlowUnderRace(t)
	for style, code := range answering {
		x := newSite(t, code)
		for _, status := range []string{"99", "0", "-1", "100", "101", "103", "199", "600", "1000", "1e9", "99999999999999999999", `"banana"`, "null", "[]", "{}", "NaN", "Infinity"} {
			if classic := style == "classic" || style == "object"; status == "null" && classic { // means no status
				continue
			}
			resp := x.do(context.Background(), "POST", "/", strings.NewReader(`[`+strings.NewReplacer("NaN", `"NaN"`, "Infinity", "1e999").Replace(status)+`, [], "body"]`), "Content-Type", "application/json")
			text, _ := io.ReadAll(resp.Body)
			if resp.StatusCode != 500 || strings.Contains(string(text), "body") {
				t.Errorf("%s: status %s: %d %s", style, status, resp.StatusCode, text)
			}
		}
		for _, status := range []int{204, 205, 304} {
			x.Log.Forget()
			want := 500
			if style == "classic" || style == "object" {
				want = status
			}
			if resp, text := x.answer(status, nil, "body"); resp.StatusCode != want || strings.Contains(text, "body") || want != 500 && !strings.Contains(x.Log.String(), "has none") {
				t.Errorf("%s: %d with a body: %d %q\n%s", style, status, resp.StatusCode, text, x.Log)
			}
			if resp, text := x.answer(status, [][2]string{{"X-Own", "kept"}}, nil); resp.StatusCode != status || text != "" || resp.Header.Get("X-Own") != "kept" || resp.ContentLength > 0 {
				t.Errorf("%s: %d: %d %q %v\n%s", style, status, resp.StatusCode, text, resp.Header, x.Log)
			}
		}
	}
}

func TestInvalidHeaderNamesAndValuesAreFailures(t *testing.T) {
	runtimetest.SlowUnderRace(t)
	for style, code := range answering {
		x := newSite(t, code)
		for _, pair := range [][2]string{
			{"a\r\nSet-Cookie", "x"}, {"a", "x\r\nSet-Cookie: y=z"}, {"a", "x\nSet-Cookie: y=z"}, {"a", "x\ry"}, {"a", "x\x00y"}, {"a\x00", "x"}, {"", "x"}, {" a", "x"}, {"a ", "x"},
			{"a:", "x"}, {"a b", "x"}, {"é", "x"}, {"a", "日本"}, {"Trailer:x", "y"}, {"a\t", "x"}, {"(a)", "x"},
		} {
			if resp, text := x.answer(200, [][2]string{pair}, "body"); resp.StatusCode != 500 || strings.Contains(text, "body") || len(resp.Header.Values("Set-Cookie")) > 0 {
				t.Errorf("%s: %q: %d %s %v", style, pair, resp.StatusCode, text, resp.Header)
			}
		}
		many := make([][2]string, 3000)
		for i := range many {
			many[i] = [2]string{fmt.Sprint("x-", i), strings.Repeat("y", 100)}
		}
		if resp, _ := x.answer(200, many, "body"); resp.StatusCode != 500 || !strings.Contains(x.Log.String(), "the limit is 131072") {
			t.Errorf("%s: 300 KB of headers: %d", style, resp.StatusCode)
		}
	}
}

// The prelude's checks use built-ins. A script gains nothing by replacing those: the host checks again, and an invalid status does
// not crash the process.
func TestReplacedChecksLetNothingThrough(t *testing.T) {
	runtimetest.SlowUnderRace(t)
	for name, code := range map[string]string{
		"status":      `Number.isInteger = () => true; setTimeout(() => {}, 30); respond(1000, "x");`,
		"small":       `Number.isInteger = () => true; setTimeout(() => {}, 30); respond(99, "x");`,
		"fraction":    `Number.isInteger = () => true; respond(200.5, "x");`,
		"informative": `Number.isInteger = () => true; respond(101, "x");`,
		"an object":   `Number.isInteger = () => true; let n = 0; setTimeout(() => {}, 30); respond({ valueOf: () => n++ ? 99 : 200 }, "x");`,
		"module":      `let n = 0; Math.trunc = () => ({ valueOf: () => n++ > 3 ? 99 : 200 }); export default (request, env, ctx) => { ctx.waitUntil(new Promise((r) => setTimeout(r, 30))); return new Response("x", { status: 1000 }); };`,
		"names": `RegExp.prototype.test = function () { return this.source.startsWith("^"); }; String.prototype.replace = function () { return this; };
			respond(200, "x", { "a\nset-cookie": "fazt_split=x", "b": "1\nset-cookie\n__Host-fazt_session=1", "c\r": "d", "connection": "close", "e": "f\r\ng", "k l": "m", "": "n" });`,
		"values":    `RegExp.prototype.test = function () { return this.source.startsWith("^"); }; respond(200, "x", { h: "i\0j", k: "l\rm" });`,
		"case":      `String.prototype.toLowerCase = function () { return "SET-COOKIE"; }; export default () => new Response("x", { headers: { "Set-Cookie": "fazt_split=x", "set-cookie": "a=b; Domain=localhost" } });`,
		"the lines": `Array.prototype.join = () => "set-cookie\nfazt_split=x\nConnection\nclose\nset-cookie\na=b; domain=localhost"; export default () => new Response("x", { headers: { a: "b" } });`,
	} {
		x := newSite(t, code)
		for range 2 {
			resp := x.do(context.Background(), "GET", "/", nil)
			text, _ := io.ReadAll(resp.Body)
			for name, values := range resp.Header {
				for _, v := range values {
					if name == "Set-Cookie" && (strings.Contains(v, "fazt") || strings.Contains(strings.ToLower(v), "domain")) || strings.ContainsAny(v, "\r\n\x00") || name == "Connection" && v != "close" {
						t.Errorf("%s: %s: %q", name, name, v)
					}
				}
			}
			for _, name := range []string{"C\r", "K L", "H", "K"} {
				if len(resp.Header[name]) > 0 {
					t.Errorf("%s: %v", name, resp.Header)
				}
			}
			if resp.StatusCode != 200 && resp.StatusCode != 500 {
				t.Errorf("%s: %d %s", name, resp.StatusCode, text)
			}
		}
	}
}

// answer makes the function send this response, and returns it.
func (x *site) answer(status int, headers [][2]string, body any) (*http.Response, string) {
	x.Helper()
	if headers == nil {
		headers = [][2]string{}
	}
	asked, err := json.Marshal([]any{status, headers, body})
	if err != nil {
		x.Fatal(err)
	}
	r, err := http.NewRequestWithContext(x.Context(), "POST", "http://"+x.address+"/", strings.NewReader(string(asked)))
	if err != nil {
		x.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	resp, err := transport.RoundTrip(r)
	if err != nil {
		x.Fatalf("%v: %v\n%s", headers, err, x.Log)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return resp, string(text) + " (cut off)"
	}
	return resp, string(text)
}

func TestWhichHeadersCanBeChanged(t *testing.T) {
	runtimetest.SlowUnderRace(t)
	for expression, want := range map[string]string{
		"request.headers.set('a', 'b')":                                                "TypeError",
		"request.headers.append('a', 'b')":                                             "TypeError",
		"request.headers.delete('host')":                                               "TypeError",
		"request.headers.set('a b', 'c')":                                              "TypeError",
		"request.headers.get('x-sent')":                                                "sent",
		"[...request.headers.keys()].includes('x-sent')":                               "true",
		"Response.redirect('http://a/').headers.set('a', 'b')":                         "TypeError",
		"Response.redirect('http://a/').headers.delete('location')":                    "TypeError",
		"Response.redirect('http://a/').headers.get('location')":                       "http://a/",
		"Response.error().headers.append('a', 'b')":                                    "TypeError",
		"new Response().headers.set('a', 'b')":                                         "undefined",
		"Response.json(1).headers.set('a', 'b')":                                       "undefined",
		"new Request('http://a/').headers.set('a', 'b')":                               "undefined",
		"new Request(request).headers.set('a', 'b')":                                   "undefined",
		"(h => { h.set('a', 'b'); return h.get('a'); })(new Headers(request.headers))": "b",
		"(r => { r.headers.set('x-sent', 'b'); return r.headers.get('x-sent') + request.headers.get('x-sent'); })(new Request(request))":       "bsent",
		"(r => { r.headers.set('a', 'b'); return r.headers.get('location') + r.status; })(new Response(null, Response.redirect('http://a/')))": "http://a/302",
	} {
		h := runtimetest.New(t, "export default (request) => { let v; try { v = "+expression+"; } catch (e) { v = e.name; } return new Response(String(v)); };")
		if w := h.Ask(t, "GET", "/", "", "X-Sent", "sent"); w.Body.String() != want {
			t.Errorf("%s: %s, want %s\n%s", expression, w.Body, want, h.Log)
		}
	}
}

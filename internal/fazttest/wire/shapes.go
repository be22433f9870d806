// Package wire tests how requests and responses go over a connection: unusual requests as bytes, and nginx to compare
// with or to put in front of an instance.
package wire

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"
)

// Shape is a request as bytes, usually an odd one that servers have been seen to read in different ways.
type Shape struct {
	Name string
	Text string // may contain a second request, to /api/hidden
	Want Fate
	Why  string // why the fate deliberately differs from nginx's, or is less strict than that of nginx or llhttp
}

// Fate is how a server handles a shape.
type Fate string

// The fates. A response to a request hidden in a body is Smuggled, which is never right.
const (
	Taken    Fate = "taken"    // gets a response, and so does the request that follows
	Last     Fate = "last"     // gets a response, and the connection is closed
	Refused  Fate = "refused"  // gets an error, and the connection is closed
	Both     Fate = "both"     // so does the second request in it
	Partly   Fate = "partly"   // gets a response; what follows is refused
	Closed   Fate = "closed"   // the connection is closed without a response
	Smuggled Fate = "smuggled" // the second request gets a response although it is in a body
	Hanging  Fate = "hanging"  // no response arrives
)

// EchoScript is a function that responds as Shapes need it, and EchoApp an app with that function.
const (
	EchoScript = `export default async (request) => {
	const body = await request.arrayBuffer();
	return new Response("path=" + new URL(request.url).pathname + " body=" + body.byteLength + "\n");
};
`
	EchoApp = "-- api/main.js --\n" + EchoScript
)

// Echo is EchoScript as a handler, to put behind a proxy.
func Echo(w http.ResponseWriter, r *http.Request) {
	n, err := io.Copy(io.Discard, r.Body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	fmt.Fprintf(w, "path=%s body=%d\n", r.URL.Path, n)
}

// ShapeHost is the host the shapes are for.
const ShapeHost = "app.localhost"

const following = "GET /api/following HTTP/1.1\r\nHost: " + ShapeHost + "\r\nConnection: close\r\n\r\n"

// Send sends the shape and then a whole request to a server, and returns its fate and the response statuses.
func (s Shape) Send(address string, patience time.Duration) (fate Fate, statuses []int, err error) {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return "", nil, err
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(patience))
	_, _ = io.WriteString(c, s.Text+following)
	in := bufio.NewReader(c)
	var paths []string
	for {
		resp, err := http.ReadResponse(in, nil)
		if err != nil {
			if errors.Is(err, os.ErrDeadlineExceeded) {
				return Hanging, statuses, nil
			}
			break
		}
		if resp.StatusCode == http.StatusContinue {
			continue
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		statuses = append(statuses, resp.StatusCode)
		path := ""
		if resp.StatusCode == http.StatusOK && err == nil {
			_, _ = fmt.Sscanf(string(body), "path=%s", &path)
		}
		paths = append(paths, path)
	}
	return s.judge(paths), statuses, nil
}

// judge returns the fate for the paths of the responses; "" is an error response.
func (s Shape) judge(paths []string) Fate {
	all := strings.Join(paths, " ")
	switch {
	case len(paths) == 0:
		return Closed
	case paths[0] == "":
		if strings.Contains(all, "/api/hidden") {
			return Smuggled
		}
		if strings.Contains(all, "/api/following") {
			return "refused, open"
		}
		return Refused
	case strings.Contains(all, "/api/hidden"):
		if s.Want == Both {
			return Both
		}
		return Smuggled
	case strings.Contains(all, "/api/following"):
		return Taken
	case len(paths) > 1:
		return Partly
	}
	return Last
}

func head(lines ...string) string { return strings.Join(lines, "\r\n") + "\r\n\r\n" }

// get returns a request with these headers in addition to Host.
func get(headers ...string) string {
	return head(append([]string{"GET /api/x HTTP/1.1", "Host: " + ShapeHost}, headers...)...)
}

// post returns a request with a body.
func post(body string, headers ...string) string {
	return head(append([]string{"POST /api/x HTTP/1.1", "Host: " + ShapeHost}, headers...)...) + body
}

// chunks returns a request with these bytes as its chunked body.
func chunks(body string) string { return post(body, "Transfer-Encoding: chunked") }

// line is a GET with this request line.
func line(l string) string { return head(l, "Host: "+ShapeHost) }

const hidden = "GET /api/hidden HTTP/1.1\r\nHost: " + ShapeHost + "\r\n\r\n"

// Shapes returns all shapes.
func Shapes() []Shape {
	size := fmt.Sprint("Content-Length: ", len(hidden))
	const chunked = "Transfer-Encoding: chunked"
	const empty = "0\r\n\r\n"
	const (
		stricter = "the RFC allows refusing it, and llhttp does"
		oneSpace = "the RFC requires exactly one space (RFC 9112, section 3)"
	)
	return []Shape{
		// What every server accepts.
		{"a request", get(), Taken, ""},
		{"a body with a length", post("hello", "Content-Length: 5"), Taken, ""},
		{"an empty body", post("", "Content-Length: 0"), Taken, ""},
		{"a body in chunks", chunks("5\r\nhello\r\n" + empty), Taken, ""},
		{"a body in no chunk", chunks(empty), Taken, ""},
		{"a body in many chunks", chunks(strings.Repeat("1\r\nx\r\n", 300) + empty), Taken, ""},
		{"two requests at once", get() + hidden, Both, ""},
		{"a request after a body", post("hello", "Content-Length: 5") + hidden, Both, ""},
		{"a request after chunks", chunks("5\r\nhello\r\n"+empty) + hidden, Both, ""},
		{"a request in a body", post(hidden, size), Taken, ""},
		{"a request in a chunk", chunks(fmt.Sprintf("%x\r\n%s\r\n", len(hidden), hidden) + empty), Taken, ""},
		{"a line break after the body of a POST", post("hello", "Content-Length: 5") + "\r\n" + hidden, Both, ""},
		{"HTTP/1.0", head("GET /api/x HTTP/1.0", "Host: "+ShapeHost), Last, ""},
		{"HTTP/1.0 with a body", head("POST /api/x HTTP/1.0", "Host: "+ShapeHost, "Content-Length: 5") + "hello", Last, ""},
		{"HTTP/1.0 that stays open", head("GET /api/x HTTP/1.0", "Host: "+ShapeHost, "Connection: keep-alive"), Taken, ""},
		{"a target in absolute form", line("GET http://" + ShapeHost + "/api/x HTTP/1.1"), Taken, ""},
		{"a target in absolute form, in capitals", head("GET HTTP://APP.localhost/api/x HTTP/1.1", "Host: "+ShapeHost), Taken, ""},
		{"a name in capitals", post("hello", "CONTENT-LENGTH: 5"), Taken, ""},
		{"a coding in capitals", post(empty, "Transfer-Encoding: CHUNKED"), Taken, ""},
		{"spaces around a value", post("hello", "Content-Length:  5  "), Taken, ""},
		{"no space before a value", post("hello", "Content-Length:5"), Taken, ""},
		{"an empty value", get("X-Empty:"), Taken, ""},
		{"a tab in a value", get("X-A: a\tb"), Taken, ""},
		{"high bytes in a value", get("X-A: caf\xc3\xa9 \xff"), Taken, ""},
		{"every mark a name can have", get("X!#$%&'*+-.^_`|~9: a"), Taken, ""},
		{"a length with zeros before", post("hello", "Content-Length: 0005"), Taken, ""},
		{"a chunk size with zeros before", chunks("0005\r\nhello\r\n" + empty), Taken, ""},
		{"a chunk size in capitals", chunks("A\r\n0123456789\r\n" + empty), Taken, ""},
		{"a chunk with an extension", chunks("5;a=b\r\nhello\r\n" + empty), Taken, ""},
		{"a chunk with a quoted extension", chunks("5;a=\"b c\"\r\nhello\r\n" + empty), Taken, ""},
		{"a trailer", chunks("5\r\nhello\r\n0\r\nX-A: b\r\n\r\n"), Taken, ""},
		{"a last chunk of many zeros", chunks("5\r\nhello\r\n000\r\n\r\n"), Taken, ""},
		{"a query", line("GET /api/x?a=b&c=%20%0d%0a HTTP/1.1"), Taken, ""},
		{"a method with a hyphen", line("M-SEARCH /api/x HTTP/1.1"), Taken, ""},
		{"Expect: 100-continue", post("hello", "Content-Length: 5", "Expect: 100-continue"), Taken, ""},

		// Two ways to delimit a body.
		{"a length and chunks", post(empty+hidden, size, chunked), Refused, ""},
		{"chunks and a length", post(empty+hidden, chunked, size), Refused, ""},
		{"chunks and a length of 0", post(empty, chunked, "Content-Length: 0"), Refused, ""},
		{"a length and the coding identity", post(hidden, size, "Transfer-Encoding: identity"), Refused, ""},
		{"a length and an unknown coding", post(hidden, size, "Transfer-Encoding: xchunked"), Refused, ""},
		{"a length and an empty coding", post(hidden, size, "Transfer-Encoding:"), Refused, ""},
		{"two lengths", post(hidden, "Content-Length: 0", size), Refused, ""},
		{"two lengths, the other way", post(hidden, size, "Content-Length: 0"), Refused, ""},
		{"two equal lengths", post("hello", "Content-Length: 5", "Content-Length: 5"), Refused, ""},
		{"two lengths in one", post("hello", "Content-Length: 5, 5"), Refused, ""},
		{"two different lengths in one", post(hidden, "Content-Length: 0, "+fmt.Sprint(len(hidden))), Refused, ""},
		{"two codings", post(empty, chunked, chunked), Refused, ""},
		{"a coding twice in one", post(empty, "Transfer-Encoding: chunked, chunked"), Refused, ""},
		{"two headers for one coding", post(empty, "Transfer-Encoding: identity", chunked), Refused, ""},

		// Transfer codings.
		{"chunks in HTTP/1.0", head("POST /api/x HTTP/1.0", "Host: "+ShapeHost, chunked) + empty + hidden, Refused, ""},
		{"chunks in HTTP/1.0 that stays open", head("POST /api/x HTTP/1.0", "Host: "+ShapeHost, "Connection: keep-alive", chunked) + empty + hidden, Refused, ""},
		{"chunks in HTTP/1.0 with a length", head("POST /api/x HTTP/1.0", "Host: "+ShapeHost, "Connection: keep-alive", size, chunked) + hidden, Refused, ""},
		{"an unknown coding", post(hidden, "Transfer-Encoding: cow"), Refused, ""},
		{"identity", post(hidden, "Transfer-Encoding: identity"), Refused, ""},
		{"gzip, then chunks", post(empty, "Transfer-Encoding: gzip, chunked"), Refused, ""},
		{"chunks, then gzip", post(empty, "Transfer-Encoding: chunked, gzip"), Refused, ""},
		{"chunks, then identity", post(empty, "Transfer-Encoding: chunked, identity"), Refused, ""},
		{"a coding with a parameter", post(empty, "Transfer-Encoding: chunked;q=1"), Refused, ""},
		{"a coding in quotes", post(empty, `Transfer-Encoding: "chunked"`), Refused, ""},
		{"a coding with a comma", post(empty, "Transfer-Encoding: chunked,"), Refused, ""},
		{"a coding after a comma", post(empty, "Transfer-Encoding: ,chunked"), Refused, ""},
		{"a coding after a vertical tab", post(empty, "Transfer-Encoding: \x0bchunked"), Refused, ""},
		{"a coding with a Kelvin sign", post(empty, "Transfer-Encoding: chun\xe2\x84\xaaed"), Refused, ""},
		{"an empty coding", post(hidden, "Transfer-Encoding:"), Refused, ""},
		{"a coding by a folded line", post(empty+hidden, "Transfer-Encoding:", " chunked"), Refused, ""},
		{"a coding by a folded line, with a length", post(empty+hidden, size, "Transfer-Encoding:", "\tchunked"), Refused, ""},
		{"a coding folded after it", post(empty, "Transfer-Encoding: chunked", " , identity"), Refused, ""},
		{"a coding before a space", post(hidden, size, "Transfer-Encoding : chunked"), Refused, ""},
		{"a coding before a tab", post(hidden, size, "Transfer-Encoding\t: chunked"), Refused, ""},
		{"a coding after a space", post(hidden, size, " Transfer-Encoding: chunked"), Refused, ""},
		{"a coding after a NUL", post(hidden, size, "\x00Transfer-Encoding: chunked"), Refused, ""},
		{"a coding after a bare LF", post(empty+hidden, size, "X-A: b\nTransfer-Encoding: chunked"), Refused, ""},
		{"a coding after a bare CR", post(empty+hidden, size, "X-A: b\rTransfer-Encoding: chunked"), Refused, ""},

		// Lengths.
		{"a length with a sign", post("hello", "Content-Length: +5"), Refused, ""},
		{"a negative length", post("hello", "Content-Length: -5"), Refused, ""},
		{"a length in hexadecimal", post("hello", "Content-Length: 0x5"), Refused, ""},
		{"a length with a point", post("hello", "Content-Length: 5.0"), Refused, ""},
		{"an empty length", post("", "Content-Length:"), Refused, ""},
		{"a length with a space in it", post("hello", "Content-Length: 5 0"), Refused, ""},
		{"a length with a comma", post("hello", "Content-Length: 5,"), Refused, ""},
		{"a length over 64 bits", post("hello", "Content-Length: 18446744073709551621"), Refused, ""},
		{"a length over 63 bits", post("hello", "Content-Length: 9223372036854775808"), Refused, ""},
		{"a length by a folded line", post("hello", "Content-Length:", " 5"), Refused, ""},
		{"a length before a space", post(hidden, "Content-Length : "+fmt.Sprint(len(hidden))), Refused, ""},
		{"a length between tabs", post("hello", "Content-Length: \t5\t"), Refused, ""},
		{"a length with a vertical tab", post("hello", "Content-Length: \x0b5"), Refused, ""},
		{"a length with a NUL", post("hello", "Content-Length: 5\x00"), Refused, ""},
		{"a length in full-width digits", post("hello", "Content-Length: \xef\xbc\x95"), Refused, ""},

		// Line endings, and the contents of lines.
		{"LF after the request line", "GET /api/x HTTP/1.1\nHost: " + ShapeHost + "\r\n\r\n", Refused, stricter},
		{"LF after a header", "GET /api/x HTTP/1.1\r\nHost: " + ShapeHost + "\n\r\n", Refused, stricter},
		{"LF after the head", "GET /api/x HTTP/1.1\r\nHost: " + ShapeHost + "\r\n\n", Refused, stricter},
		{"LF everywhere", "GET /api/x HTTP/1.1\nHost: " + ShapeHost + "\n\n", Refused, stricter},
		{"CR after the request line", "GET /api/x HTTP/1.1\rHost: " + ShapeHost + "\r\n\r\n", Refused, ""},
		{"CR in a value", get("X-A: a\rb"), Refused, ""},
		{"CR CR LF", "GET /api/x HTTP/1.1\r\nHost: " + ShapeHost + "\r\r\n\r\n", Refused, stricter},
		{"CR in a name", get("X\rA: b"), Refused, ""},
		{"NUL in a value", get("X-A: a\x00b"), Refused, ""},
		{"NUL in a name", get("X\x00A: b"), Refused, ""},
		{"a control character in a value", get("X-A: a\x01b"), Refused, stricter},
		{"an escape in a value", get("X-A: a\x1b[2Jb"), Refused, stricter},
		{"DEL in a value", get("X-A: a\x7fb"), Refused, stricter},
		{"a folded line", get("X-A: a", " b"), Refused, ""},
		{"a folded line, by a tab", get("X-A: a", "\tb"), Refused, ""},
		{"a space before the first header", head("GET /api/x HTTP/1.1", " X-A: b", "Host: "+ShapeHost), Refused, ""},
		{"a space before the colon", get("X-A : b"), Refused, ""},
		{"a tab before the colon", get("X-A\t: b"), Refused, ""},
		{"a space in a name", get("X A: b"), Refused, ""},
		{"no name", get(": b"), Refused, ""},
		{"no colon", get("X-A"), Refused, stricter},
		{"a name in brackets", get("X(A): b"), Refused, stricter},
		{"a name with a slash", get("X/A: b"), Refused, stricter},
		{"a name with high bytes", get("X-\xc3\xa9: b"), Refused, stricter},
		{"a name with quotes", get(`"X": b`), Refused, stricter},
		{"a line break before the request", "\r\n" + get(), Refused, "clients send it only after a POST; accepting it elsewhere adds one more way to disagree with other parsers"},
		{"two line breaks after the body of a POST", post("hello", "Content-Length: 5") + "\r\n\r\n" + hidden, Partly, "old browsers send one (RFC 9112, section 2.2)"},
		{"LF before the request", "\n" + get(), Refused, "like a line break there"},

		// Request lines.
		{"two spaces before the target", line("GET  /api/x HTTP/1.1"), Refused, oneSpace},
		{"two spaces after the target", line("GET /api/x  HTTP/1.1"), Refused, oneSpace},
		{"a tab before the target", line("GET\t/api/x HTTP/1.1"), Refused, ""},
		{"a tab after the target", line("GET /api/x\tHTTP/1.1"), Refused, ""},
		{"a space after the version", line("GET /api/x HTTP/1.1 "), Refused, stricter},
		{"a space before the method", line(" GET /api/x HTTP/1.1"), Refused, ""},
		{"a space in the target", line("GET /api/x y HTTP/1.1"), Refused, ""},
		{"no version", "GET /api/x\r\n", Refused, "HTTP/0.9 has no headers, and no client uses it"},
		{"no version but a head", line("GET /api/x"), Refused, "like no version"},
		{"no target", line("GET HTTP/1.1"), Refused, ""},
		{"an empty target", line("GET  HTTP/1.1"), Refused, ""},
		{"no method", line("/api/x HTTP/1.1"), Refused, ""},
		{"a method in small letters", line("get /api/x HTTP/1.1"), Refused, ""},
		{"a method with a colon", line("GET: /api/x HTTP/1.1"), Refused, ""},
		{"a method with a digit", line("GET1 /api/x HTTP/1.1"), Refused, ""},
		{"a method with NUL", line("G\x00ET /api/x HTTP/1.1"), Refused, ""},
		{"HTTP/1.2", line("GET /api/x HTTP/1.2"), Refused, "this version does not exist; llhttp refuses it too"},
		{"HTTP/1.10", line("GET /api/x HTTP/1.10"), Refused, "like HTTP/1.2"},
		{"HTTP/01.1", line("GET /api/x HTTP/01.1"), Refused, ""},
		{"HTTP/2.0", line("GET /api/x HTTP/2.0"), Refused, ""},
		{"HTTP/0.9", line("GET /api/x HTTP/0.9"), Refused, ""},
		{"http/1.1", line("GET /api/x http/1.1"), Refused, ""},
		{"HTTPS/1.1", line("GET /api/x HTTPS/1.1"), Refused, ""},
		{"HTTP/1,1", line("GET /api/x HTTP/1,1"), Refused, ""},
		{"HTTP/1.", line("GET /api/x HTTP/1."), Refused, ""},
		{"the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Refused, ""},
		{"NUL in the target", line("GET /api/x\x00y HTTP/1.1"), Refused, ""},
		{"a control character in the target", line("GET /api/x\x01 HTTP/1.1"), Refused, ""},
		{"DEL in the target", line("GET /api/x\x7f HTTP/1.1"), Refused, ""},
		{"CR in the target", line("GET /api/x\rHTTP/1.1"), Refused, ""},
		{"a target that is a name", line("GET api/x HTTP/1.1"), Refused, ""},
		{"a target that is an asterisk", line("GET * HTTP/1.1"), Refused, ""},
		{"OPTIONS *", line("OPTIONS * HTTP/1.1"), Refused, ""},
		{"a target with an unknown scheme", line("GET ftp://" + ShapeHost + "/api/x HTTP/1.1"), Refused, "this is not a proxy"},
		{"a target with a scheme alone", line("GET http:///api/x HTTP/1.1"), Refused, ""},
		{"a target with a user", line("GET http://me@" + ShapeHost + "/api/x HTTP/1.1"), Refused, ""},
		{"high bytes in the target", line("GET /api/x?\xc3\xa9 HTTP/1.1"), Taken, "llhttp refuses it; curl sends it, and none of its bytes is a delimiter"},
		{"a method of its own", line("FETCH-ALL /api/x HTTP/1.1"), Taken, "llhttp has a fixed list of methods; an app may use others"},

		// Hosts.
		{"no host", head("GET /api/x HTTP/1.1"), Refused, ""},
		{"an empty host", head("GET /api/x HTTP/1.1", "Host:"), Refused, ""},
		{"two hosts", head("GET /api/x HTTP/1.1", "Host: "+ShapeHost, "Host: other.localhost"), Refused, ""},
		{"two equal hosts", head("GET /api/x HTTP/1.1", "Host: "+ShapeHost, "Host: "+ShapeHost), Refused, ""},
		{"two hosts in HTTP/1.0", head("GET /api/x HTTP/1.0", "Host: "+ShapeHost, "Host: other.localhost"), Refused, ""},
		{"a host before a space", head("GET /api/x HTTP/1.1", "Host : "+ShapeHost), Refused, ""},
		{"a host with a slash", head("GET /api/x HTTP/1.1", "Host: app.localhost/x"), Refused, ""},
		{"a host with a space", head("GET /api/x HTTP/1.1", "Host: app.localhost x"), Refused, ""},
		{"a host that is not the target's", line("GET http://other.localhost/api/x HTTP/1.1"), Refused, "a client must send the same host (RFC 9112, section 3.2.2); a proxy may have used the other one"},

		// Chunks.
		{"a chunk size with a sign", chunks("+5\r\nhello\r\n" + empty), Refused, ""},
		{"a negative chunk size", chunks("-5\r\nhello\r\n" + empty), Refused, ""},
		{"a chunk size in 0x", chunks("0x5\r\nhello\r\n" + empty), Refused, ""},
		{"a chunk size that is not a number", chunks("g\r\nhello\r\n" + empty), Refused, ""},
		{"an empty chunk size", chunks("\r\nhello\r\n" + empty), Refused, ""},
		{"a chunk size after a space", chunks(" 5\r\nhello\r\n" + empty), Refused, ""},
		{"a chunk size before a space", chunks("5 \r\nhello\r\n" + empty), Refused, stricter},
		{"a chunk size over 64 bits", chunks("10000000000000005\r\nhello\r\n" + empty), Refused, ""},
		{"a chunk size of 17 digits", chunks("00000000000000005\r\nhello\r\n" + empty), Refused, "no real size is that long"},
		{"LF after a chunk size", chunks("5\nhello\r\n" + empty), Refused, stricter},
		{"LF after a chunk", chunks("5\r\nhello\n" + empty), Refused, stricter},
		{"LF after the last chunk", chunks("5\r\nhello\r\n0\n\r\n"), Refused, stricter},
		{"LF after the trailer", chunks("5\r\nhello\r\n0\r\n\n"), Refused, stricter},
		{"CR after a chunk size", chunks("5\rhello\r\n" + empty), Refused, ""},
		{"nothing after a chunk", chunks("5\r\nhello" + empty), Refused, ""},
		{"a chunk that is longer than its size", chunks("5\r\nhello!\r\n" + empty), Refused, ""},
		{"an extension with LF", chunks("5;a\nhello\r\n" + empty), Refused, stricter},
		{"an extension with CR", chunks("5;a\rb\r\nhello\r\n" + empty), Refused, stricter},
		{"an extension with NUL", chunks("5;a\x00b\r\nhello\r\n" + empty), Refused, stricter},
		{"a trailer by a folded line", chunks("5\r\nhello\r\n0\r\nX-A: b\r\n c\r\n\r\n"), Refused, stricter},
		{"a trailer with LF", chunks("5\r\nhello\r\n0\r\nX-A: b\n\r\n"), Refused, stricter},
		{"a trailer without a colon", chunks("5\r\nhello\r\n0\r\nX-A\r\n\r\n"), Refused, stricter},
		{"a length in a trailer", chunks("5\r\nhello\r\n0\r\nContent-Length: 5\r\n\r\n"), Refused, stricter},
		{"a coding in a trailer", chunks("5\r\nhello\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n"), Refused, stricter},
	}
}

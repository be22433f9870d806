package runtime_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strings"
	"testing"

	"fazt/internal/runtime/runtimetest"
)

// Forms with files used to arrive as null, and there was no way to read urlencoded and multipart bodies.
func TestAScriptGetsTheFieldsAndTheFilesOfAForm(t *testing.T) {
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	field := func(name, value string) {
		if err := w.WriteField(name, value); err != nil {
			t.Fatal(err)
		}
	}
	field("title", "café")
	field("title", "second")
	field("__proto__", "x")
	part, err := w.CreatePart(textproto.MIMEHeader{"Content-Disposition": {`form-data; name="photo"; filename="a.png"`}, "Content-Type": {"image/png"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := part.Write([]byte{0x89, 0, 0xff, '\n'}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	h := runtimetest.New(t, `const { photo } = request.files; respond([request.body, Object.keys(request.files), photo.name, photo.type, photo.size, [...photo.data], photo.data instanceof Uint8Array]);`)
	const want = `[{"title":"café","__proto__":"x"},["photo"],"a.png","image/png",4,[137,0,255,10],true]`
	if got := h.Ask(t, "POST", "/", body.String(), "Content-Type", w.FormDataContentType()); got.Body.String() != want {
		t.Errorf("got %d %s, want %s\n%s", got.Code, got.Body, want, h.Log)
	}
	none := runtimetest.New(t, `respond([request.body ?? null, request.files]);`)
	for contentType, want := range map[string]string{
		"application/x-www-form-urlencoded": `[{"a":"1 2"},{}]`,
		"text/plain":                        `["a=1+2",{}]`,
	} {
		if got := none.Ask(t, "POST", "/", "a=1+2", "Content-Type", contentType); got.Body.String() != want {
			t.Errorf("%s: %s, want %s", contentType, got.Body, want)
		}
	}
	if got := none.Ask(t, "POST", "/", "nonsense", "Content-Type", "multipart/form-data; boundary=x"); got.Code != http.StatusInternalServerError || !strings.Contains(h.Log.String()+none.Log.String(), "not valid multipart") {
		t.Errorf("%d %s\n%s", got.Code, got.Body, none.Log)
	}
}

// A script's response cannot affect the connection, be split into two responses, or be invalid.
func TestRespondRefusesInvalidResponsesAndLeavesOutHeaders(t *testing.T) {
	runtimetest.SlowUnderRace(t)
	for code, want := range map[string]int{
		`respond(99, "x")`:                               500,
		`respond(1000, "x")`:                             500,
		`respond(101, "x")`:                              500,
		`respond("200", "x")`:                            500,
		`respond(200.5, "x")`:                            500,
		`respond(200, "x", { a: "b\r\nset-cookie: c" })`: 500,
		`respond(200, "x", { "a\r\nb": "c" })`:           500,
		`respond(200, "x", { "": "c" })`:                 500,
		`respond(200, () => 1)`:                          500,
		`respond(200, "x", { "transfer-encoding": "chunked", connection: "upgrade", upgrade: "x", "content-length": "9", "keep-alive": "x", "x-request-id": "mine" })`: 200,
		`respond(201)`: 201,
		`respond()`:    200,
	} {
		h := runtimetest.New(t, code)
		got := h.Ask(t, "GET", "/", "")
		if got.Code != want {
			t.Errorf("%s: %d %s", code, got.Code, got.Body)
		}
		for _, name := range []string{"Transfer-Encoding", "Connection", "Upgrade", "Keep-Alive", "Set-Cookie", "X-Request-Id"} {
			if v := got.Header().Get(name); v != "" && want == 200 {
				t.Errorf("%s: %s: %s", code, name, v)
			}
		}
		if got.Code == 200 && got.Body.Len() > 0 && got.Header().Get("Content-Length") != "1" {
			t.Errorf("%s: length %s", code, got.Header().Get("Content-Length"))
		}
	}
}

func TestAScriptRunsAfreshForEveryRequest(t *testing.T) {
	h := runtimetest.New(t, `const once = 1; let n = (globalThis.n ?? 0) + 1; globalThis.n = n; var v = typeof seen; globalThis.seen = true; respond([n, v]);`)
	for range 3 {
		if got := h.Ask(t, "GET", "/", ""); got.Body.String() != `[1,"undefined"]` {
			t.Errorf("%d %s", got.Code, got.Body)
		}
	}
}

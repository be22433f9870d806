package op

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"fazt/internal/errs"
)

// flushes counts what a live stream sends at once.
type flushes struct {
	*httptest.ResponseRecorder
	n int
}

func (f *flushes) Flush() { f.n++ }

func TestAStreamArrivesAsItWasSent(t *testing.T) {
	w := httptest.NewRecorder()
	begun, err := FileRead.Spec.WriteStream(w, Stream{Size: 5, Write: func(w io.Writer) error {
		_, err := io.WriteString(w, "hello")
		return err
	}})
	if !begun || err != nil {
		t.Fatal(begun, err)
	}
	for name, want := range map[string]string{
		"Content-Type": "application/octet-stream", "Content-Length": "5", "X-Content-Type-Options": "nosniff",
		"Content-Disposition": "attachment", "Content-Security-Policy": "sandbox; default-src 'none'",
		"Cache-Control": "no-store, no-transform", "X-Accel-Buffering": "no",
	} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	stream, err := FileRead.Decode(w.Result())
	if err != nil || stream.Size != 5 {
		t.Fatal(stream.Size, err)
	}
	defer stream.Body.Close()
	if data, err := io.ReadAll(stream.Body); err != nil || string(data) != "hello" {
		t.Errorf("%q %v", data, err)
	}
}

func TestAStreamOfUnknownSizeHasNoLength(t *testing.T) {
	for size, want := range map[int64]string{-1: "", 0: "0"} {
		w := httptest.NewRecorder()
		if begun, err := FileRead.Spec.WriteStream(w, Stream{Size: size, Write: func(io.Writer) error { return nil }}); !begun || err != nil || w.Header().Get("Content-Length") != want {
			t.Errorf("%d: %v %v %q", size, begun, err, w.Header().Get("Content-Length"))
		}
	}
}

func TestALiveStreamSendsEveryEventAtOnce(t *testing.T) {
	w := &flushes{ResponseRecorder: httptest.NewRecorder()}
	begun, err := LogTail.Spec.WriteStream(w, Stream{Live: true, Size: -1, Write: func(out io.Writer) error {
		if w.n != 1 || w.Body.String() != string(Heartbeat()) {
			t.Errorf("the reader does not know that it is connected: %d flushes, %q", w.n, w.Body)
		}
		_, _ = out.Write([]byte("data: 1\n\n"))
		_, err := out.Write([]byte("data: 2\n\n"))
		return err
	}})
	if !begun || err != nil || w.n != 3 {
		t.Errorf("%v %v, %d flushes", begun, err, w.n)
	}
	w = &flushes{ResponseRecorder: httptest.NewRecorder()}
	_, err = FileRead.Spec.WriteStream(w, Stream{Size: -1, Write: func(out io.Writer) error {
		_, err := out.Write([]byte("x"))
		return err
	}})
	if err != nil || w.n != 0 {
		t.Errorf("a file is flushed %d times: %v", w.n, err)
	}
}

func TestAStreamThatFailsBeforeItsFirstByteIsAnError(t *testing.T) {
	w := httptest.NewRecorder()
	lost := errs.New(errs.NotFound, "no such file")
	begun, err := FileRead.Spec.WriteStream(w, Stream{Size: 5, Write: func(io.Writer) error { return lost }})
	if begun || !errors.Is(err, lost) {
		t.Fatal(begun, err)
	}
	WriteError(w, err, "req1")
	for _, name := range []string{"Content-Length", "Content-Disposition", "Content-Security-Policy"} {
		if got := w.Header().Get(name); got != "" {
			t.Errorf("the error has %s: %s", name, got)
		}
	}
	if _, err := FileRead.Decode(w.Result()); !errs.Is(err, errs.NotFound) || errs.Sentence(err) != "no such file" {
		t.Error(err)
	}
	begun, err = FileRead.Spec.WriteStream(httptest.NewRecorder(), Stream{Size: 5, Write: func(out io.Writer) error {
		_, _ = io.WriteString(out, "he")
		return lost
	}})
	if !begun || !errors.Is(err, lost) {
		t.Error("a stream that began counts as one that did not:", begun, err)
	}
}

// deaf is a client that has disconnected.
type deaf struct{ http.ResponseWriter }

func (deaf) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestALiveStreamEndsWhenItsReaderIsGone(t *testing.T) {
	begun, err := LogTail.Spec.WriteStream(deaf{httptest.NewRecorder()}, Stream{Live: true, Size: -1, Write: func(io.Writer) error {
		t.Error("it was written")
		return nil
	}})
	if !begun || !errors.Is(err, io.ErrClosedPipe) {
		t.Error(begun, err)
	}
}

// body counts how often a response is closed.
type body struct {
	io.Reader
	closed int
}

func (b *body) Close() error {
	b.closed++
	return nil
}

func TestResponsesOtherThanStreamsAreClosedAndGiveSentences(t *testing.T) {
	for _, tt := range []struct {
		name, contentType, body string
		status                  int
		kind                    errs.Kind
		want                    string
	}{
		{"a web page", "text/html", "<p>", 200, errs.Unsupported, "another version of Fazt"},
		{"no type", "", "x", 200, errs.Unsupported, "another version of Fazt"},
		{"another stream", "text/event-stream", "x", 200, errs.Unsupported, "another version of Fazt"},
		{"a proxy's error", "text/html", "<p>", 502, errs.Unsupported, "no Fazt API at that address"},
		{"an error", "application/json", `{"error":{"code":"NOT_FOUND","message":"no such file"}}`, 404, errs.NotFound, "no such file"},
		{"an error with the type of the stream", "application/octet-stream", "x", 500, errs.Unsupported, "no Fazt API at that address"},
	} {
		b := &body{Reader: strings.NewReader(tt.body)}
		_, err := FileRead.Decode(&http.Response{StatusCode: tt.status, Header: http.Header{"Content-Type": {tt.contentType}}, Body: b})
		if !errs.Is(err, tt.kind) || !strings.Contains(err.Error(), tt.want) || b.closed != 1 {
			t.Errorf("%s: %v, closed %d times", tt.name, err, b.closed)
		}
	}
}

func TestAStreamThatBreaksSaysSo(t *testing.T) {
	for cause, want := range map[error]errs.Kind{
		io.ErrUnexpectedEOF:                       errs.Unavailable,
		errs.New(errs.Timeout, "it was too slow"): errs.Timeout, // it has a sentence already
	} {
		b := &body{Reader: io.MultiReader(strings.NewReader("he"), failing{cause})}
		stream, err := FileRead.Decode(&http.Response{StatusCode: 200, ContentLength: -1, Header: http.Header{"Content-Type": {"application/octet-stream"}}, Body: b})
		if err != nil || b.closed != 0 || stream.Size != -1 {
			t.Fatal(stream.Size, b.closed, err)
		}
		data, err := io.ReadAll(stream.Body)
		if string(data) != "he" || !errs.Is(err, want) || !errors.Is(err, cause) {
			t.Errorf("%q %v", data, err)
		}
		if _ = stream.Body.Close(); b.closed != 1 {
			t.Error("the connection stays open")
		}
	}
}

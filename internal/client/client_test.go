package client

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"fazt/internal/api/op"
	"fazt/internal/database"
	"fazt/internal/errs"
	"fazt/internal/listener"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func answer(t *testing.T, h http.HandlerFunc, body io.Reader) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, "http://fazt/x?y=1", body)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := handlerTransport{h}.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(text)
}

func TestInProcessCallsLookLikeHTTP(t *testing.T) {
	resp, text := answer(t, func(w http.ResponseWriter, r *http.Request) {
		data, _ := io.ReadAll(r.Body)
		w.Header().Set("X-A", r.URL.Query().Get("y")+r.RequestURI)
		w.WriteHeader(http.StatusTeapot)
		w.Header().Set("X-Late", "ignored")
		_, _ = io.WriteString(w, "got "+string(data))
		_, _ = io.WriteString(w, strings.Repeat("x", 1<<20))
	}, strings.NewReader("body"))
	if resp.StatusCode != http.StatusTeapot || resp.Header.Get("X-A") != "1/x?y=1" || resp.Header.Get("X-Late") != "" ||
		!strings.HasPrefix(text, "got body") || len(text) != 1<<20+8 {
		t.Fatalf("%d %v %d", resp.StatusCode, resp.Header, len(text))
	}
	if resp, text := answer(t, func(http.ResponseWriter, *http.Request) {}, nil); resp.StatusCode != 200 || text != "" {
		t.Fatalf("%d %q", resp.StatusCode, text)
	}
}

func TestAResponseMayPrecedeReadingTheBody(t *testing.T) {
	reader, writer := io.Pipe()
	written := make(chan error)
	go func() {
		_, err := writer.Write(make([]byte, 1<<20))
		written <- err
	}()
	if resp, text := answer(t, func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", 413) }, reader); resp.StatusCode != 413 || text != "no\n" {
		t.Fatalf("%d %q", resp.StatusCode, text)
	}
	reader.Close()
	if err := <-written; !errors.Is(err, io.ErrClosedPipe) {
		t.Fatal(err)
	}
}

func TestAnAbortedResponseEndsInAnError(t *testing.T) {
	r, err := http.NewRequest(http.MethodGet, "http://fazt/x", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := handlerTransport{http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "half")
		panic(http.ErrAbortHandler)
	})}.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if text, err := io.ReadAll(resp.Body); string(text) != "half" || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatalf("%q %v", text, err)
	}
}

// A command that stops reading closes the database next: the handler must have finished by then.
func TestClosingAResponseEndsItsHandler(t *testing.T) {
	r, err := http.NewRequest(http.MethodGet, "http://fazt/x", nil)
	if err != nil {
		t.Fatal(err)
	}
	ended := false
	resp, err := handlerTransport{http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
		ended = true
	})}.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil || !ended {
		t.Fatalf("ended: %v, %v", ended, err)
	}
}

func TestAStaleSocketIsNotAServer(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data.db")
	dead, err := listener.Socket(listener.SocketPath(path))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Link(listener.SocketPath(path), path+".kept"); err != nil {
		t.Fatal(err)
	}
	dead.Close()
	if err := os.Rename(path+".kept", listener.SocketPath(path)); err != nil { // as a killed server leaves it
		t.Fatal(err)
	}
	composed := false
	c, err := Open(t.Context(), Config{Database: path, Compose: func(context.Context, string, *database.Lock) (http.Handler, func() error, error) {
		composed = true
		return http.NotFoundHandler(), func() error { return nil }, nil
	}})
	if err != nil || !composed || !c.InProcess() {
		t.Fatalf("composed %v, %v", composed, err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestAFailedComposeReleasesTheDatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data.db")
	boom := errs.New(errs.Unsupported, "too new")
	_, err := Open(t.Context(), Config{Database: path, Compose: func(context.Context, string, *database.Lock) (http.Handler, func() error, error) {
		return nil, nil, boom
	}})
	if !errors.Is(err, boom) {
		t.Fatal(err)
	}
	lock, err := database.Acquire(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if err := lock.Release(); err != nil {
		t.Fatal(err)
	}
}

func TestALostConnectionIsRetryable(t *testing.T) {
	c := New(roundTrip(func(*http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF }), "http://fazt")
	_, err := Call(t.Context(), c, op.ServerStatus, op.None{})
	if !errs.Is(err, errs.Unavailable) || errs.Sentence(err) != "the connection to the instance was lost" {
		t.Fatal(err)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

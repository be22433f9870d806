package transport

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// server is the other end of a connection: it sends what from has.
type server struct {
	net.Conn
	from   io.Reader
	closed bool
}

func (s *server) Read(p []byte) (int, error)  { return s.from.Read(p) }
func (s *server) Write(p []byte) (int, error) { return len(p), nil }
func (s *server) Close() error                { s.closed = true; return nil }

// wireFrom returns a wire on which a server sends data again and again.
func wireFrom(framed bool, data []byte) (*wire, *server) {
	s := &server{from: &repeated{data: data}}
	return newWire(s, s, framed, 1000), s
}

type repeated struct {
	data []byte
	at   int
}

func (r *repeated) Read(p []byte) (n int, err error) {
	for n < len(p) {
		copied := copy(p[n:], r.data[r.at:])
		n, r.at = n+copied, (r.at+copied)%len(r.data)
	}
	return n, nil
}

// readAll reads at most limit bytes and returns how many came, and the failure.
func readAll(w *wire, limit int64) (int64, error) { return io.CopyN(io.Discard, w, limit) }

// frame returns the bytes of an HTTP/2 frame.
func frame(kind, flags byte, stream uint32, payload ...byte) []byte {
	header := []byte{byte(len(payload) >> 16), byte(len(payload) >> 8), byte(len(payload)), kind, flags}
	return append(binary.BigEndian.AppendUint32(header, stream), payload...)
}

func TestHTTP1OverheadIsLimited(t *testing.T) {
	const allowed = initialOverhead + 2*1000
	w, s := wireFrom(false, []byte("x"))
	if n, err := readAll(w, allowed); n != allowed || err != nil || !w.reusable() {
		t.Fatalf("within the allowance: %d bytes, %v", n, err)
	}
	if _, err := readAll(w, overheadPerSecond*60); err == nil || !strings.Contains(err.Error(), "too much that is not part of a response body") || !s.closed || w.reusable() {
		t.Errorf("beyond the allowance: %v, closed %v", err, s.closed)
	}
	if w.failed() == nil || w.repeatable("GET") {
		t.Errorf("failed %v, repeatable %v", w.failed(), w.repeatable("GET"))
	}
}

func TestABodyInHTTP1IsNotOverhead(t *testing.T) {
	w, _ := wireFrom(false, []byte("x"))
	for range 1000 {
		if n, err := readAll(w, 16<<10); err != nil {
			t.Fatal(err)
		} else {
			w.body(int(n))
		}
	}
	if w.allowance > maxOverhead {
		t.Errorf("%d bytes of overhead were saved up", w.allowance)
	}
}

func TestTheAllowanceGrowsWithTime(t *testing.T) {
	w, _ := wireFrom(false, []byte("x"))
	w.allowance = 0
	w.refilled = time.Now().Add(-time.Second)
	if _, err := readAll(w, overheadPerSecond-1000); err != nil {
		t.Error(err)
	}
	w.allowance = 0
	w.refilled = time.Now().Add(-time.Hour)
	if _, err := readAll(w, initialOverhead+64<<10); err == nil {
		t.Error("an hour allows more than a new connection has")
	}
}

func TestDataThatNoRequestAskedForFailsAnIdleConnection(t *testing.T) {
	w, s := wireFrom(false, []byte("HTTP/1.1 200 OK\r\n\r\n"))
	if _, err := readAll(w, 10); err != nil {
		t.Fatal(err)
	}
	w.rest()
	if _, err := readAll(w, 1); err == nil || !strings.Contains(err.Error(), "unrequested") || !s.closed || w.reusable() {
		t.Errorf("HTTP/1: %v", err)
	}
	w, s = wireFrom(true, frame(frameHeaders, 4, 1, 0x88))
	w.rest()
	if _, err := readAll(w, 1); err == nil || !strings.Contains(err.Error(), "unrequested") || !s.closed {
		t.Errorf("HTTP/2: %v", err)
	}
}

func TestFramesAreCheckedAndCounted(t *testing.T) {
	const tooMuch, unasked = "too much that is not part", "unrequested"
	for name, tt := range map[string]struct {
		frame []byte
		want  string // part of the failure; "" = none
	}{
		"data":                         {frame(frameData, 0, 1, make([]byte, 1000)...), ""},
		"data with little padding":     {frame(frameData, flagPadded, 1, append([]byte{10}, make([]byte, 1000)...)...), ""},
		"data of padding":              {frame(frameData, flagPadded, 1, append([]byte{255}, make([]byte, 255)...)...), tooMuch},
		"data of padding, misdeclared": {frame(frameData, flagPadded, 1, 255), tooMuch},
		"empty data":                   {frame(frameData, 0, 1), tooMuch},
		"empty data with padding flag": {frame(frameData, flagPadded, 1), tooMuch},
		"data of another stream":       {frame(frameData, 0, 3, 'x'), unasked},
		"data of the connection":       {frame(frameData, 0, 0, 'x'), unasked},
		"data of the longest size":     {frame(frameData, 0, 1, make([]byte, maxFrame)...), ""},
		"data that is too long":        {frame(frameData, 0, 1, make([]byte, maxFrame+1)...), "too long"},
		"headers":                      {frame(frameHeaders, 4, 1, make([]byte, 100)...), tooMuch},
		"headers of another stream":    {frame(frameHeaders, 4, 3, 0x88), unasked},
		"continuations":                {frame(frameContinuation, 0, 1), tooMuch},
		"settings":                     {frame(frameSettings, 0, 0), tooMuch},
		"settings that are too long":   {frame(frameSettings, 0, 0, make([]byte, maxControlFrame+1)...), "too long"},
		"settings of the longest size": {frame(frameSettings, 0, 0, make([]byte, maxControlFrame)...), tooMuch},
		"pings":                        {frame(framePing, 0, 0, make([]byte, 8)...), tooMuch},
		"resets":                       {frame(frameReset, 0, 3, 0, 0, 0, 8), tooMuch},
		"window updates":               {frame(frameWindow, 0, 0, 0, 0, 0, 1), tooMuch},
		"a push":                       {frame(framePush, 4, 1, 0, 0, 0, 2, 0x82), "push"},
	} {
		w, s := wireFrom(true, tt.frame)
		_, err := readAll(w, 4<<20)
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) || s.closed != (tt.want != "") {
			t.Errorf("%s: %v, want %q, closed %v", name, err, tt.want, s.closed)
		}
	}
}

// A frame that makes the client reply costs more than its bytes.
func TestAFrameThatRequiresAReplyCostsMore(t *testing.T) {
	for kind, cost := range map[byte]int64{framePing: 9 + 8 + replyCost, frameWindow: 9 + 8} {
		w, _ := wireFrom(true, frame(kind, 0, 0, make([]byte, 8)...))
		before := w.allowance
		if _, err := readAll(w, 9+8); err != nil || before-w.allowance != cost {
			t.Errorf("type %d: it cost %d, want %d (%v)", kind, before-w.allowance, cost, err)
		}
	}
}

func TestUnknownFramesAreDroppedAndCounted(t *testing.T) {
	known := frame(frameWindow, 0, 0, 0, 0, 0, 1)
	s := &server{from: bytes.NewReader(append(append(frame(0xee, 0, 1, make([]byte, 500)...), frame(framePriority, 0, 3, make([]byte, 5)...)...), known...))}
	w := newWire(s, s, true, 0)
	got, err := io.ReadAll(w)
	if err != nil || !bytes.Equal(got, known) {
		t.Errorf("%x, %v", got, err)
	}
	if spent := initialOverhead - w.allowance; spent != int64(9+500+9+5+len(known)) {
		t.Errorf("they cost %d", spent)
	}
	w, _ = wireFrom(true, frame(0xee, 0, 1))
	if _, err := readAll(w, 1); err == nil || !strings.Contains(err.Error(), "too much") {
		t.Errorf("a flood of them: %v", err)
	}
}

func TestAConnectionThatEndsInAFrameFails(t *testing.T) {
	for _, whole := range [][]byte{frame(framePing, 0, 0, make([]byte, 8)...), frame(frameData, 0, 1, 'x'), frame(frameData, flagPadded, 1, 3, 'x', 0, 0, 0), frame(0xee, 0, 0, 1, 2)} {
		for n := range whole {
			s := &server{from: bytes.NewReader(whole[:n])}
			w := newWire(s, s, true, 0)
			if got, err := io.ReadAll(w); n > 0 && n < 9 && !errors.Is(err, io.ErrUnexpectedEOF) || len(got) > n {
				t.Errorf("%x cut at %d: %x, %v", whole, n, got, err)
			}
			if w.reusable() {
				t.Errorf("%x cut at %d: it is reusable", whole, n)
			}
		}
	}
}

func TestEveryRequestHasTheNextStream(t *testing.T) {
	s := &server{from: bytes.NewReader(append(frame(frameData, 0, 1, 'a'), frame(frameData, 0, 3, 'b')...))}
	w := newWire(s, s, true, 0)
	if _, err := io.ReadFull(w, make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	w.rest()
	w.begin()
	if _, err := io.ReadFull(w, make([]byte, 10)); err != nil {
		t.Error(err)
	}
}

func TestOnlyUnprocessedOrIdempotentRequestsAreSentAgain(t *testing.T) {
	read := func(data ...byte) func(*wire) {
		return func(w *wire) {
			w.Conn.(*server).from = bytes.NewReader(data)
			_, _ = w.Write([]byte("request"))
			if w.frames != nil {
				w.frames = newFrames(w, w.Conn)
				w.frames.begin()
			}
			_, _ = io.ReadAll(w)
		}
	}
	for name, tt := range map[string]struct {
		framed   bool
		do       func(*wire)
		get      bool
		post     bool
		reusable bool
	}{
		"nothing was sent":             {false, func(*wire) {}, true, true, true},
		"it was sent":                  {false, func(w *wire) { _, _ = w.Write([]byte("x")) }, true, false, true},
		"closed without a response":    {false, read(), true, false, false},
		"closed in the response":       {false, read([]byte("HTTP")...), false, false, false},
		"refused by a reset":           {true, read(frame(frameReset, 0, 1, 0, 0, 0, 7)...), true, true, false},
		"reset with an error":          {true, read(frame(frameReset, 0, 1, 0, 0, 0, 8)...), false, false, false},
		"another stream was refused":   {true, read(frame(frameReset, 0, 3, 0, 0, 0, 7)...), false, false, false},
		"a reset that is too short":    {true, read(frame(frameReset, 0, 1, 0, 0, 7)...), false, false, false},
		"refused by GOAWAY":            {true, read(frame(frameGoAway, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)...), true, true, false},
		"GOAWAY after the request":     {true, read(frame(frameGoAway, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0)...), false, false, false},
		"a GOAWAY that is too short":   {true, read(frame(frameGoAway, 0, 0, 0, 0, 0, 0)...), false, false, false},
		"failed for too much overhead": {false, func(w *wire) { w.fail("x") }, false, false, false},
	} {
		w, _ := wireFrom(tt.framed, []byte{0})
		tt.do(w)
		for method, want := range map[string]bool{"GET": tt.get, "PUT": tt.get, "POST": tt.post, "PATCH": tt.post} {
			if got := w.repeatable(method); got != want {
				t.Errorf("%s: %s can be repeated: %v", name, method, got)
			}
		}
		if w.reusable() != tt.reusable {
			t.Errorf("%s: reusable %v", name, w.reusable())
		}
	}
}

func TestAConnectionIsNotReusedAfterGOAWAY(t *testing.T) {
	s := &server{from: bytes.NewReader(frame(frameGoAway, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0))}
	w := newWire(s, s, true, 0)
	if _, err := io.ReadFull(w, make([]byte, 17)); err != nil || w.reusable() {
		t.Errorf("reusable %v, %v", w.reusable(), err)
	}
}

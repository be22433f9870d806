package op

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"fazt/internal/errs"
)

func TestEventsArriveAsTheyWereSent(t *testing.T) {
	var wire []byte
	sent := []Event{{ID: "1", Data: []byte(`{"a":1}`)}, {Name: "other", Data: []byte("two\nlines")}, {Data: []byte{}}}
	for _, e := range sent {
		wire = append(AppendEvent(wire, e), Heartbeat()...)
	}
	for _, text := range []string{string(wire), strings.ReplaceAll(string(wire), "\n", "\r\n")} {
		n := 0
		err := ReadEvents(strings.NewReader(text), func(e Event) error {
			if want := sent[n]; e.ID != want.ID || e.Name != want.Name || !bytes.Equal(e.Data, want.Data) {
				t.Errorf("%+v, want %+v", e, want)
			}
			n++
			return nil
		})
		if err != nil || n != len(sent) {
			t.Errorf("%d events, %v", n, err)
		}
	}
}

func FuzzReadEvents(f *testing.F) {
	f.Add([]byte("id: 1\ndata: x\n\n: beat\n\ndata\n\n"))
	f.Add([]byte("data: a\r\r\r\n\n")) // an extra carriage return was read as data, and lost when the event was written again
	f.Fuzz(func(t *testing.T, wire []byte) {
		var again []byte
		var first []Event
		_ = ReadEvents(bytes.NewReader(wire), func(e Event) error {
			first = append(first, e)
			again = AppendEvent(again, e)
			return nil
		})
		n := 0
		_ = ReadEvents(bytes.NewReader(again), func(e Event) error {
			if n >= len(first) || e.ID != first[n].ID || e.Name != first[n].Name || !bytes.Equal(e.Data, first[n].Data) {
				t.Errorf("%+v came out of %q", e, again)
			}
			n++
			return nil
		})
		if n != len(first) {
			t.Errorf("%d events, then %d", len(first), n)
		}
	})
}

// Our client parses a stream as a browser does (HTML standard, 9.2.6).
func TestEventsAreReadAsBrowsersReadThem(t *testing.T) {
	for _, tt := range []struct{ name, stream, want string }{
		{"nothing", "", ""},
		{"a comment", ": hello\n\n", ""},
		{"data", "data: x\n\n", "||x;"},
		{"without a space", "data:x\n\n", "||x;"},
		{"one space goes", "data:  x\n\n", "|| x;"},
		{"lines", "data: a\ndata: b\n\n", "||a\nb;"},
		{"empty data", "data\n\n", "||;"},
		{"an empty line of data", "data\ndata: x\n\n", "||\nx;"},
		{"id and name", "id: 7\nevent: e\ndata: x\n\n", "7|e|x;"},
		{"a colon in a value", "data: a: b\n\n", "||a: b;"},
		{"an unknown field", "retry: 5\ndata: x\n\n", "||x;"},
		{"no data", "event: e\nid: 1\n\n", ""},
		{"neither lives on", "event: e\nid: 1\n\ndata: x\n\n", "||x;"},
		{"two", "data: a\n\ndata: b\n\n", "||a;||b;"},
		{"cut off", "data: a\n\ndata: b\n", "||a;"},
		{"CRLF", "id: 1\r\ndata: a\r\n\r\n", "1||a;"},
		{"CR", "id: 1\rdata: a\r\rdata: b\r\r", "1||a;||b;"},
		{"mixed ends", "data: a\r\n\rdata: b\n\r\n", "||a;||b;"},
		{"more empty lines", "\n\n\ndata: a\n\n\n\n", "||a;"},
	} {
		got := ""
		err := ReadEvents(strings.NewReader(tt.stream), func(e Event) error {
			got += e.ID + "|" + e.Name + "|" + string(e.Data) + ";"
			return nil
		})
		if err != nil || got != tt.want {
			t.Errorf("%s: %q %v, want %q", tt.name, got, err, tt.want)
		}
	}
}

func TestReadingEventsStopsAtTheFirstError(t *testing.T) {
	stop := errors.New("enough")
	n := 0
	err := ReadEvents(strings.NewReader("data: a\n\ndata: b\n\n"), func(Event) error {
		n++
		return stop
	})
	if !errors.Is(err, stop) || n != 1 {
		t.Errorf("%v after %d", err, n)
	}
	if err := ReadEvents(failing{io.ErrUnexpectedEOF}, func(Event) error { return nil }); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error(err)
	}
	long := strings.NewReader("data: " + strings.Repeat("x", maxEvent))
	if err := ReadEvents(long, func(Event) error { return nil }); !errs.Is(err, errs.Unsupported) || errs.Sentence(err) != "the stream has an event that is too long" {
		t.Error(err)
	}
}

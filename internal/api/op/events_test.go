package op

import (
	"bytes"
	"strings"
	"testing"
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

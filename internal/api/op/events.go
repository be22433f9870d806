package op

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"

	"fazt/internal/errs"
)

// eventStream is the type of a stream of server-sent events, as the HTML standard describes them: what the EventSource
// of a browser reads, and `curl -N` shows.
const eventStream = "text/event-stream"

// Event is one event.
type Event struct {
	ID   string // "" = it cannot be gone on from
	Name string // "" = message
	Data []byte // one line of JSON
}

// AppendEvent appends an event as it goes over the wire.
func AppendEvent(b []byte, e Event) []byte {
	if e.ID != "" {
		b = append(append(append(b, "id: "...), e.ID...), '\n')
	}
	if e.Name != "" {
		b = append(append(append(b, "event: "...), e.Name...), '\n')
	}
	for line := range bytes.SplitSeq(e.Data, []byte("\n")) {
		b = append(append(append(b, "data: "...), line...), '\n')
	}
	return append(b, '\n')
}

// Heartbeat is a comment: it shows that the stream lives, and every reader passes over it.
func Heartbeat() []byte { return []byte(": alive\n\n") }

// mostEvent bounds a line of a stream of events; what is sent is cut to far less.
const mostEvent = 8 << 20

// ReadEvents calls fn with every event of a stream until it ends.
func ReadEvents(r io.Reader, fn func(Event) error) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, mostEvent)
	var e Event
	some := false
	for lines.Scan() {
		line := strings.TrimSuffix(lines.Text(), "\r")
		if line == "" {
			if some {
				if err := fn(e); err != nil {
					return err
				}
			}
			e, some = Event{}, false
			continue
		}
		name, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch name {
		case "id":
			e.ID = value
		case "event":
			e.Name = value
		case "data":
			if some {
				e.Data = append(e.Data, '\n')
			}
			e.Data, some = append(e.Data, value...), true
		}
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		return errs.Wrap(errs.Unsupported, lines.Err(), "the answer has an event that is too long")
	}
	return lines.Err()
}

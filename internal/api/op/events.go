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
	ID   string // "" = a client cannot resume after it
	Name string // "" = message
	Data []byte // one line of JSON
}

// AppendEvent appends an event in its wire format.
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

// Heartbeat is a comment that shows that the stream is alive. Readers ignore it.
func Heartbeat() []byte { return []byte(": alive\n\n") }

// maxEvent limits a line of a stream of events. Servers send far less.
const maxEvent = 8 << 20

// ReadEvents calls fn with every event of a stream until it ends.
func ReadEvents(r io.Reader, fn func(Event) error) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxEvent)
	lines.Split(cutLine)
	var e Event
	some := false
	for lines.Scan() {
		line := lines.Text()
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
		return errs.Wrap(errs.Unsupported, lines.Err(), "the stream has an event that is too long")
	}
	return lines.Err()
}

// cutLine is a bufio.SplitFunc for lines that end with CR LF, LF or CR. After a CR it needs the next byte, which may be an LF;
// our own events have no CR.
func cutLine(data []byte, atEOF bool) (advance int, line []byte, err error) {
	i := bytes.IndexAny(data, "\r\n")
	switch {
	case i < 0 && (!atEOF || len(data) == 0):
		return 0, nil, nil
	case i < 0:
		return len(data), data, nil
	case data[i] == '\r' && i+1 == len(data) && !atEOF:
		return 0, nil, nil
	case data[i] == '\r' && i+1 < len(data) && data[i+1] == '\n':
		return i + 2, data[:i], nil
	}
	return i + 1, data[:i], nil
}

package kit

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"

	"fazt/internal/api/op"
	"fazt/internal/errs"
)

// Live shows the events of a stream until it is interrupted; ended is the message if the server ends it.
func (c *CLI) Live(stream op.Stream, ended string, show func(data []byte) error) error {
	defer stream.Body.Close()
	err := op.ReadEvents(stream.Body, func(e op.Event) error { return show(e.Data) })
	switch {
	case c.Ctx.Err() != nil:
		return nil // interrupted
	case err != nil:
		return err
	}
	return errs.New(errs.Unavailable, "%s", ended)
}

// maxLine bounds a line of a stream; log lines are cut to far less.
const maxLine = 8 << 20

// EachLine reads a stream of JSON values, one per line.
func EachLine[T any](r io.Reader, fn func(T) error) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		var v T
		if err := DecodeLine(lines.Bytes(), &v); err != nil {
			return err
		}
		if err := fn(v); err != nil {
			return err
		}
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		return errs.Wrap(errs.Unsupported, lines.Err(), "the response has a line that is too long")
	}
	return lines.Err()
}

// DecodeLine decodes one line of a stream.
func DecodeLine(data []byte, v any) error {
	return errs.Wrap(errs.Unsupported, json.Unmarshal(data, v), "the response cannot be read; the server may be another version of Fazt")
}

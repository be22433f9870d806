package kit

import (
	"encoding/json"
	"fmt"
	"strings"

	"fazt/internal/errs"
	"fazt/internal/output"
	"fazt/internal/runtime/compile"
)

// Explain says what went wrong. The person at the terminal owns the instance: they see the cause of a failure that
// nobody classified.
func (c *CLI) Explain(err error) {
	text := errs.Sentence(err)
	if errs.Is(err, errs.Internal) {
		text = err.Error()
	}
	fmt.Fprintf(c.Stderr, "fazt: %s\n", output.Visible(text))
	for _, d := range Diagnostics(err) {
		if d.Frame != "" {
			if place := fmt.Sprintf("%s:%d:%d: %s\n", d.File, d.Line, d.Column, d.Text); !strings.HasPrefix(text+"\n", place) {
				fmt.Fprintf(c.Stderr, "\n%s", output.Visible(place))
			}
			fmt.Fprintf(c.Stderr, "%s\n", output.Visible(d.Frame))
		}
		for _, note := range d.Notes {
			fmt.Fprintf(c.Stderr, "  note: %s\n", output.Visible(note))
		}
	}
}

// Diagnostics are the places in the author's files that err is about.
func Diagnostics(err error) []compile.Diagnostic {
	switch d := errs.Details(err).(type) {
	case []compile.Diagnostic:
		return d
	case json.RawMessage:
		var list []compile.Diagnostic
		if json.Unmarshal(d, &list) == nil {
			return list
		}
	}
	return nil
}

// Usage is a mistake in the way a command was called.
type Usage struct{ message string }

func (u *Usage) Error() string { return u.message }

// Usagef returns a mistake in the way a command was called.
func Usagef(format string, args ...any) error { return &Usage{fmt.Sprintf(format, args...)} }

package kit

import (
	"encoding/json"
	"fmt"
	"strings"

	"fazt/internal/errs"
	"fazt/internal/output"
	"fazt/internal/runtime/compile"
)

// Explain prints an error. The person at the terminal owns the instance, so they see the cause of an unclassified failure
// as well.
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

// Diagnostics returns the places in source files that err is about.
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

// Usage is an error in the command line.
type Usage struct{ message string }

func (u *Usage) Error() string { return u.message }

// Usagef returns an error in the command line.
func Usagef(format string, args ...any) error { return &Usage{fmt.Sprintf(format, args...)} }

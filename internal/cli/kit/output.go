package kit

import (
	"io"
	"os"

	"golang.org/x/term"

	"fazt/internal/api/op"
	"fazt/internal/output"
)

// Pages reads all pages of a list.
func Pages[T any](read func(cursor string) (op.Page[T], error)) ([]T, error) {
	all := []T{}
	for cursor := ""; ; {
		page, err := read(cursor)
		if err != nil {
			return nil, err
		}
		all = append(all, page.Items...)
		if cursor = page.Next; cursor == "" {
			return all, nil
		}
	}
}

// Print prints a result in the chosen format.
func (c *CLI) Print(v output.View) error {
	return output.Printer{W: output.Raw(c.Stdout), Format: output.Format(c.Format), Width: Width(c.Stdout)}.Print(v)
}

// Width returns the width of the terminal w; 0 if it is not a terminal.
func Width(w io.Writer) int {
	f, ok := output.Raw(w).(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return 0
	}
	columns, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 80
	}
	return columns
}

// Notes returns the writer for hints and progress.
func (c *CLI) Notes() io.Writer {
	if c.Quiet {
		return io.Discard
	}
	return c.Stderr
}

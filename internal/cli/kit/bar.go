package kit

import (
	"fmt"
	"io"
	"time"

	"fazt/internal/output"
)

// Bar shows the progress of an upload, on a terminal only.
type Bar struct {
	w     io.Writer
	Verb  string
	shown bool
	last  time.Time
}

// NewBar returns a bar for w; it shows nothing if w is not a terminal.
func NewBar(w io.Writer) *Bar {
	if Width(w) == 0 {
		return &Bar{}
	}
	return &Bar{w: output.Raw(w), Verb: "sending"}
}

// Show shows the number of bytes sent.
func (b *Bar) Show(sent, total int64) {
	if b.w == nil || total == 0 || time.Since(b.last) < 50*time.Millisecond {
		return
	}
	b.last, b.shown = time.Now(), true
	fmt.Fprintf(b.w, "\r%s %3d %%  %s of %s ", b.Verb, sent*100/total, output.Size(sent), output.Size(total))
}

// Clear removes the bar from the screen.
func (b *Bar) Clear() {
	if b.shown {
		fmt.Fprint(b.w, "\r\x1b[K")
	}
}

// Received shows the number of bytes of a repository received, on a terminal only.
func (b *Bar) Received(n int64) {
	if b.w == nil || time.Since(b.last) < 50*time.Millisecond {
		return
	}
	b.last, b.shown = time.Now(), true
	fmt.Fprintf(b.w, "\rfetching %s ", output.Size(n))
}

package header

import (
	"net/http"
	"strings"
)

// Flat returns headers as the prelude reads them: lower-case names and values in turn, one per line.
func Flat(h http.Header) string {
	var b strings.Builder
	Write(&b, h)
	return b.String()
}

// Write adds headers to b as Flat returns them.
func Write(b *strings.Builder, h http.Header) {
	for name, values := range h {
		name = strings.ToLower(name)
		for _, v := range values {
			AddLine(b, name, FromLatin1(v))
		}
	}
}

// AddLine adds a header as the prelude reads it: its name, then its value, each on a line.
func AddLine(b *strings.Builder, name, value string) {
	if b.Len() > 0 {
		b.WriteByte('\n')
	}
	b.WriteString(name)
	b.WriteByte('\n')
	b.WriteString(value)
}

// Parse is the reverse of Flat, for headers from a script. It leaves out a name without a value, and values that the prelude
// would have refused.
func Parse(flat string) http.Header {
	h := http.Header{}
	for flat != "" {
		var name, value string
		var ok bool
		if name, flat, ok = strings.Cut(flat, "\n"); !ok {
			break
		}
		value, flat, _ = strings.Cut(flat, "\n")
		if value, ok = ToLatin1(value); ok {
			h.Add(name, value)
		}
	}
	JoinRepeated(h)
	return h
}

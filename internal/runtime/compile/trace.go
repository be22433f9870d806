package compile

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/go-sourcemap/sourcemap"

	"fazt/internal/quickjs"
)

var position = regexp.MustCompile(regexp.QuoteMeta(scriptName) + `:(\d+)(?::(\d+))?`)

// Trace returns an error as its author needs it: as the console shows it, or the message, then the stack with positions in
// the author's files.
func (p *Program) Trace(err error) string {
	var t *quickjs.Thrown
	if !errors.As(err, &t) {
		return err.Error()
	}
	if t.Shown != "" {
		return t.Shown
	}
	lines, positions := []string{t.Message}, &Positions{}
	for line := range strings.Lines(t.Stack) {
		line = strings.TrimRight(line, "\n")
		if !strings.Contains(line, scriptName) {
			continue // inside the product
		}
		lines = append(lines, positions.Map(p, line))
	}
	return strings.Join(lines, "\n")
}

// Positions finds positions in the files of a program. It parses the source map when the first one is needed.
type Positions struct {
	once     sync.Once
	consumer *sourcemap.Consumer // nil = the map is damaged
}

// Map returns a stack with positions in the author's files instead of the bundled script of p.
func (s *Positions) Map(p *Program, stack string) string {
	if !strings.Contains(stack, scriptName) {
		return stack
	}
	s.once.Do(func() { s.consumer, _ = sourcemap.Parse("", p.SourceMap) })
	if s.consumer == nil {
		return stack
	}
	return position.ReplaceAllStringFunc(stack, func(place string) string { return original(s.consumer, place) })
}

// original converts a position in the bundled script to one in the author's files.
func original(c *sourcemap.Consumer, place string) string {
	parts := position.FindStringSubmatch(place)
	line, _ := strconv.Atoi(parts[1])
	column := 1
	if parts[2] != "" {
		column, _ = strconv.Atoi(parts[2])
	}
	file, _, sourceLine, sourceColumn, ok := c.Source(line, column-1)
	if !ok {
		return place
	}
	return fmt.Sprintf("%s:%d:%d", strings.TrimPrefix(file, "app:"), sourceLine, sourceColumn+1)
}

package compile

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/go-sourcemap/sourcemap"

	"fazt/internal/quickjs"
)

var position = regexp.MustCompile(regexp.QuoteMeta(scriptName) + `:(\d+)(?::(\d+))?`)

// Trace returns an error as its author needs it: the message, then the stack with positions in the author's files.
func (p *Program) Trace(err error) string {
	var t *quickjs.Thrown
	if !errors.As(err, &t) {
		return err.Error()
	}
	lines := []string{t.Message}
	consumer, mapErr := sourcemap.Parse("", p.SourceMap)
	for line := range strings.Lines(t.Stack) {
		line = strings.TrimRight(line, "\n")
		if !strings.Contains(line, scriptName) {
			continue // inside the product
		}
		if mapErr == nil {
			line = position.ReplaceAllStringFunc(line, func(place string) string { return original(consumer, place) })
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
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

package compile

import (
	"bytes"
	"regexp"
	"strings"
)

// longestLine bounds the lines of the script in which Callee looks: those of minified packages say nothing to a reader.
const longestLine = 4096

// plainCallee is an expression that is worth naming: names, properties, and calls whose arguments are left out.
var plainCallee = regexp.MustCompile(`^(new )?[\pL_$#][\w$.#?\[\]"'()-]*$`)

// Callee returns the expression that is called at a position of the bundled script, which is where the engine fails to call
// it, as "x.foo" or "new x.Foo"; "" if it cannot be told. Line and column count from 1.
func (p *Program) Callee(line, column int) string {
	text := nthLine(p.Script, line)
	at := column - 1
	if at < 0 || at >= len(text) || len(text) > longestLine {
		return ""
	}
	from, to := calleeStart(text, at), calleeEnd(text, at)
	if to <= from {
		return ""
	}
	callee := withoutArguments(strings.TrimSuffix(text[from:to], "?."))
	if inner, ok := strings.CutPrefix(callee, "(0, "); ok { // how the bundler calls what was imported
		callee = strings.TrimSuffix(inner, ")")
	}
	if strings.HasSuffix(text[:from], "new ") {
		callee = "new " + callee
	}
	if !plainCallee.MatchString(callee) || strings.HasSuffix(callee, "Error") { // an error with this message that the author makes
		return ""
	}
	return callee
}

func nthLine(script []byte, n int) string {
	for ; n > 1; n-- {
		_, rest, ok := bytes.Cut(script, []byte("\n"))
		if !ok {
			return ""
		}
		script = rest
	}
	line, _, _ := bytes.Cut(script, []byte("\n"))
	return string(line)
}

func isName(c byte) bool {
	return c == '_' || c == '$' || c == '#' || c >= 0x80 || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

// calleeStart goes back from a position within a callee to where it begins: over names, dots, and what is in parentheses.
func calleeStart(text string, at int) int {
	for at > 0 {
		switch c := text[at-1]; {
		case isName(c) || c == '.' || c == '?' && text[at] == '.':
			at--
		case c == ')' || c == ']':
			open := opening(text, at-1)
			if open < 0 {
				return at
			}
			at = open
		case (c == '(' || c == '[') && at < len(text) && strings.HasPrefix(text[at-1:], "(0, "):
			return at - 1
		default:
			return at
		}
	}
	return at
}

// calleeEnd goes on from a position within a callee to the parenthesis of its arguments.
func calleeEnd(text string, at int) int {
	if strings.HasPrefix(text[at:], "(0, ") {
		at = closing(text, at) + 1
	}
	for at < len(text) {
		switch c := text[at]; {
		case isName(c) || c == '.' || c == '?' && strings.HasPrefix(text[at:], "?."):
			at++
		case c == '[':
			end := closing(text, at)
			if end < 0 {
				return -1
			}
			at = end + 1
		case c == '(' || c == '`':
			return at
		default:
			return -1
		}
	}
	return at
}

// opening returns the place of the bracket that the one at a place closes, or -1.
func opening(text string, at int) int {
	depth := 0
	for i := at; i >= 0; i-- {
		switch text[i] {
		case ')', ']':
			depth++
		case '(', '[':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// closing returns the place of the bracket that closes the one at a place, or -1.
func closing(text string, at int) int {
	depth := 0
	for i := at; i < len(text); i++ {
		switch text[i] {
		case '(', '[':
			depth++
		case ')', ']':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// withoutArguments replaces the arguments of calls within a callee with dots, as V8 does: f(...).x.
func withoutArguments(callee string) string {
	var b strings.Builder
	for i := 0; i < len(callee); i++ {
		end := -1
		if callee[i] == '(' && i > 0 {
			end = closing(callee, i)
		}
		if end < 0 {
			b.WriteByte(callee[i])
			continue
		}
		b.WriteString("(...)")
		i = end
	}
	return b.String()
}

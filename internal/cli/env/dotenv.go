package env

import (
	"fmt"
	"strings"
)

// parseEnv reads the text of a .env file: NAME=VALUE per line, empty lines and lines that begin with #, an optional
// "export" before the name. A value is plain (up to the end of the line or " #"), 'single' (as it is written) or
// "double" (with the escapes \n \r \t \" \\ \$); quoted values may run over lines. Nothing is expanded: a $ is a $.
func parseEnv(text string) (map[string]string, error) {
	values := map[string]string{}
	text = strings.TrimPrefix(strings.ReplaceAll(text, "\r\n", "\n"), "\ufeff")
	for line := 1; text != ""; {
		head, rest, _ := strings.Cut(text, "\n")
		entry := strings.TrimSpace(head)
		if entry == "" || entry[0] == '#' {
			text = rest
			line++
			continue
		}
		name, _, ok := strings.Cut(entry, "=")
		if !ok {
			return nil, fmt.Errorf("line %d: there is no = after %.40q", line, entry)
		}
		name = strings.TrimSpace(strings.TrimPrefix(name, "export "))
		if _, twice := values[name]; twice {
			return nil, fmt.Errorf("line %d: %s is set twice", line, name)
		}
		_, after, _ := strings.Cut(text, "=")
		value, left, err := envFileValue(strings.TrimLeft(after, " \t"))
		if err != nil {
			return nil, fmt.Errorf("line %d: the value of %s %w", line, name, err)
		}
		values[name] = value
		line += strings.Count(text[:len(text)-len(left)], "\n")
		text = left
	}
	return values, nil
}

// envFileValue reads one value and returns the text after its line.
func envFileValue(text string) (value, rest string, err error) {
	if text == "" || text[0] != '\'' && text[0] != '"' {
		head, rest, _ := strings.Cut(text, "\n")
		if n := strings.Index(head, " #"); n >= 0 {
			head = head[:n]
		}
		return strings.TrimSpace(head), rest, nil
	}
	quote := text[0]
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		switch ch := text[i]; {
		case ch == quote:
			tail, rest, _ := strings.Cut(text[i+1:], "\n")
			if tail = strings.TrimSpace(tail); tail != "" && tail[0] != '#' {
				return "", "", fmt.Errorf("goes on after its closing quote")
			}
			return b.String(), rest, nil
		case ch == '\\' && quote == '"' && i+1 < len(text):
			i++
			b.WriteString(unescape(text[i]))
		default:
			b.WriteByte(ch)
		}
	}
	return "", "", fmt.Errorf("has no closing quote")
}

// unescape returns the meaning of \c between double quotes; unknown escapes stay unchanged.
func unescape(c byte) string {
	switch c {
	case 'n':
		return "\n"
	case 'r':
		return "\r"
	case 't':
		return "\t"
	case '"', '\\', '$':
		return string(c)
	}
	return "\\" + string([]byte{c})
}

package sql

import "strings"

// outline returns an SQL statement without its values, for the log: texts, numbers and comments may contain secrets.
// Names stay, except quoted ones, which SQLite may read as texts.
func outline(sql string) string {
	var b strings.Builder
	for i := 0; i < len(sql) && b.Len() < 400; {
		n := 1
		switch c := sql[i]; {
		case c == '\'' || c == '"' || c == '`' || c == '[':
			n = quoted(sql[i:])
			b.WriteByte('?')
		case strings.HasPrefix(sql[i:], "--"):
			n = upTo(sql[i:], "\n")
		case strings.HasPrefix(sql[i:], "/*"):
			n = upTo(sql[i:], "*/")
		case isWord(c):
			for n < len(sql)-i && (isWord(sql[i+n]) || isNumber(c) && sql[i+n] == '.') {
				n++
			}
			word := sql[i : i+n]
			if isNumber(c) {
				word = "?"
			}
			b.WriteString(word)
		default:
			b.WriteByte(c)
		}
		i += n
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

func isNumber(c byte) bool { return c >= '0' && c <= '9' }

func isWord(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || isNumber(c) || c >= 0x80
}

// quoted returns the length of the quoted text that s begins with; a quote in it is doubled. A text without an end extends
// to the end of s.
func quoted(s string) int {
	end := s[0]
	if end == '[' {
		end = ']'
	}
	for i := 1; i < len(s); i++ {
		if s[i] != end {
			continue
		}
		if i+1 == len(s) || s[i+1] != end || end == ']' {
			return i + 1
		}
		i++
	}
	return len(s)
}

func upTo(s, mark string) int {
	if i := strings.Index(s[2:], mark); i >= 0 {
		return i + 2 + len(mark)
	}
	return len(s)
}

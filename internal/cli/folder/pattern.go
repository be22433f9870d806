package folder

import (
	"runtime"
	"strings"
)

// foldCase reports whether git ignores case in rules by default: on systems whose file names ignore it.
const foldCase = runtime.GOOS == "windows" || runtime.GOOS == "darwin"

// pattern is one line of a file with rules. What it matches is what git matches, with all its corner cases: gitignore(5) is
// vague about them, so TestRulesMeanWhatTheyMeanToGit compares the two.
type pattern struct {
	dir      string // of the file with the rule, in the repository; "" = its root
	text     string // without the leading "!" and "/" and the trailing "/"
	literal  int    // bytes at the start of text that have no special meaning
	include  bool   // it began with "!"
	anywhere bool   // it has no slash, so it is compared with the last part of a path
	dirOnly  bool   // it ended with a slash
}

// maxLine is the longest rule that is read, in bytes: no path is longer.
const maxLine = 4096

// parse reads a file with rules, which is in the directory dir of the repository.
func parse(text, dir string) []pattern {
	var list []pattern
	for line := range strings.SplitSeq(strings.TrimPrefix(text, "\xef\xbb\xbf"), "\n") {
		if p, ok := parseLine(strings.TrimSuffix(line, "\r"), dir); ok {
			list = append(list, p)
		}
	}
	return list
}

// parseLine reads a line; ok is false for one without a rule.
func parseLine(line, dir string) (p pattern, ok bool) {
	if strings.HasPrefix(line, "#") {
		return p, false
	}
	line, _, _ = strings.Cut(line, "\x00")
	line = trimSpaces(line)
	line, p.include = strings.CutPrefix(line, "!")
	line, p.dirOnly = strings.CutSuffix(line, "/")
	p.dir, p.anywhere = dir, !strings.Contains(line, "/")
	p.text = strings.TrimPrefix(line, "/")
	p.literal = strings.IndexAny(p.text, `*?[\`)
	if p.literal < 0 {
		p.literal = len(p.text)
	}
	return p, line != "" && len(line) <= maxLine
}

// trimSpaces removes trailing spaces, except those after a backslash.
func trimSpaces(line string) string {
	end := 0
	for i := 0; i < len(line); i++ {
		switch line[i] {
		case ' ':
			continue
		case '\\':
			if i++; i == len(line) { // it escapes nothing
				return line
			}
		}
		end = i + 1
	}
	return line[:end]
}

// matches reports whether the rule is about a path of the repository.
func (p *pattern) matches(name string, isDir bool) bool {
	if p.dirOnly && !isDir {
		return false
	}
	if p.dir != "" {
		below, ok := cutPrefix(name, p.dir)
		if !ok || !strings.HasPrefix(below, "/") {
			return false
		}
		name = below[1:]
	}
	if p.anywhere {
		c := comparison{}
		return c.wild(p.text, name[strings.LastIndexByte(name, '/')+1:]) == matched
	}
	rest, ok := cutPrefix(name, p.text[:p.literal])
	c := comparison{path: true}
	return ok && c.wild(p.text[p.literal:], rest) == matched
}

func cutPrefix(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !equal(s[:len(prefix)], prefix) {
		return "", false
	}
	return s[len(prefix):], true
}

func equal(a, b string) bool {
	if !foldCase {
		return a == b
	}
	for i := range len(a) {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

// lower folds a byte if case does not count.
func lower(c byte) byte {
	if foldCase && 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

// outcome is the result of comparing a text with a pattern.
type outcome int

const (
	matched outcome = iota
	differs
	differsInPart     // no later start in this part of the path matches either
	differsEverywhere // no later start at all
)

// comparison compares one text with one pattern.
type comparison struct {
	path  bool               // the text is a path
	known map[[2]int]outcome // of an end of the pattern and an end of the text, by their lengths: stars ask again and again
}

// after compares an end of the text with an end of the pattern that follows a star.
func (c *comparison) after(pattern, text string) outcome {
	at := [2]int{len(pattern), len(text)}
	o, ok := c.known[at]
	if !ok {
		o = c.wild(pattern, text)
		if c.known == nil {
			c.known = map[[2]int]outcome{}
		}
		c.known[at] = o
	}
	return o
}

// wild compares a text, byte by byte, with a pattern: "?" stands for a byte, "*" for any number of them, "[...]" for one of a
// set, and a backslash takes the next byte literally. In a path, none of them stands for a slash, but "**" does where it is a
// whole part of the path.
func (c *comparison) wild(pattern, text string) outcome {
	for p := 0; p < len(pattern); p++ {
		if pattern[p] == '*' {
			return c.stars(pattern, p, text)
		}
		if text == "" {
			return differsEverywhere
		}
		t := text[0]
		switch b := pattern[p]; b {
		case '?':
			if c.path && t == '/' {
				return differs
			}
		case '[':
			in, next, ok := set(pattern, p+1, t)
			if !ok {
				return differsEverywhere
			}
			if !in || c.path && t == '/' {
				return differs
			}
			p = next
		case '\\':
			if p++; p == len(pattern) || lower(pattern[p]) != lower(t) {
				return differs
			}
		default:
			if lower(b) != lower(t) {
				return differs
			}
		}
		text = text[1:]
	}
	if text != "" {
		return differs
	}
	return matched
}

// stars compares a text with the rest of a pattern from the star at start on.
func (c *comparison) stars(pattern string, start int, text string) outcome {
	after := start
	for after < len(pattern) && pattern[after] == '*' {
		after++
	}
	rest, slashes := pattern[after:], !c.path
	if c.path && after-start > 1 && (start == 0 || pattern[start-1] == '/') && (rest == "" || rest[0] == '/' || strings.HasPrefix(rest, `\/`)) {
		slashes = true
		if strings.HasPrefix(rest, "/") && c.after(rest[1:], text) == matched { // it stands for no directory at all
			return matched
		}
	}
	if rest == "" {
		if !slashes && strings.Contains(text, "/") {
			return differs
		}
		return matched
	}
	for ; text != ""; text = text[1:] {
		switch o := c.after(rest, text); {
		case o == matched || o == differsEverywhere || o == differsInPart && !slashes:
			return o
		case !slashes && text[0] == '/':
			return differsInPart
		}
	}
	return differsEverywhere
}

// set reports whether the set that begins at start contains a byte, and where it ends; ok is false if it does not end.
func set(pattern string, start int, t byte) (in bool, end int, ok bool) {
	i, first := start, true
	negated := i < len(pattern) && (pattern[i] == '!' || pattern[i] == '^')
	if negated {
		i++
	}
	var from byte // the byte before, where a range may begin; 0 = none may
	for ; ; i++ {
		if i >= len(pattern) {
			return false, 0, false
		}
		c := pattern[i]
		switch {
		case c == ']' && !first:
			return in != negated, i, true
		case c == '\\':
			if i++; i >= len(pattern) {
				return false, 0, false
			}
			from = pattern[i]
			in = in || t == from
		case c == '-' && from != 0 && i+1 < len(pattern) && pattern[i+1] != ']':
			if i++; pattern[i] == '\\' {
				if i++; i >= len(pattern) {
					return false, 0, false
				}
			}
			in, from = in || within(t, from, pattern[i]), 0
		case c == '[' && i+1 < len(pattern) && pattern[i+1] == ':':
			length := strings.IndexByte(pattern[i+2:], ']')
			if length < 0 {
				return false, 0, false
			}
			name, closed := strings.CutSuffix(pattern[i+2:i+2+length], ":")
			if !closed { // it is a set with a bracket and a colon
				in, from = in || t == '[', '['
				break
			}
			test, known := classes[name]
			if !known {
				return false, 0, false
			}
			in, from = in || test(t), 0
			i += 2 + length
		default:
			in, from = in || lower(t) == lower(c), c
		}
		first = false
	}
}

// within reports whether a byte is in a range; with case folded, as a lower-case or an upper-case letter.
func within(t, from, to byte) bool {
	if from <= t && t <= to {
		return true
	}
	if !foldCase {
		return false
	}
	other := t
	switch {
	case isLower(t):
		other = t - 'a' + 'A'
	case isUpper(t):
		other = t - 'A' + 'a'
	}
	return from <= other && other <= to
}

// classes are the POSIX classes, of ASCII.
var classes = map[string]func(byte) bool{
	"alnum":  func(c byte) bool { return isLetter(c) || isDigit(c) },
	"alpha":  isLetter,
	"blank":  func(c byte) bool { return c == ' ' || c == '\t' },
	"cntrl":  func(c byte) bool { return c < ' ' || c == 0x7f },
	"digit":  isDigit,
	"graph":  func(c byte) bool { return ' ' < c && c < 0x7f },
	"lower":  func(c byte) bool { return isLower(c) || foldCase && isUpper(c) },
	"print":  func(c byte) bool { return ' ' <= c && c < 0x7f },
	"punct":  func(c byte) bool { return ' ' < c && c < 0x7f && !isLetter(c) && !isDigit(c) },
	"space":  func(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' },
	"upper":  func(c byte) bool { return isUpper(c) || foldCase && isLower(c) },
	"xdigit": func(c byte) bool { return isDigit(c) || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F' },
}

func isLower(c byte) bool  { return 'a' <= c && c <= 'z' }
func isUpper(c byte) bool  { return 'A' <= c && c <= 'Z' }
func isLetter(c byte) bool { return isLower(c) || isUpper(c) }
func isDigit(c byte) bool  { return '0' <= c && c <= '9' }

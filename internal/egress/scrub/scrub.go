// Package scrub removes secrets from texts and streams.
package scrub

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"html"
	"io"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// Secret is a secret to remove.
type Secret struct {
	Name   string
	Values []string // texts that reveal it
}

// Scrubber replaces the values of secrets by [secret NAME], in any notation: each character may be escaped, once or twice
// (escape.go), and the whole value may be in base64, at any offset within a longer text, or in hexadecimal. It is meant for
// servers that echo what they receive. It does not stop a server that wants to leak a secret, which can encode it in other
// ways, and a function can get it piece by piece from a server that echoes and supports Range. The binding of a secret to
// its origin protects it from all other servers. A nil Scrubber replaces nothing.
type Scrubber struct {
	pairs  [1 << 16 / 64]uint64 // bit set: a pattern may begin with these two bytes
	starts [256][]*pattern      // by the first byte, the longest first
	folded *Scrubber            // for texts whose letter case was lost; nil in folded itself
}

// pattern is a text to look for.
type pattern struct {
	text  string
	mark  string
	lines bool // the text is base64 and may contain line breaks
}

// minLength is the length of the shortest text that is replaced. Any three characters occur in ordinary text, and replacing
// them would reveal them.
const minLength = 4

// New returns a scrubber of secrets, or nil if there is nothing to replace.
func New(secrets []Secret) *Scrubber {
	var plain, any []pattern
	for _, secret := range secrets {
		mark := "[secret " + secret.Name + "]"
		for _, v := range variants(secret.Values) {
			digits := hex.EncodeToString([]byte(v))
			plain = append(plain, pattern{v, mark, false}, pattern{digits, mark, false}, pattern{strings.ToUpper(digits), mark, false})
			for _, text := range encoded(v) {
				any = append(any, pattern{text, mark, true})
			}
		}
	}
	if plain == nil {
		return nil
	}
	s := compile(append(any, plain...))
	for i := range plain {
		plain[i].text = lower(plain[i].text)
	}
	s.folded = compile(plain)
	return s
}

// compile indexes patterns by their first bytes.
func compile(list []pattern) *Scrubber {
	s := &Scrubber{}
	seen := map[string]bool{}
	for i := range list {
		p := &list[i]
		if len(p.text) < minLength || seen[p.text] {
			continue
		}
		seen[p.text] = true
		s.starts[p.text[0]] = append(s.starts[p.text[0]], p)
		s.mark(p.text[0], p.text[1])
		for _, c := range []byte(introducers) {
			s.mark(p.text[0], c)
		}
		if p.text[1] == ' ' {
			s.mark(p.text[0], '+')
		}
		if p.lines {
			s.mark(p.text[0], '\r')
			s.mark(p.text[0], '\n')
		}
	}
	for c := range 256 {
		s.markEscapes(byte(c))
		slices.SortStableFunc(s.starts[c], func(a, b *pattern) int { return len(b.text) - len(a.text) })
	}
	return s
}

// markEscapes marks the introducers with the bytes that may follow them at the start of a pattern.
func (s *Scrubber) markEscapes(second byte) {
	word := letter(second) || second >= '0' && second <= '9'
	if word || second == '#' || introduces(second) {
		s.mark('&', second)
		s.mark('%', second)
	}
	if second == 'u' || second == 'x' || introduces(second) || !word && s.starts[second] != nil {
		s.mark('\\', second)
	}
}

func (s *Scrubber) mark(a, b byte) {
	n := uint16(a)<<8 | uint16(b)
	s.pairs[n/64] |= 1 << (n % 64)
}

// variants returns the values that are long enough, and what servers make of them that read header bytes as Latin-1.
func variants(values []string) (list []string) {
	for _, v := range values {
		if len(v) < minLength {
			continue
		}
		list = append(list, v)
		if strings.ContainsFunc(v, func(r rune) bool { return r >= utf8.RuneSelf }) {
			var misread, narrow []byte
			for i := range len(v) {
				misread = utf8.AppendRune(misread, rune(v[i]))
			}
			for _, r := range v {
				narrow = append(narrow, byte(r)) // a rune that does not fit gives a text that occurs nowhere
			}
			list = append(list, string(misread), string(narrow))
		}
	}
	return list
}

// encoded returns the base64 spellings of a value: of the value, of its escaped forms, and of its base64.
func encoded(v string) (list []string) {
	texts := []string{v, quote(v, true), quote(v, false), strings.ReplaceAll(quote(v, false), "/", `\/`), html.EscapeString(v)}
	for _, escaped := range []string{url.QueryEscape(v), url.PathEscape(v), strings.ReplaceAll(url.QueryEscape(v), "+", "%20"), percent(v)} {
		texts = append(texts, escaped, lowerHex(escaped))
	}
	slices.Sort(texts)
	for _, text := range slices.Compact(texts) {
		list = append(list, base64s(text)...)
	}
	for _, inner := range base64s(v) {
		list = append(list, base64s(inner)...)
	}
	return list
}

// base64s returns the spellings of a text in base64: alone, and inside a longer text, at each of the three offsets within
// a group of three bytes. Characters that depend on the neighbouring bytes are left out: at most 2 characters at either end
// remain readable, and reveal nothing.
func base64s(v string) (list []string) {
	for _, e := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
		whole := e.EncodeToString([]byte(v))
		list = append(list, whole, strings.TrimRight(whole, "="))
		if len(v) < 8 {
			continue // too short to recognize inside a longer text
		}
		for lead := range 3 {
			text := e.WithPadding(base64.NoPadding).EncodeToString(append(make([]byte, lead), v...))
			from := []int{0, 2, 3}[lead]
			to := len(text)
			if (lead+len(v))%3 != 0 {
				to--
			}
			list = append(list, text[from:to])
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// percent percent-encodes all bytes except letters and digits.
func percent(v string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(v) {
		if c := v[i]; letter(c) || c >= '0' && c <= '9' {
			b.WriteByte(c)
		} else {
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		}
	}
	return b.String()
}

// lowerHex writes percent-encoding in lower case.
func lowerHex(s string) string {
	b := []byte(s)
	for i := 0; i+2 < len(b); i++ {
		if b[i] == '%' {
			copy(b[i+1:i+3], bytes.ToLower(b[i+1:i+3]))
			i += 2
		}
	}
	return string(b)
}

// quote returns v as it is written inside a JSON string.
func quote(v string, escapeHTML bool) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(escapeHTML)
	if e.Encode(v) != nil {
		return v
	}
	text := strings.TrimSuffix(b.String(), "\n")
	return text[1 : len(text)-1]
}

// lower returns v in lower case, in the same length.
func lower(v string) string {
	b := []byte(v)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// Text returns v without secrets.
func (s *Scrubber) Text(v string) string {
	if s == nil {
		return v
	}
	out, _ := s.replace(nil, []byte(v), true)
	return string(out)
}

// Name returns v, the name of a header or a host, without secrets in any letter case: names lose theirs on the way.
func (s *Scrubber) Name(v string) string {
	if s == nil {
		return v
	}
	small := lower(v)
	if clean := s.folded.Text(small); clean != small {
		return clean
	}
	return v
}

// Has reports whether v contains a secret.
func (s *Scrubber) Has(v string) bool { return s != nil && (s.Text(v) != v || s.Name(v) != v) }

// replace appends in to out with the secrets replaced, and returns how many bytes of in it consumed. The rest may be the
// beginning of a secret; at the end of the text there is no rest.
func (s *Scrubber) replace(out, in []byte, end bool) ([]byte, int) {
	done := 0 // bytes of in that are in out
	for i := 0; i < len(in); {
		for i+1 < len(in) && !s.begins(in[i], in[i+1]) {
			i++
		}
		p, length, partial := s.at(in[i:], end)
		switch {
		case partial:
			return append(out, in[done:i]...), i
		case p != nil:
			out = append(append(out, in[done:i]...), p.mark...)
			i += length
			done = i
		default:
			i++
		}
	}
	return append(out, in[done:]...), len(in)
}

// begins reports whether a pattern may begin with two bytes.
func (s *Scrubber) begins(a, b byte) bool {
	n := uint16(a)<<8 | uint16(b)
	return s.pairs[n/64]>>(n%64)&1 != 0
}

// at returns the pattern that in begins with, and its length there. partial reports that in may be the beginning of a longer
// pattern.
func (s *Scrubber) at(in []byte, end bool) (found *pattern, length int, partial bool) {
	var best search
	best.try(s.starts[in[0]], in, 1, end)
	if introduces(in[0]) && !s.skip(in) {
		once, twice, more := escapes(in, end)
		if more {
			return nil, 0, true
		}
		for _, u := range [...]*unit{&once, &twice} {
			if u.size > 0 {
				best.try(s.starts[u.text[0]], in, u.length, end)
			}
		}
	}
	if best.open > 0 && (best.found == nil || best.open > len(best.found.text)) {
		return nil, 0, true
	}
	return best.found, best.length, false
}

// skip reports that no pattern begins with a percent-encoded character, which is the case for most.
func (s *Scrubber) skip(in []byte) bool {
	if len(in) < 3 || in[0] != '%' || !hexadecimal(in[1]) || !hexadecimal(in[2]) {
		return false
	}
	c := digit(in[1])<<4 | digit(in[2])
	return s.starts[c] == nil && !introduces(c)
}

// search is the result of trying patterns at one place.
type search struct {
	found  *pattern
	length int // of found, in the text
	open   int // length of the longest pattern that may continue after the end of in
}

// try tries patterns, the longest first, on a text that begins with their first character, written in the given number of
// bytes.
func (b *search) try(list []*pattern, in []byte, size int, end bool) {
	if list == nil {
		return
	}
	second := next(in[size:], end)
	for _, p := range list {
		if b.found != nil && len(b.found.text) >= len(p.text) {
			return
		}
		if !second.fits(p) {
			continue
		}
		n, more := p.match(in, end)
		if more {
			b.open = max(b.open, len(p.text))
		} else if n > 0 {
			b.found, b.length = p, n
			return
		}
	}
}

// following has the possible readings of the next character of a text.
type following struct {
	list   [3]byte
	breaks bool // one of them is a line break
	open   bool // the text ends before they are known
}

func next(in []byte, end bool) (f following) {
	switch {
	case len(in) == 0:
		f.open = !end
		return f
	case !introduces(in[0]):
		f.list = [3]byte{in[0], in[0], in[0]}
	default:
		var once, twice unit
		once, twice, f.open = escapes(in, end)
		f.list = [3]byte{in[0], once.text[0], twice.text[0]}
	}
	for _, c := range f.list {
		f.breaks = f.breaks || c == '\r' || c == '\n'
	}
	return f
}

// fits reports whether the second character of a pattern is one of them. For characters of several bytes it is always true.
func (f *following) fits(p *pattern) bool {
	second := p.text[1]
	return f.list[0] == second || f.list[1] == second || f.list[2] == second || second >= utf8.RuneSelf ||
		second == ' ' && slices.Contains(f.list[:], '+') || f.open || f.breaks && p.lines
}

// match returns the length of the pattern at the beginning of in, or 0. more reports that in may end within the pattern.
func (p *pattern) match(in []byte, end bool) (length int, more bool) {
	n := 0 // unescaped bytes: most texts differ at the third or fourth
	for n < len(p.text) && n < len(in) && in[n] == p.text[n] && !introduces(in[n]) {
		n++
	}
	switch {
	case n == len(p.text):
		return n, false
	case n == len(in):
		return 0, !end
	case introduces(in[n]), p.text[n] == ' ' && in[n] == '+', p.lines && (in[n] == '\r' || in[n] == '\n'):
		return p.read(in, n, end)
	}
	return 0, false
}

// reading is the state of one of the ways in which a text can be read.
type reading struct {
	at     int // in the text
	done   int // in the pattern
	breaks int // line breaks since the last character
}

const (
	maxReadings = 64 // followed at the same time; only values full of backslashes have more
	maxBreaks   = 2  // between two characters: CR, LF
)

// read continues match from the first character that may be escaped. A character that introduces an escape may also stand for
// itself, so every reading is followed.
func (p *pattern) read(in []byte, from int, end bool) (length int, more bool) {
	var room [8]reading
	readings := append(room[:0], reading{from, from, 0})
	for len(readings) > 0 {
		now := readings[0]
		readings = append(readings[:0], readings[1:]...)
		switch {
		case now.done == len(p.text):
			length = max(length, now.at)
			continue
		case now.at == len(in):
			more = more || !end
			continue
		}
		once, twice, open := escapes(in[now.at:], end)
		more = more || open
		for _, u := range [...]unit{single(in[now.at], 1), once, twice} {
			if then, ok := p.step(now, u); ok && !slices.Contains(readings, then) && len(readings) < maxReadings {
				readings = append(readings, then)
			}
		}
	}
	if more {
		return 0, true
	}
	return length, false
}

// step returns a reading after one more character of the text.
func (p *pattern) step(now reading, u unit) (then reading, ok bool) {
	rest := p.text[now.done:]
	switch {
	case u.size == 0:
	case u.size == 1 && (u.text[0] == rest[0] || u.text[0] == '+' && rest[0] == ' '), u.size > 1 && strings.HasPrefix(rest, string(u.text[:u.size])):
		return reading{now.at + u.length, now.done + u.size, 0}, true
	case p.lines && (u.text[0] == '\r' || u.text[0] == '\n') && now.breaks < maxBreaks:
		return reading{now.at + u.length, now.done, now.breaks + 1}, true
	}
	return now, false
}

// Reader returns r without secrets, even if they arrive in pieces. It holds back what may be the beginning of one.
func (s *Scrubber) Reader(r io.Reader) io.Reader {
	if s == nil {
		return r
	}
	return &scrubbed{Scrubber: s, from: r}
}

type scrubbed struct {
	*Scrubber
	from  io.Reader
	raw   []byte // not yet scrubbed
	clean []byte // scrubbed, not yet read
	next  int
	err   error
}

const readSize = 4 << 10

func (s *scrubbed) Read(p []byte) (int, error) {
	for s.next == len(s.clean) {
		if s.err != nil {
			return 0, s.err
		}
		s.raw = slices.Grow(s.raw, readSize)
		n, err := s.from.Read(s.raw[len(s.raw):cap(s.raw)])
		s.raw = s.raw[:len(s.raw)+n]
		s.err = err
		// After a failed read the rest may be part of a secret and is dropped.
		var consumed int
		s.clean, consumed = s.replace(s.clean[:0], s.raw, err == io.EOF)
		s.next = 0
		s.raw = append(s.raw[:0], s.raw[consumed:]...)
	}
	n := copy(p, s.clean[s.next:])
	s.next += n
	return n, nil
}

package egress

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"html"
	"io"
	"net/url"
	"slices"
	"strings"
)

// A scrubber replaces the values of secrets, in every spelling they commonly travel in, by [secret NAME]. It is no proof
// against the server that was given a secret: that one can spell it as it likes, and one that echoes and knows Range can
// be asked for it in pieces. It is for servers that echo; the secret's domain is what keeps it from all others.
type scrubber struct {
	first    [1 << 16 / 64]uint64 // bit set: some pattern begins with these two bytes
	patterns map[[2]byte][]pattern
	longest  int
}

type pattern struct {
	text string
	mark string
}

// shortest value, and spelling, that is replaced. Three characters stand in any text, and replacing them would tell which
// they are.
const shortest = 4

func newScrubber(secrets []Secret) *scrubber {
	s := &scrubber{patterns: map[[2]byte][]pattern{}}
	seen := map[string]bool{}
	for _, secret := range secrets {
		if len(secret.Value) < shortest {
			continue
		}
		for _, text := range spellings(secret) {
			if len(text) < shortest || seen[text] {
				continue
			}
			seen[text] = true
			key := [2]byte{text[0], text[1]}
			s.patterns[key] = append(s.patterns[key], pattern{text, "[secret " + secret.Name + "]"})
			n := uint16(key[0])<<8 | uint16(key[1])
			s.first[n/64] |= 1 << (n % 64)
			s.longest = max(s.longest, len(text))
		}
	}
	if len(s.patterns) == 0 {
		return nil
	}
	for _, list := range s.patterns { // of two that fit, the longer
		slices.SortStableFunc(list, func(a, b pattern) int { return len(b.text) - len(a.text) })
	}
	return s
}

// spellings are the forms in which a value travels.
func spellings(s Secret) []string {
	values := []string{s.Value}
	if s.As == AsBasic {
		if _, password, ok := strings.Cut(s.Value, ":"); ok && len(password) >= 8 {
			values = append(values, password)
		}
	}
	var list []string
	for _, v := range values {
		list = append(list, v)
		for _, escaped := range []string{url.QueryEscape(v), url.PathEscape(v), strings.ReplaceAll(url.QueryEscape(v), "+", "%20"), percent(v)} {
			list = append(list, escaped, lowerHex(escaped))
		}
		list = append(list, encoded(v)...)
		for _, escapeHTML := range []bool{true, false} {
			quoted := quote(v, escapeHTML)
			list = append(list, quoted, strings.ReplaceAll(quoted, "/", `\/`))
		}
		list = append(list, html.EscapeString(v))
	}
	return list
}

// encoded are the base64 spellings of a value: alone, and inside something longer, where it begins at one of three places
// within a group of three bytes. What the neighbours take part in is left out: a prefix and a suffix of at most 2
// characters stay readable and say nothing.
func encoded(v string) []string {
	var list []string
	for _, e := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
		whole := e.EncodeToString([]byte(v))
		list = append(list, whole, strings.TrimRight(whole, "="), url.QueryEscape(whole), strings.ReplaceAll(whole, "/", `\/`))
		if len(v) < 8 {
			continue // what is left of a short one inside something longer is too short to be told from other text
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
	return list
}

// percent encodes everything that is no letter and no digit.
func percent(v string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(v) {
		if c := v[i]; c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' {
			b.WriteByte(c)
		} else {
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		}
	}
	return b.String()
}

// lowerHex writes percent-encoding with small digits.
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

// quote is v inside a JSON string.
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

// text is v without secrets.
func (s *scrubber) text(v string) string {
	if s == nil {
		return v
	}
	out, _ := s.replace(nil, []byte(v), true)
	return string(out)
}

// has says whether a secret stands in v.
func (s *scrubber) has(v string) bool { return s != nil && s.text(v) != v }

// replace appends in to out with the secrets replaced, and says how many bytes of in it took. The rest may be the
// beginning of a secret; at the end there is no rest.
func (s *scrubber) replace(out, in []byte, end bool) ([]byte, int) {
	done := 0 // up to here in is in out
	for i := 0; i < len(in); {
		for i+1 < len(in) && !s.begins(in[i], in[i+1]) {
			i++
		}
		p, partly := s.at(in[i:], end)
		switch {
		case partly:
			return append(out, in[done:i]...), i
		case p != nil:
			out = append(append(out, in[done:i]...), p.mark...)
			i += len(p.text)
			done = i
		default:
			i++
		}
	}
	return append(out, in[done:]...), len(in)
}

// begins says whether some pattern begins with two bytes.
func (s *scrubber) begins(a, b byte) bool {
	n := uint16(a)<<8 | uint16(b)
	return s.first[n/64]>>(n%64)&1 != 0
}

// at is the pattern in begins with; or in may be the beginning of a longer one, and only more will tell.
func (s *scrubber) at(in []byte, end bool) (found *pattern, partly bool) {
	if len(in) < 2 {
		if end {
			return nil, false
		}
		for key := range s.patterns {
			if key[0] == in[0] {
				return nil, true
			}
		}
		return nil, false
	}
	list := s.patterns[[2]byte{in[0], in[1]}]
	for i := range list {
		p := &list[i]
		if len(in) >= len(p.text) {
			if string(in[:len(p.text)]) == p.text {
				return p, false
			}
		} else if !end && p.text[:len(in)] == string(in) {
			return nil, true
		}
	}
	return nil, false
}

// reader is r without secrets, whatever pieces they arrive in. It holds back what may be the beginning of one.
func (s *scrubber) reader(r io.Reader) io.Reader {
	if s == nil {
		return r
	}
	return &scrubbed{scrubber: s, from: r}
}

type scrubbed struct {
	*scrubber
	from  io.Reader
	raw   []byte // read, not yet looked through
	clean []byte // looked through, not yet handed out
	next  int
	err   error
}

const scrubStep = 4 << 10 // bytes read at once

func (s *scrubbed) Read(p []byte) (int, error) {
	for s.next == len(s.clean) {
		if s.err != nil {
			return 0, s.err
		}
		s.raw = slices.Grow(s.raw, scrubStep)
		n, err := s.from.Read(s.raw[len(s.raw):cap(s.raw)])
		s.raw = s.raw[:len(s.raw)+n]
		s.err = err
		// What a failed read held back may be half a secret; it is not handed out.
		var took int
		s.clean, took = s.replace(s.clean[:0], s.raw, err == io.EOF)
		s.next = 0
		s.raw = append(s.raw[:0], s.raw[took:]...)
	}
	n := copy(p, s.clean[s.next:])
	s.next += n
	return n, nil
}

package scrub

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"maps"
	"math/rand/v2"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
)

func TestSecretsAreReplacedHoweverTheyAreSplit(t *testing.T) {
	s := New([]Secret{{Name: "A", Values: []string{"user:password1", "password1"}}, {Name: "B", Values: []string{"abcabcabd"}}, {Name: "LONGER", Values: []string{"abcabcabdef"}}, {Name: "SHORT", Values: []string{"abc"}}})
	basic := base64.StdEncoding.EncodeToString([]byte("user:password1"))
	for text, want := range map[string]string{
		"x abcabcabd y":             "x [secret B] y",
		"abcabcabdef":               "[secret LONGER]",
		"abcabcabde":                "[secret B]e",
		"abcabcabcabd":              "abc[secret B]",
		"abcabcab":                  "abcabcab",
		"abc":                       "abc",
		"abcabcabdabcabcabd":        "[secret B][secret B]",
		"Basic " + basic:            "Basic [secret A]",
		`{"p":"password1"}`:         `{"p":"[secret A]"}`,
		"user:password1user:":       "[secret A]user:",
		"":                          "",
		strings.Repeat("a", 100000): strings.Repeat("a", 100000),
	} {
		if got := s.Text(text); got != want {
			t.Errorf("%q: %q", text, got)
		}
		for name, r := range map[string]io.Reader{"whole": strings.NewReader(text), "bytes": iotest.OneByteReader(strings.NewReader(text)), "halves": iotest.HalfReader(strings.NewReader(text)), "with the end": iotest.DataErrReader(strings.NewReader(text))} {
			got, err := io.ReadAll(s.Reader(r))
			if err != nil || string(got) != want {
				t.Errorf("%q in %s: %q, %v", text, name, got, err)
			}
		}
	}
	// Inside a longer text that is encoded as a whole.
	for lead := range 4 {
		for _, e := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
			text := e.EncodeToString(append(bytes.Repeat([]byte{'>'}, lead), "abcabcabdef>>"...))
			if got := s.Text(text); !strings.Contains(got, "[secret") {
				t.Errorf("%d bytes in front: %s", lead, got)
			}
		}
	}
	// A body that breaks off does not end with half of a secret.
	if got, err := io.ReadAll(s.Reader(io.MultiReader(strings.NewReader("x abcabca"), iotest.ErrReader(io.ErrUnexpectedEOF)))); string(got) != "x " || err == nil {
		t.Errorf("%q, %v", got, err)
	}
	if New([]Secret{{Name: "SHORT", Values: []string{"abc"}}}) != nil || New(nil) != nil {
		t.Error("a scrubber for nothing")
	}
}

// decoders decode a whole text, one after the other, while the scrubber reads through all of them at once.
var decoders = []func(string) string{
	func(s string) string { return s },
	func(s string) string { return percentEscape.ReplaceAllStringFunc(s, unpercent) },
	func(s string) string {
		return percentEscape.ReplaceAllStringFunc(strings.ReplaceAll(s, "+", " "), unpercent)
	},
	html.UnescapeString,
	func(s string) string { return jsonEscape.ReplaceAllStringFunc(s, unjson) },
}

var (
	percentEscape = regexp.MustCompile(`%[0-9a-fA-F]{2}`)
	jsonEscape    = regexp.MustCompile(`\\(?:u[0-9a-fA-F]{4}|["\\/bfnrt])`)
	inBase64      = regexp.MustCompile(`[A-Za-z0-9+/_-]{8,}`)
	plainValue    = regexp.MustCompile(`^[!-~]*$`)
)

func unpercent(s string) string {
	b, _ := hex.DecodeString(s[1:])
	return string(b)
}

func unjson(s string) string {
	var text string
	if json.Unmarshal([]byte(`"`+s+`"`), &text) != nil {
		return s
	}
	return text
}

// tells reports whether a text reveals a value when it is decoded once or twice, or when base64 in it is.
func tells(text, value string, twice bool) (how string, is bool) {
	for i, first := range decoders {
		once := first(text)
		if strings.Contains(once, value) {
			return fmt.Sprint("decoder ", i), true
		}
		for j, second := range decoders {
			if twice && j > 0 && strings.Contains(second(once), value) {
				return fmt.Sprint("decoders ", i, " and ", j), true
			}
		}
		for _, run := range inBase64.FindAllString(once, -1) {
			run = strings.NewReplacer("-", "+", "_", "/").Replace(run)
			for lead := range 4 {
				part := run[min(lead, len(run)):]
				if b, err := base64.RawStdEncoding.DecodeString(part[:len(part)-len(part)%4]); err == nil && strings.Contains(string(b), value) {
					return fmt.Sprint("decoder ", i, " and base64"), true
				}
			}
		}
	}
	return "", false
}

// FuzzScrub checks that the result does not depend on how the text is split, and that decoding it reveals no secret.
func FuzzScrub(f *testing.F) {
	f.Add("Bearer s3cret/value+1", "s3cret/value+1", 3)
	f.Add("aaaaaaaaab", "aaabaaaab", 1)
	f.Add("abcabcabcabd", "abcabdab", 5)
	f.Add(`"pa\"ssword"`, `pa"ssword`, 2)
	f.Add("s3cret%2Fvalue%2B1 %73%33cret%252fvalue%252B1", "s3cret/value+1", 9)
	f.Add(`s3&#99;ret&#x2F;value\u002b1 \u0073\u0033cret\/value&plus;1`, "s3cret/value+1", 9)
	f.Add(`{\\"t\\":\\"pa\\\\\\"ssword\\"} pa\&quot;ssword pa%5C%22ssword`, `pa"ssword`, 20)
	f.Add("dXNlcjpzM2NyZXQvdmFsdWUrMQ== Basic%20dXNlcjpzM2NyZXQvdmFsdWUrMQ%3D%3D", "s3cret/value+1", 9)
	f.Add("%5c%5c%5c%5c\\\\\\\\\\\\\\", "\\\\\\\\", 9)
	f.Add("&#0000000115;3cret/value %u0073", "s3cret/value", 4)
	f.Fuzz(func(t *testing.T, text, value string, at int) {
		s := New([]Secret{{Name: "N", Values: []string{value}}})
		if s == nil {
			if len(value) >= minLength {
				t.Fatal("nothing is replaced")
			}
			return
		}
		whole := s.Text(text)
		cut := 0
		if len(text) > 0 {
			cut = max(0, at) % len(text)
		}
		for _, r := range []io.Reader{
			iotest.OneByteReader(strings.NewReader(text)), io.MultiReader(strings.NewReader(text[:cut]), strings.NewReader(text[cut:])),
		} {
			if got, err := io.ReadAll(s.Reader(r)); err != nil || string(got) != whole {
				t.Fatalf("%q in pieces: %q, %v; whole: %q", text, got, err, whole)
			}
		}
		if len(value) < 8 || !plainValue.MatchString(value) {
			return
		}
		// "[secret N]" and the text around it may together spell a value. A value that contains escapes cannot be told apart
		// from the value that it decodes to.
		for part := range strings.SplitSeq(whole, "[secret N]") {
			if how, is := tells(part, value, !strings.ContainsAny(value, introducers+"+")); is && !strings.ContainsAny(value, "[]") {
				t.Fatalf("%q is still in %q, by %s", value, part, how)
			}
		}
	})
}

// spellings returns the notations in which programs write a text.
var spellings = map[string]func(string) string{
	"plain":              func(v string) string { return v },
	"QueryEscape":        url.QueryEscape,
	"PathEscape":         url.PathEscape,
	"encodeURIComponent": func(v string) string { return strings.ReplaceAll(url.QueryEscape(v), "+", "%20") },
	"small digits":       func(v string) string { return lowerHex(url.QueryEscape(v)) },
	"every character":    func(v string) string { return each(v, "%%%02X") },
	"JSON":               func(v string) string { return quote(v, true) },
	"JSON of JavaScript": func(v string) string { return quote(v, false) },
	"JSON of PHP":        func(v string) string { return strings.ReplaceAll(quote(v, false), "/", `\/`) },
	"JSON of ASCII":      func(v string) string { q := strconv.QuoteToASCII(v); return q[1 : len(q)-1] },
	"JSON, all escaped":  func(v string) string { return each(v, `\u%04x`) },
	"JavaScript":         func(v string) string { return each(v, `\x%02X`) },
	"HTML":               html.EscapeString,
	"HTML, decimal":      func(v string) string { return each(v, "&#%d;") },
	"HTML, hexadecimal":  func(v string) string { return each(v, "&#x%X;") },
	"HTML, names": func(v string) string {
		return strings.NewReplacer("&", "&amp;", "<", "&lt;", `"`, "&quot;", "/", "&sol;", "+", "&plus;", "=", "&equals;", ":", "&colon;").Replace(v)
	},
}

func each(v, format string) string {
	var b strings.Builder
	for _, c := range []byte(v) {
		fmt.Fprintf(&b, format, c)
	}
	return b.String()
}

func TestEveryNotationOfASecretIsReplaced(t *testing.T) {
	wraps := map[string]func(string) string{
		"base64":         func(v string) string { return base64.StdEncoding.EncodeToString([]byte(v)) },
		"base64 of URLs": func(v string) string { return base64.RawURLEncoding.EncodeToString([]byte(v)) },
		"Basic":          func(v string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte("user:"+v)) },
		"a in base64":    func(v string) string { return base64.StdEncoding.EncodeToString([]byte("a" + v + "z")) },
		"ab in base64":   func(v string) string { return base64.URLEncoding.EncodeToString([]byte("ab" + v + "yz")) },
		"base64 in lines": func(v string) string {
			text := base64.StdEncoding.EncodeToString([]byte(`{"token":"` + v + `","more":"` + v + `"}`))
			var b strings.Builder
			for i, c := range []byte(text) {
				if b.WriteByte(c); i%19 == 18 {
					b.WriteString("\r\n")
				}
			}
			return b.String()
		},
		"base64 twice": func(v string) string {
			return base64.StdEncoding.EncodeToString([]byte("x" + base64.StdEncoding.EncodeToString([]byte("user:"+v))))
		},
		"hexadecimal": func(v string) string { return hex.EncodeToString([]byte(v)) },
		"HEXADECIMAL": func(v string) string { return strings.ToUpper(hex.EncodeToString([]byte(v))) },
	}
	for _, value := range []string{"sk_live_0123456789abcdef", `p/w+ "q"=&%<>\:;'1`, "100%25%2Bpure", "user:pass word", `\\\\\\\\`, "aaaaaaaa", "p\u00e4ssw\u00f6rd\u20ac"} {
		s := New([]Secret{{Name: "N", Values: []string{value}}})
		check := func(spelled, text string) {
			t.Helper()
			for _, around := range [][2]string{{"", ""}, {`{"a":"`, `"}`}, {"<p>%&\\", "%2"}} {
				got := s.Text(around[0] + text + around[1])
				if !strings.Contains(got, "[secret N]") {
					t.Errorf("%q as %s: %q", value, spelled, got)
				}
				if how, is := tells(strings.ReplaceAll(got, "[secret N]", " "), value, true); is {
					t.Errorf("%q as %s is still there for %s: %q", value, spelled, how, got)
				}
			}
		}
		for name, spell := range spellings {
			check(name, spell(value))
			for other, again := range spellings {
				check(name+", then "+other, again(spell(value)))
			}
			for wrap, fn := range wraps {
				check(wrap+", then "+name, spell(fn(value)))
			}
		}
		for _, name := range []string{"QueryEscape", "PathEscape", "encodeURIComponent", "JSON", "JSON of JavaScript", "JSON of PHP", "HTML"} {
			for wrap, fn := range wraps {
				if wrap != "base64 twice" && !strings.HasPrefix(strings.ToLower(wrap), "hex") {
					check(name+", then "+wrap, fn(spellings[name](value)))
				}
			}
		}
	}
}

// This holds whatever follows the beginning of a secret.
func TestTheScrubberBuffersLittle(t *testing.T) {
	s := New([]Secret{{Name: "N", Values: []string{"sk_live_0123456789abcdef"}}})
	for _, text := range []string{"sk_live_", "&#", "&#x", "&#00000", `\u{00000`, "%", `\`, "&abcdefgh", "c2tfbGl2ZV8wMTIz\r\n", "c2tfbGl2ZV8wMTIz\n\r", "&amp;#", "%25%25", `\\`, `\\u{0000`} {
		in := strings.Repeat(text, 4096)
		r := &scrubbed{Scrubber: s, from: strings.NewReader(in)}
		total, piece := 0, make([]byte, 1024)
		for {
			n, err := r.Read(piece)
			if total += n; cap(r.raw) > 4*readSize {
				t.Fatalf("%q: %d bytes are held", text, len(r.raw))
			}
			if err != nil {
				break
			}
		}
		if total != len(in) {
			t.Errorf("%q: %d of %d bytes came", text, total, len(in))
		}
	}
}

// BenchmarkScrub scrubs texts without secrets.
func BenchmarkScrub(b *testing.B) {
	random := make([]byte, 3<<18)
	rand.NewChaCha8([32]byte{}).Read(random)
	texts := map[string]string{
		"JSON":    strings.Repeat(`{"id":"sk_test","name":"a name"},`, 1<<15),
		"base64":  base64.StdEncoding.EncodeToString(random),
		"percent": strings.Repeat("%7B%22id%22%3A%22sk_test%22%7D", 1<<15),
		"HTML":    strings.Repeat(`<a href="/?a=1&amp;b=2">it&#39;s a &lt;name&gt;</a>`, 1<<14),
		"escaped": strings.Repeat(`{\"id\":\"sk_test\",\"name\":\"a\\nname\"}`, 1<<14),
	}
	for _, n := range []int{1, 10} {
		secrets := []Secret{{Name: "A", Values: []string{"user:another-password", "another-password"}}}
		for i := range n - 1 {
			secrets = append(secrets, Secret{Name: "S" + strconv.Itoa(i), Values: []string{"sk_live_" + hex.EncodeToString(random[16*i:16*i+16])}})
		}
		s := New(secrets)
		for _, name := range slices.Sorted(maps.Keys(texts)) {
			b.Run(name+" with "+strconv.Itoa(n), func(b *testing.B) {
				b.SetBytes(int64(len(texts[name])))
				for b.Loop() {
					io.Copy(io.Discard, s.Reader(strings.NewReader(texts[name])))
				}
			})
		}
	}
}

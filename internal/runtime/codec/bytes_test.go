package codec

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"
	"unicode/utf16"
)

// charsOf returns a text as the engine may have it: narrow if it can be, and wide.
func charsOf(text string) []Chars {
	units := utf16.Encode([]rune(text))
	wide, narrow, fits := Chars{Wide: true}, Chars{}, true
	for _, u := range units {
		wide.Data = append(wide.Data, byte(u), byte(u>>8))
		narrow.Data = append(narrow.Data, byte(u))
		fits = fits && u < 256
	}
	if !fits {
		return []Chars{wide}
	}
	return []Chars{wide, narrow}
}

func TestForgivingBase64(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "", "YQ==": "a", "YWJj": "abc", "AP8=": "\x00\xff", "++//": "\xfb\xef\xff", "YQ": "a", "YWI": "ab", " Y\tQ\n=\f=\r": "a", "Y Q": "a", "\n": "",
		"YR==": "a", // the bits that are left over do not matter
	} {
		for _, c := range charsOf(text) {
			n, ok := SizeBase64(c)
			got := make([]byte, n)
			DecodeBase64(got, c)
			if string(got) != want || !ok {
				t.Errorf("%q means %q (%v), want %q", text, got, ok, want)
			}
		}
	}
	for _, text := range []string{"Y", "YQ=", "YQ===", "YWJjY", "====", "=", "YQ==YQ==", "Y=Q=", "a-_b", "YW\u00a0Jj", "YWJ\x00", "YQ=a", "YWJj=", "YW\u0141j", "_w"} {
		for _, c := range charsOf(text) {
			if n, ok := SizeBase64(c); ok {
				t.Errorf("%q has %d bytes", text, n)
			}
		}
	}
}

// What is written whole and what is written to less room agree, and nothing is written beyond the room.
func FuzzEncodings(f *testing.F) {
	f.Add([]byte("a€😀\xff"), 3)
	f.Add([]byte("YQ==YQ=="), 2)
	f.Fuzz(func(t *testing.T, b []byte, room int) {
		room &= 0xff
		for e := UTF8; e <= Base64URL; e++ {
			n, wide := e.Length(b)
			text := Chars{Data: make([]byte, n), Wide: wide}
			if wide {
				text.Data = make([]byte, 2*n)
			}
			e.Decode(text, b)
			for _, c := range []Chars{text, {Data: b}, {Data: b[:len(b)&^1], Wide: true}} {
				whole := make([]byte, e.Size(c))
				all, _ := e.Encode(whole, c)
				some := bytes.Repeat([]byte{'.'}, room+8)
				written, read := e.Encode(some[:room:room], c)
				if written > room || written > all || !bytes.Equal(some[:written], whole[:written]) || string(some[room:]) != "........" || read > c.len() {
					t.Fatalf("%d: %d bytes %x of %x for %+v", e, written, some, whole[:all], c)
				}
				if e <= ASCII && all != len(whole) {
					t.Fatalf("%d: %d bytes instead of %d for %+v", e, all, len(whole), c)
				}
			}
			back := make([]byte, e.Size(text))
			written, _ := e.Encode(back, text)
			switch want := b; e {
			case UTF8:
				if s, _ := Decode("utf-8", b); string(back[:written]) != s {
					t.Fatalf("%x is %x, want %x", b, back, s)
				}
			case UTF16:
				want = b[:len(b)&^1]
				fallthrough
			case Latin1, Hex, Base64, Base64URL:
				if !bytes.Equal(back[:written], want) {
					t.Fatalf("%d: %x became %q and then %x", e, b, text.Data, back[:written])
				}
			}
		}
		if n, ok := SizeBase64(Chars{Data: b}); ok {
			clean := strings.TrimRight(strings.NewReplacer("\t", "", "\n", "", "\f", "", "\r", "", " ", "").Replace(string(b)), "=")
			want, err := base64.RawStdEncoding.DecodeString(clean)
			got := make([]byte, n)
			if DecodeBase64(got, Chars{Data: b}); err != nil || !bytes.Equal(got, want) {
				t.Fatalf("%q means %x, want %x (%v)", b, got, want, err)
			}
		}
	})
}

package codec

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestTheLabelsOfEncodings(t *testing.T) {
	t.Parallel()
	for label, want := range map[string]string{
		"utf-8": "utf-8", "UTF8": "utf-8", " \t\n\f\rutf-8\r ": "utf-8", "unicode-1-1-utf-8": "utf-8", "x-unicode20utf8": "utf-8",
		"utf-16": "utf-16le", "utf-16le": "utf-16le", "UTF-16BE": "utf-16be", "ucs-2": "utf-16le",
		"latin1": "windows-1252", "ascii": "windows-1252", "iso-8859-1": "windows-1252", "iso-8859-2": "iso-8859-2",
		"iso-8859-8-i": "iso-8859-8-i", "logical": "iso-8859-8-i", "csISO88598I": "iso-8859-8-i", "iso-8859-8": "iso-8859-8",
		"sjis": "shift_jis", "gb2312": "gbk", "big5": "big5", "koi8-r": "koi8-r", "macintosh": "macintosh", "x-user-defined": "x-user-defined",
		"iso-2022-jp": "iso-2022-jp", "euc-kr": "euc-kr",
		"": "", "utf-7": "", "utf-32": "", "utf_8": "", "utf-8\x00": "", "\vutf-8": "", "\u00a0utf-8": "", "utf-8\v": "", "\vgbk": "", "gbk\v": "", "\u212aoi8-r": "",
		"replacement": "", "iso-2022-kr": "", "hz-gb-2312": "", // what they mean depends on tricks that let scripts through filters
	} {
		if got := EncodingOf(label); got != want {
			t.Errorf("%q means %q, want %q", label, got, want)
		}
	}
}

func TestBytesAreDecoded(t *testing.T) {
	t.Parallel()
	const r = "\ufffd"
	for _, tt := range []struct {
		encoding, in, want string
		ok                 bool
	}{
		{"utf-8", "", "", true},
		{"utf-8", "h\u00e9\U0001f600", "h\u00e9\U0001f600", true},
		{"utf-8", "\ufeffx", "\ufeffx", true}, // the caller removes it
		{"utf-8", "a\xffb", "a" + r + "b", false},
		{"utf-8", "\xff\xff", r + r, false},
		{"utf-8", "\xc3", r, false},
		{"utf-8", "\xc3x", r + "x", false},
		{"utf-8", "\xc1\xbf", r + r, false},                                // an overlong form
		{"utf-8", "\xe2\x82", r, false},                                    // one for the whole part
		{"utf-8", "\xe2\x82x", r + "x", false},                             //
		{"utf-8", "\xe0\x80\x80", r + r + r, false},                        // overlong: no part is valid
		{"utf-8", "\xe0\xa0", r, false},                                    //
		{"utf-8", "\xed\xa0\x80", r + r + r, false},                        // half of a pair
		{"utf-8", "\xed\x9f", r, false},                                    //
		{"utf-8", "\xf0\x9f\x98", r, false},                                //
		{"utf-8", "\xf0\x8f\x80\x80", r + r + r + r, false},                // overlong
		{"utf-8", "\xf4\x90\x80\x80", r + r + r + r, false},                // beyond U+10FFFF
		{"utf-8", "\xf4\x8f\xbf", r, false},                                //
		{"utf-8", "\xf5\x80\x80\x80", r + r + r + r, false},                //
		{"utf-8", "\xf0\x9f\x98\xf0\x9f\x98\x80", r + "\U0001f600", false}, // what follows is not swallowed
		{"utf-8", r, r, true},

		{"utf-16le", "", "", true},
		{"utf-16le", "h\x00i\x00", "hi", true},
		{"utf-16be", "\x00h\x00i", "hi", true},
		{"utf-16le", "\x3d\xd8\x00\xde", "\U0001f600", true},
		{"utf-16be", "\xd8\x3d\xde\x00", "\U0001f600", true},
		{"utf-16le", "\x3d\xd8", r, false},
		{"utf-16le", "\x00\xde", r, false},
		{"utf-16le", "\x3d\xd8\x3d\xd8\x00\xde", r + "\U0001f600", false},
		{"utf-16le", "h\x00i", "h" + r, false},
		{"utf-16le", "h", r, false},

		{"windows-1252", "\x80\x9f\xe9", "\u20ac\u0178\u00e9", true},
		{"windows-1252", "\x81\x8d\x8f\x90\x9d", "\u0081\u008d\u008f\u0090\u009d", true}, // unassigned
		{"windows-1253", "\xaa", r, false},
		{"windows-1253", "\x81\xaa", "\u0081" + r, false},
		{"iso-8859-2", "\xa1", "\u0104", true},
		{"shift_jis", "\x82\xa0", "\u3042", true},
		{"shift_jis", "\x82", r, false},
		{"gbk", "\xc4\xe3", "\u4f60", true},
		{"gbk", "\x81\x30\x81\x30\x94\x39\xda\x33\x80", "\u0080\U0001f4a9\u20ac", true}, // decoded as GB 18030
		{"euc-kr", "\xb0\xa1", "\uac00", true},
		{"x-user-defined", "a\x80\xff", "a\uf780\uf7ff", true},
		{"no such encoding", "x", "", false},
	} {
		if got, ok := Decode(tt.encoding, []byte(tt.in)); got != tt.want || ok != tt.ok {
			t.Errorf("%s: %+q is %+q (%v), want %+q (%v)", tt.encoding, tt.in, got, ok, tt.want, tt.ok)
		}
	}
}

// A chunk may end inside a character. What is held back for the next chunk must be neither too little nor too much: whole
// invalid input would be held back forever.
func TestTheIncompleteEndOfAChunk(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		encoding, in string
		want         int
	}{
		{"utf-8", "", 0}, {"utf-8", "a", 0}, {"utf-8", "\u00e9", 0}, {"utf-8", "\u20ac", 0}, {"utf-8", "\U0001f600", 0},
		{"utf-8", "a\xc3", 1}, {"utf-8", "a\xe2", 1}, {"utf-8", "a\xe2\x82", 2}, {"utf-8", "\xf0", 1}, {"utf-8", "\xf0\x9f", 2}, {"utf-8", "\xf0\x9f\x98", 3},
		{"utf-8", "\x82", 0}, {"utf-8", "\x82\x82", 0}, {"utf-8", "\x82\x82\x82", 0}, {"utf-8", "\x82\x82\x82\x82", 0},
		{"utf-8", "\xff", 0}, {"utf-8", "\xc1", 0}, {"utf-8", "\xe0\x80", 0}, {"utf-8", "\xed\xa0", 0}, {"utf-8", "\xf4\x90", 0},
		{"utf-8", "\xc3\xa9\x82", 0}, {"utf-8", "\xe2\x82x", 0},

		{"utf-16le", "", 0}, {"utf-16le", "h", 1}, {"utf-16le", "h\x00", 0}, {"utf-16le", "h\x00i", 1},
		{"utf-16le", "\x3d\xd8", 2}, {"utf-16le", "\x3d\xd8\x00", 3}, {"utf-16le", "\x3d\xd8\x00\xde", 0}, {"utf-16le", "\xd8\x3d", 0},
		{"utf-16be", "", 0}, {"utf-16be", "\xd8", 1}, {"utf-16be", "\xd8\x3d", 2}, {"utf-16be", "\xd8\x3d\xde", 3}, {"utf-16be", "\xd8\x3d\xde\x00", 0}, {"utf-16be", "\x3d\xd8", 0},

		{"shift_jis", "a", 0}, {"shift_jis", "a\x82", 1}, {"shift_jis", "\x82\xa0", 0}, {"shift_jis", "\x82\xa0\x82", 1},
		{"gb18030", "\x81", 1}, {"gb18030", "\x81\x30", 2}, {"gb18030", "\x81\x30\x81", 3}, {"gb18030", "\x81\x30\x81\x30", 0},
		{"windows-1252", "\x80\xff", 0}, {"iso-2022-jp", "abc", 3}, {"no such encoding", "abc", 0},
	} {
		if got := Incomplete(tt.encoding, []byte(tt.in)); got != tt.want {
			t.Errorf("%s: %+q ends with %d incomplete bytes, want %d", tt.encoding, tt.in, got, tt.want)
		}
	}
	// Wherever a text is cut, the two parts together decode to it.
	const text = "a\u00e9\u20ac\U0001f600z"
	for cut := range len(text) {
		head := []byte(text[:cut])
		n := Incomplete("utf-8", head)
		first, ok1 := Decode("utf-8", head[:cut-n])
		second, ok2 := Decode("utf-8", append(head[cut-n:], text[cut:]...))
		if first+second != text || !ok1 || !ok2 {
			t.Errorf("cut at %d: %q and %q", cut, first, second)
		}
	}
}

func TestPercentEncodedText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "", "abc": "abc", "%41": "A", "%41%42c": "ABc", "%e2%82%ac": "\u20ac", "%E2%82%AC": "\u20ac", "a%20b+c": "a b+c",
		"%": "%", "%4": "%4", "%4x": "%4x", "%xx": "%xx", "100%": "100%", "%%41": "%A", "%2541": "%41", "%zz%41": "%zzA",
		"%ff": "\ufffd", "%e2%82": "\ufffd", "%00": "\x00", "\u00e9%41": "\u00e9A",
	} {
		if got := PercentDecode(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

// Every byte means the same in a chunk of its own as in a text of its own.
func TestEveryByteOfALegacyEncodingHasAMeaning(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"windows-1250", "windows-1251", "windows-1252", "windows-1254", "windows-1258", "iso-8859-15", "koi8-u", "macintosh"} {
		var all strings.Builder
		for b := range 256 {
			s, _ := Decode(name, []byte{byte(b)})
			if utf8.RuneCountInString(s) != 1 {
				t.Errorf("%s: the byte %#x is %+q", name, b, s)
			}
			if b < 0x80 && s != string(rune(b)) {
				t.Errorf("%s: the byte %#x is %+q, not ASCII", name, b, s)
			}
			all.WriteString(s)
		}
		whole := make([]byte, 256)
		for i := range whole {
			whole[i] = byte(i)
		}
		if s, _ := Decode(name, whole); s != all.String() {
			t.Errorf("%s: bytes together mean something else than each alone", name)
		}
	}
}

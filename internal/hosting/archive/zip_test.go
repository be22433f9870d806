package archive

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"fazt/internal/errs"
)

func deflate(text string) []byte {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestCompression)
	if err == nil {
		_, err = io.WriteString(w, text)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		panic(err)
	}
	return b.Bytes()
}

func put16(at int, v uint16) func([]byte) {
	return func(h []byte) { binary.LittleEndian.PutUint16(h[at:], v) }
}
func put32(at int, v uint32) func([]byte) {
	return func(h []byte) { binary.LittleEndian.PutUint32(h[at:], v) }
}

// method sets the method in a header of either kind.
func method(m uint16) func([]byte) {
	return func(h []byte) {
		at := 8
		if len(h) == centralSize {
			at = 10
		}
		binary.LittleEndian.PutUint16(h[at:], m)
	}
}

// wide returns a zip64 field.
func wide(values ...uint64) []byte {
	b := []byte{1, 0, byte(8 * len(values)), 0}
	for _, v := range values {
		b = binary.LittleEndian.AppendUint64(b, v)
	}
	return b
}

func TestZip(t *testing.T) {
	long := strings.Repeat("hello ", 5000)
	for name, tt := range map[string]struct {
		items []item
		want  map[string]string
	}{
		"stored and deflated": {[]item{{name: "index.html", text: "hi"}, {name: "a/"}, {name: "a/b.js", text: long, method: 8}, {name: "empty", method: 8}},
			map[string]string{"index.html": "hi", "a/b.js": long, "empty": ""}},
		"with the modes of Unix": {[]item{{name: "site/", made: 3<<8 | 20, mode: 0o040755}, {name: "site/index.html", text: "hi", made: 3<<8 | 20, mode: 0o100644}},
			map[string]string{"index.html": "hi"}},
		"sizes after the content": {[]item{late("a", "hi", descriptor(true, 4, "hi")), late("b", "x", descriptor(false, 4, "x")),
			late("c", "y", descriptor(true, 8, "y")), late("d", "z", descriptor(false, 8, "z"))}, map[string]string{"a": "hi", "b": "x", "c": "y", "d": "z"}},
		"sizes in zip64 fields": {[]item{{name: "a", text: "hi", local: both(put32(18, full32), put32(22, full32)), local64: wide(2, 2),
			central: both(put32(20, full32), put32(24, full32), put32(42, full32)), extra: wide(2, 2, 0)}},
			map[string]string{"a": "hi"}},
		"other extra fields":        {[]item{{name: "a", text: "x", extra: []byte{0x55, 0x54, 2, 0, 1, 2, 0x75, 0x70, 6, 0, 1, 0, 0, 0, 0, 'a'}, local64: []byte{0, 0, 0}}}, map[string]string{"a": "x"}},
		"a name that is not ASCII":  {[]item{{name: "ü.txt", text: "x", flags: 1 << 11}}, map[string]string{"ü.txt": "x"}},
		"what is made on a Windows": {[]item{{name: "a.txt", text: "x", made: 0<<8 | 20, mode: 0o120000}}, map[string]string{"a.txt": "x"}},
	} {
		got, _, err := contents(t, makeZip(tt.items...), limits())
		if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
}

// late returns an entry whose sizes follow its content.
func late(name, text string, after []byte) item {
	return item{name: name, text: text, flags: flagDescriptor, after: after, local: func(h []byte) { clear(h[14:26]) }}
}

// descriptor returns what follows a content, with or without a signature, and with sizes of the given number of bytes.
func descriptor(marked bool, wide int, text string) []byte {
	var b []byte
	le := binary.LittleEndian
	if marked {
		b = le.AppendUint32(b, descriptorMark)
	}
	b = le.AppendUint32(b, crc(text))
	for range 2 {
		b = le.AppendUint64(b, uint64(len(text)))[:len(b)+wide]
	}
	return b
}

func both(fns ...func([]byte)) func([]byte) {
	return func(h []byte) {
		for _, fn := range fns {
			fn(h)
		}
	}
}

// Zips written by Go's library are accepted, and so are zips with zip64 sizes at their end.
func TestZipsOfOtherProgramsAreRead(t *testing.T) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	want := map[string]string{}
	for i := range 50 {
		name := fmt.Sprintf("dir/%d.txt", i)
		f, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		want[name] = strings.Repeat(name, i)
		if _, err := io.WriteString(f, want[name]); err != nil {
			t.Fatal(err)
		}
	}
	f, _ := w.Create("index.html")
	_, _ = f.Write(nil)
	want["index.html"] = ""
	_ = w.SetComment("made by hand")
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if got, _, err := contents(t, b.Bytes(), limits()); err != nil || !cmp.Equal(got, want) {
		t.Errorf("%v %s", err, cmp.Diff(want, got))
	}
	data := withEnd64(makeZip(item{name: "a", text: "x"}), nil)
	if got, _, err := contents(t, data, limits()); err != nil || got["a"] != "x" {
		t.Errorf("%v %v", got, err)
	}
}

// withEnd64 moves the values in the end of a zip to a zip64 end, and lets a function change them.
func withEnd64(data []byte, change func(end64, locator, end []byte)) []byte {
	le := binary.LittleEndian
	end := bytes.Clone(data[len(data)-endSize:])
	body := data[:len(data)-endSize]
	end64 := make([]byte, end64Size)
	le.PutUint32(end64, end64Mark)
	le.PutUint64(end64[4:], end64Size-12)
	le.PutUint64(end64[24:], uint64(le.Uint16(end[8:])))
	le.PutUint64(end64[32:], uint64(le.Uint16(end[10:])))
	le.PutUint64(end64[40:], uint64(le.Uint32(end[12:])))
	le.PutUint64(end64[48:], uint64(le.Uint32(end[16:])))
	locator := make([]byte, locatorSize)
	le.PutUint32(locator, locatorMark)
	le.PutUint64(locator[8:], uint64(len(body)))
	le.PutUint32(locator[16:], 1)
	put16(8, full16)(end)
	put16(10, full16)(end)
	put32(12, full32)(end)
	put32(16, full32)(end)
	if change != nil {
		change(end64, locator, end)
	}
	return bytes.Join([][]byte{body, end64, locator, end}, nil)
}

// Every way in which a zip can contradict itself, and be a different archive for different programs.
func TestZipsThatContradictThemselvesAreRefused(t *testing.T) {
	one := item{name: "a", text: "hello"}
	with := func(change func(*item)) []byte {
		m := one
		change(&m)
		return makeZip(m, item{name: "b", text: "world"})
	}
	le := binary.LittleEndian
	for name, data := range map[string][]byte{
		"header and directory: name":           with(func(m *item) { m.other = "c" }),
		"header and directory: length of name": with(func(m *item) { m.local = put16(26, 0) }),
		"header and directory: method":         with(func(m *item) { m.local = method(8) }),
		"header and directory: checksum":       with(func(m *item) { m.local = put32(14, 1) }),
		"header and directory: size":           with(func(m *item) { m.local = put32(22, 4) }),
		"header and directory: packed size":    with(func(m *item) { m.local = put32(18, 4) }),
		"header and directory: sizes are zero": with(func(m *item) { m.local = both(put32(18, 0), put32(22, 0)) }),
		"header and directory: encryption":     with(func(m *item) { m.local = put16(6, flagEncrypted) }),
		"descriptor: checksum":                 makeZip(late("a", "hi", descriptor(true, 4, "ho"))),
		"descriptor: size":                     makeZip(late("a", "hi", descriptor(true, 4, "hello"))),
		"descriptor: zeros":                    makeZip(late("a", "hi", make([]byte, 16))),
		"descriptor: none":                     makeZip(late("a", "hi", nil)),
		"descriptor: more than one":            makeZip(late("a", "hi", bytes.Repeat(descriptor(true, 4, "hi"), 2))),
		"descriptor: of what has its sizes":    makeZip(item{name: "a", text: "hi", after: descriptor(true, 4, "hi")}),
		"descriptor: only in the header":       with(func(m *item) { m.local = put16(6, flagDescriptor); m.after = descriptor(true, 4, "hello") }),
		"descriptor: only in the directory":    with(func(m *item) { m.central = put16(8, flagDescriptor) }),
		"an entry between two entries":         with(func(m *item) { m.after = makeZip(item{name: "c", text: "x"})[:localSize+2] }),
		"an entry before the first":            unlisted(),
		"header without its mark":              with(func(m *item) { m.local = put32(0, 1) }),
		"sizes that follow, but others before": with(func(m *item) { m.flags, m.local = flagDescriptor, put32(22, 4) }),
		"stored, of two sizes":                 with(func(m *item) { m.local, m.central = put32(22, 4), put32(24, 4) }),
		"deflated, and shorter than it says":   with(func(m *item) { m.method, m.local, m.central = 8, put32(22, 6), put32(24, 6) }),
		"deflated, and longer than it says": with(func(m *item) {
			m.method, m.local, m.central = 8, both(put32(22, 4), put32(14, crc("hell"))), both(put32(24, 4), put32(16, crc("hell")))
		}),
		"deflated, with something after it": with(func(m *item) {
			packed := deflate("hello")
			m.text, m.local = string(packed)+"!", both(method(8), put32(14, crc("hello")), put32(22, 5))
			m.central = both(method(8), put32(16, crc("hello")), put32(24, 5))
		}),
		"encrypted":                      with(func(m *item) { m.flags = flagEncrypted }),
		"packed with another method":     with(func(m *item) { m.method = 12 }),
		"a folder with content":          with(func(m *item) { m.name = "d/" }),
		"two entries with one content":   makeZip(one, item{name: "b", text: "hello", offset: -36}),
		"content that holds another":     nested(),
		"content that holds the dir":     with(func(m *item) { m.local, m.central = sizes(200), sizes(200) }),
		"an entry outside the archive":   with(func(m *item) { m.offset = 1 << 20 }),
		"an entry in the directory":      with(func(m *item) { m.offset = 72 }),
		"a second name":                  with(func(m *item) { m.extra = []byte{0x75, 0x70, 8, 0, 1, 0, 0, 0, 0, '.', '.', '/'} }),
		"extra fields that are cut off":  with(func(m *item) { m.extra = []byte{0x55, 0x54, 9, 0, 1} }),
		"zip64: a size too many":         with(func(m *item) { m.central, m.extra = put32(24, full32), wide() }),
		"zip64: another size":            with(func(m *item) { m.central, m.extra = put32(24, full32), wide(6) }),
		"zip64: a negative size":         with(func(m *item) { m.central, m.extra = put32(24, full32), wide(1<<63+5) }),
		"zip64: an offset far away":      with(func(m *item) { m.central, m.extra = put32(42, full32), wide(1<<62) }),
		"zip64: two fields":              with(func(m *item) { m.central, m.extra = put32(24, full32), append(wide(5), wide(6)...) }),
		"zip64: only in the header":      with(func(m *item) { m.local, m.local64 = both(put32(18, full32), put32(22, full32)), wide(5, 9) }),
		"zip64: no field":                with(func(m *item) { m.central = put32(24, full32) }),
		"end64: more entries":            withEnd64(makeZip(one), func(e, _, _ []byte) { le.PutUint64(e[24:], 2); le.PutUint64(e[32:], 2) }),
		"end64: fewer entries":           withEnd64(makeZip(one, item{name: "b"}), func(e, _, _ []byte) { le.PutUint64(e[24:], 1); le.PutUint64(e[32:], 1) }),
		"end64: a directory elsewhere":   withEnd64(makeZip(one), func(e, _, _ []byte) { le.PutUint64(e[48:], 0) }),
		"end64: a directory of any size": withEnd64(makeZip(one), func(e, _, _ []byte) { le.PutUint64(e[40:], 1<<62) }),
		"end64: entries without end":     withEnd64(makeZip(one), func(e, _, _ []byte) { le.PutUint64(e[24:], 1<<63); le.PutUint64(e[32:], 1<<63) }),
		"end64: two counts":              withEnd64(makeZip(one), func(e, _, _ []byte) { le.PutUint64(e[24:], 2) }),
		"end64: another end":             withEnd64(makeZip(one), func(_, _, end []byte) { put16(8, 3)(end); put16(10, 3)(end) }),
		"end64: a locator elsewhere":     withEnd64(makeZip(one), func(_, l, _ []byte) { le.PutUint64(l[8:], 0) }),
		"end64: several parts":           withEnd64(makeZip(one), func(e, _, _ []byte) { le.PutUint32(e[16:], 1) }),
		"end: fewer entries":             patchEnd(makeZip(one, item{name: "b"}), 8, 1, 10, 1),
		"end: more entries":              patchEnd(makeZip(one), 8, 2, 10, 2),
		"end: two counts":                patchEnd(makeZip(one), 8, 2),
		"end: several parts":             patchEnd(makeZip(one), 4, 1, 6, 1),
		"end: two ends":                  twoEnds(makeZip(one)),
		"something before the entries":   append(append([]byte("PK\x03\x04"), make([]byte, 60)...), makeZip(one)...),
	} {
		if got, _, err := contents(t, data, limits()); !errs.Is(err, errs.Invalid) {
			t.Errorf("%s: %v %v", name, err, got)
		}
	}
}

func crc(text string) uint32 {
	return binary.LittleEndian.Uint32(makeZip(item{name: "x", text: text})[14:])
}

// sizes sets both sizes in a header of either kind.
func sizes(n uint32) func([]byte) {
	return func(h []byte) {
		at := 18
		if len(h) == centralSize {
			at = 20
		}
		put32(at, n)(h)
		put32(at+4, n)(h)
	}
}

// nested returns a zip whose first content is a whole entry, which the directory names too: the form of bombs that
// count one content many times.
func nested() []byte {
	inner := makeZip(item{name: "b", text: "world"})[:localSize+1+5]
	return makeZip(item{name: "a", text: string(inner)}, item{name: "b", text: "world", offset: -36})
}

// unlisted returns a zip whose first entry is not in its directory.
func unlisted() []byte {
	data := makeZip(item{name: "a", text: "x"}, item{name: "b", text: "y"})
	le := binary.LittleEndian
	at := le.Uint32(data[len(data)-endSize+16:])
	data = append(data[:at:at], data[at+centralSize+1:]...)
	put32(12, centralSize+1)(data[len(data)-endSize:])
	return patchEnd(data, 8, 1, 10, 1)
}

func patchEnd(data []byte, places ...int) []byte {
	for i := 0; i < len(places); i += 2 {
		put16(places[i], uint16(places[i+1]))(data[len(data)-endSize:])
	}
	return data
}

// twoEnds returns a zip whose comment is another directory with an end: programs differ in which of the two they use.
func twoEnds(data []byte) []byte {
	at := binary.LittleEndian.Uint32(data[len(data)-endSize+16:])
	comment := bytes.Clone(data[at:])
	put16(20, uint16(len(comment)))(data[len(data)-endSize:])
	put32(16, uint32(len(data)))(comment[len(comment)-endSize:])
	return append(data, comment...)
}

func TestAZipWithTooManyEntriesIsNotRead(t *testing.T) {
	l := limits()
	l.MaxSiteFiles = 3
	items := []item{}
	for i := range 7 {
		items = append(items, item{name: fmt.Sprintf("d%d/", i)})
	}
	if _, _, err := contents(t, makeZip(items...), l); !errs.Is(err, errs.TooLarge) {
		t.Error(err)
	}
}

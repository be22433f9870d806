package archive

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"fazt/internal/content"
	"fazt/internal/errs"
	"fazt/internal/hosting"
	"fazt/internal/system"
)

func limits() system.Storage {
	l := system.Defaults().Storage
	l.MaxSiteFiles, l.MaxPathLength = 100, 200
	return l
}

// contents opens an archive and reads it through Each.
func contents(t testing.TB, data []byte, l system.Storage) (map[string]string, *Archive, error) {
	t.Helper()
	a, err := Open(t.Context(), bytes.NewReader(data), int64(len(data)), l)
	if err != nil {
		return nil, nil, err
	}
	got := map[string]string{}
	err = a.Each(t.Context(), func(f hosting.Announced, r io.Reader) error {
		text, err := io.ReadAll(r)
		if content.Hash(sha256.Sum256(text)) != f.Hash || int64(len(text)) != f.Size {
			t.Errorf("%s differs from what was announced", f.Path)
		}
		got[f.Path] = string(text)
		return err
	})
	if len(got) != len(a.Files) {
		t.Errorf("%d files were announced and %d read", len(a.Files), len(got))
	}
	return got, a, err
}

// member is an entry of a tar to create.
type member struct {
	tar.Header
	text string
}

func file(name, text string) member { return member{tar.Header{Name: name, Mode: 0o644}, text} }

func special(kind byte, name, target string) member {
	return member{tar.Header{Typeflag: kind, Name: name, Linkname: target}, ""}
}

func makeTar(t testing.TB, members ...member) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, m := range members {
		m.Size = int64(len(m.text))
		if err := w.WriteHeader(&m.Header); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, m.text); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func pack(t testing.TB, data []byte) []byte {
	t.Helper()
	return packAt(t, gzip.DefaultCompression, data)
}

func packAt(t testing.TB, level int, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, level)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := z.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func makeTarGzip(t testing.TB, members ...member) []byte { return pack(t, makeTar(t, members...)) }

func TestTarGzip(t *testing.T) {
	for name, tt := range map[string]struct {
		members []member
		want    map[string]string
		leftOut int
	}{
		"plain": {[]member{file("index.html", "hi"), file("a/b.txt", ""), special(tar.TypeDir, "a/", "")},
			map[string]string{"index.html": "hi", "a/b.txt": ""}, 0},
		"made with tar c .": {[]member{special(tar.TypeDir, "./", ""), file("./index.html", "hi"), file("./a/b", "x")},
			map[string]string{"index.html": "hi", "a/b": "x"}, 0},
		"one folder around it": {[]member{{tar.Header{Typeflag: tar.TypeXGlobalHeader, PAXRecords: map[string]string{"comment": "0123"}}, ""},
			special(tar.TypeDir, "site-1/", ""), file("site-1/index.html", "hi"), file("site-1/api/main.js", "x"), file("site-1/.well-known/x", "y")},
			map[string]string{"index.html": "hi", "api/main.js": "x", ".well-known/x": "y"}, 0},
		"one folder, and what a Mac adds": {[]member{file("site/index.html", "hi"), file(".DS_Store", "x"), file("__MACOSX/site/._index.html", "x")},
			map[string]string{"index.html": "hi"}, 2},
		"a folder that means something":  {[]member{file("api/main.js", "x")}, map[string]string{"api/main.js": "x"}, 0},
		"a folder and a file next to it": {[]member{file("a/x", "1"), file("b", "2")}, map[string]string{"a/x": "1", "b": "2"}, 0},
		"what is never deployed": {[]member{file("index.html", "hi"), file(".env", "KEY=1"), file("a/.env.local", "KEY=1"), file(".git/config", "x"),
			file("node_modules/m/index.js", "x"), file("a/node_modules/m.js", "x"), file("a/.well-known/x", "x"), file(".well-known/.x", "x"), file(".well-known/x", "x")},
			map[string]string{"index.html": "hi", ".well-known/x": "x"}, 7},
		"a long name and a name that is not ASCII": {[]member{file(strings.Repeat("long/", 30)+"x", "1"), file("ü/é.txt", "2")},
			map[string]string{strings.Repeat("long/", 30) + "x": "1", "ü/é.txt": "2"}, 0},
	} {
		got, a, err := contents(t, makeTarGzip(t, tt.members...), limits())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(tt.want, got); diff != "" || a.LeftOut != tt.leftOut {
			t.Errorf("%s: %d left out, %s", name, a.LeftOut, diff)
		}
		if !slices.IsSortedFunc(a.Files, func(a, b hosting.Announced) int { return strings.Compare(a.Path, b.Path) }) {
			t.Errorf("%s: not in order", name)
		}
	}
}

// Names that would leave the folder, or that are different files on different systems.
var badNames = []string{"../x", "a/../../x", "/etc/passwd", "//x", "C:/x", "c:x", `a\b`, `..\x`, "a/./b", "a//b", "a/..", "x\x01y", "x\ny", "\x7f"}

func TestArchivesWithNamesThatLeaveTheFolderAreRefused(t *testing.T) {
	for _, name := range badNames {
		for kind, data := range map[string][]byte{
			"tar.gz":                 makeTarGzip(t, file("index.html", "hi"), file(name, "x")),
			"tar.gz, in one folder":  makeTarGzip(t, file("top/index.html", "hi"), file("top/"+name, "x")),
			"tar.gz, left out":       makeTarGzip(t, file("index.html", "hi"), file("node_modules/"+name, "x")),
			"zip":                    makeZip(item{name: "index.html", text: "hi"}, item{name: name, text: "x"}),
			"zip, the name a folder": makeZip(item{name: "index.html", text: "hi"}, item{name: name + "/"}),
		} {
			if strings.Contains(kind, ",") && (strings.HasPrefix(name, "C") || strings.HasPrefix(name, "c") || strings.HasPrefix(name, "/")) && !strings.Contains(kind, "name a folder") {
				continue // below a folder it is a strange name, but stays in the folder
			}
			if _, _, err := contents(t, data, limits()); !errs.Is(err, errs.Invalid) {
				t.Errorf("%s with %q: %v", kind, name, err)
			}
		}
	}
}

func TestNamesThatAreNotUTF8AreRefused(t *testing.T) {
	name := "caf\xe9.html"
	head := makeTar(t, file("caf-.html", "x"))
	head[3] = 0xe9
	copy(head[148:156], "        ")
	sum := 0
	for _, b := range head[:512] {
		sum += int(b)
	}
	copy(head[148:156], []byte{byte('0' + sum>>15&7), byte('0' + sum>>12&7), byte('0' + sum>>9&7), byte('0' + sum>>6&7), byte('0' + sum>>3&7), byte('0' + sum&7), 0, ' '})
	for kind, data := range map[string][]byte{"zip": makeZip(item{name: name, text: "x"}), "tar.gz": pack(t, head)} {
		if _, _, err := contents(t, data, limits()); !errs.Is(err, errs.Invalid) || !strings.Contains(err.Error(), "UTF-8") {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

func TestLinksAndDevicesInAnArchiveAreRefused(t *testing.T) {
	for name, m := range map[string]member{
		"symlink to /etc/passwd": special(tar.TypeSymlink, "x", "/etc/passwd"),
		"symlink inside":         special(tar.TypeSymlink, "x", "index.html"),
		"hard link":              special(tar.TypeLink, "x", "index.html"),
		"hard link outside":      special(tar.TypeLink, "x", "/etc/passwd"),
		"character device":       special(tar.TypeChar, "x", ""),
		"block device":           special(tar.TypeBlock, "x", ""),
		"pipe":                   special(tar.TypeFifo, "x", ""),
		"link that is left out":  special(tar.TypeSymlink, "node_modules/.bin/x", "/etc/passwd"),
	} {
		_, _, err := contents(t, makeTarGzip(t, file("index.html", "hi"), m), limits())
		if !errs.Is(err, errs.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, mode := range map[string]uint32{"symlink": 0o120777, "pipe": 0o010644, "block device": 0o060644, "character device": 0o020644, "socket": 0o140644, "folder that is called a file": 0o040755} {
		for _, system := range []uint16{3, 19} {
			_, _, err := contents(t, makeZip(item{name: "index.html", text: "hi"}, item{name: "x", text: "/etc/passwd", made: system<<8 | 20, mode: mode}), limits())
			if !errs.Is(err, errs.Invalid) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

func TestNamesThatClashAreRefused(t *testing.T) {
	for name, pair := range map[string][2]string{
		"the same twice":                     {"a.txt", "a.txt"},
		"another case":                       {"a.txt", "A.TXT"},
		"another case that is not ASCII":     {"é.txt", "É.txt"},
		"case of the folder":                 {"a/x", "A/x"},
		"a file and a folder":                {"a", "a/x"},
		"a file and a folder in other case":  {"A", "a/b/x"},
		"the same twice, by the dot of tar":  {"./a", "a"},
		"the same twice, where left out too": {"node_modules/a", "node_modules/a"},
	} {
		for kind, data := range map[string][]byte{
			"tar.gz": makeTarGzip(t, file("index.html", "hi"), file(pair[0], "1"), file(pair[1], "2")),
			"zip":    makeZip(item{name: "index.html", text: "hi"}, item{name: pair[0], text: "1"}, item{name: pair[1], text: "2"}),
		} {
			if _, _, err := contents(t, data, limits()); !errs.Is(err, errs.Invalid) {
				t.Errorf("%s, %s: %v", kind, name, err)
			}
		}
	}
}

// One name in two Unicode forms is two files on Linux and one on macOS.
func TestNamesThatAreTwinsAreRefused(t *testing.T) {
	for what, names := range map[string][2]string{
		"files":              {"caf\u00e9.html", "cafe\u0301.html"},
		"folders":            {"caf\u00e9/a.html", "cafe\u0301/b.html"},
		"files, also cases":  {"CAF\u00c9.html", "cafe\u0301.html"},
		"hangul":             {"\ud55c.html", "\u1112\u1161\u11ab.html"},
		"left to right mark": {"a.html", "\u200ea.html"},
		"hidden":             {"a.html", "a\u200b.html"},
		"turned":             {"index.html", "a\u202elmth.exe"},
		"isolated":           {"index.html", "a\u2066.html"},
		"C1":                 {"index.html", "a\u009b2J.html"},
		"line separator":     {"index.html", "a\u2028.html"},
	} {
		for kind, data := range map[string][]byte{
			"tar.gz": makeTarGzip(t, file(names[0], "x"), file(names[1], "y")),
			"zip":    makeZip(item{name: names[0], text: "x"}, item{name: names[1], text: "y"}),
		} {
			if _, _, err := contents(t, data, limits()); !errs.Is(err, errs.Invalid) {
				t.Errorf("%s, %s: %v", kind, what, err)
			}
		}
	}
}

// One program reads the following bytes as the next header, another as content.
func TestTarsWithTwoSizesForAFileAreRefused(t *testing.T) {
	size := func(name, text string, records map[string]string) member {
		return member{tar.Header{Name: name, Mode: 0o644, Format: tar.FormatPAX, PAXRecords: records}, text}
	}
	pax := makeTar(t, size("a", "hello", map[string]string{"FAZT.size": "5"}))
	twice := bytes.Replace(pax, []byte("15 FAZT.size=5\n"), []byte("15 size=000005\n"), 1)
	folder := makeTar(t, file("d-", "hello"))
	folder[1], folder[156] = '/', tar.TypeDir
	fixChecksum(folder[:512])
	for name, data := range map[string][]byte{
		"a size in a record":           twice,
		"a folder with content":        folder,
		"a size for all files":         makeTar(t, member{tar.Header{Typeflag: tar.TypeXGlobalHeader, PAXRecords: map[string]string{"FAZT.all": "5"}}, ""}, file("a", "hello")),
		"another name for all files":   makeTar(t, member{tar.Header{Typeflag: tar.TypeXGlobalHeader, PAXRecords: map[string]string{"path": "b"}}, ""}, file("a", "hello")),
		"a folder by its name, filled": makeTar(t, file("d-", "hello")),
	} {
		if name == "a folder by its name, filled" {
			data[1] = '/'
			fixChecksum(data[:512])
		}
		if _, _, err := contents(t, pack(t, data), limits()); !errs.Is(err, errs.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTarsWithSeveralExtendedHeadersForAFileAreRefused(t *testing.T) {
	extended := func(kind byte, text string) []byte {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		if err := w.WriteHeader(&tar.Header{Name: "header", Typeflag: tar.TypeReg, Size: int64(len(text)), Mode: 0o644}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		head := b.Bytes()
		head[156] = kind
		fixChecksum(head[:512])
		return head
	}
	x := func(path string) []byte {
		return extended(tar.TypeXHeader, fmt.Sprintf("%d path=%s\n", len(path)+9, path))
	}
	l := func(path string) []byte { return extended(tar.TypeGNULongName, path+"\x00") }
	g := extended(tar.TypeXGlobalHeader, "13 comment=x\n")
	plain := makeTar(t, file("a", "hello"))
	for name, tt := range map[string]struct {
		headers [][]byte
		ok      bool
	}{
		"none":                        {nil, true},
		"of POSIX":                    {[][]byte{x("b")}, true},
		"of GNU":                      {[][]byte{l("b")}, true},
		"of GNU, name and link":       {[][]byte{l("b"), extended(tar.TypeGNULongLink, "c\x00")}, true},
		"for all files, then its own": {[][]byte{g, x("b")}, true},
		"two of POSIX":                {[][]byte{x("b"), x("c")}, false},
		"two of GNU":                  {[][]byte{l("b"), l("c")}, false},
		"of POSIX and of GNU":         {[][]byte{x("b"), l("c")}, false},
		"of GNU and of POSIX":         {[][]byte{l("b"), x("c")}, false},
		"its own, then for all files": {[][]byte{x("b"), g}, false},
	} {
		for _, first := range [][]byte{nil, makeTar(t, file("first", strings.Repeat("x", 700)))[:512*3]} {
			data := append(append(bytes.Clone(first), bytes.Join(tt.headers, nil)...), plain...)
			_, _, err := contents(t, pack(t, data), limits())
			if tt.ok && err != nil || !tt.ok && !errs.Is(err, errs.Invalid) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// fixChecksum corrects the checksum of a header.
func fixChecksum(head []byte) {
	copy(head[148:156], "        ")
	sum := 0
	for _, b := range head {
		sum += int(b)
	}
	copy(head[148:156], fmt.Appendf(nil, "%06o\x00 ", sum))
}

func TestLimitsHoldBeforeAnythingIsStored(t *testing.T) {
	small := func(change func(*system.Storage)) system.Storage {
		l := limits()
		change(&l)
		return l
	}
	long := strings.Repeat("x", 2000)
	many, folders := []string{}, []string{}
	for i := range 11 {
		many = append(many, "f"+string(rune('a'+i)))
		folders = append(folders, "d"+string(rune('a'+i))+"/")
	}
	for name, tt := range map[string]struct {
		names  []string
		text   string
		limits system.Storage
	}{
		"files":        {many, "", small(func(l *system.Storage) { l.MaxSiteFiles = 10 })},
		"folders":      {append(folders, "x"), "", small(func(l *system.Storage) { l.MaxSiteFiles = 10 })},
		"a file":       {[]string{"a"}, long, small(func(l *system.Storage) { l.MaxFileSize = 1999 })},
		"all together": {[]string{"a", "b"}, long, small(func(l *system.Storage) { l.MaxSiteSize = 3999 })},
		"left out too": {[]string{"a", "node_modules/b"}, long, small(func(l *system.Storage) { l.MaxSiteSize = 3999 })},
		"a path":       {[]string{strings.Repeat("p/", 100) + "x"}, "", small(func(l *system.Storage) { l.MaxPathLength = 200 })},
	} {
		var members []member
		var items []item
		for _, n := range tt.names {
			if strings.HasSuffix(n, "/") {
				members, items = append(members, special(tar.TypeDir, n, "")), append(items, item{name: n})
				continue
			}
			members, items = append(members, file(n, tt.text)), append(items, item{name: n, text: tt.text})
		}
		for kind, data := range map[string][]byte{"tar.gz": makeTarGzip(t, members...), "zip": makeZip(items...)} {
			if _, _, err := contents(t, data, tt.limits); !errs.Is(err, errs.TooLarge) {
				t.Errorf("%s, %s: %v", kind, name, err)
			}
			higher := limits()
			higher.MaxSiteFiles, higher.MaxFileSize, higher.MaxSiteSize, higher.MaxPathLength = 11, 2000, 4000, 201
			if _, _, err := contents(t, data, higher); err != nil {
				t.Errorf("%s, %s, with the limit one higher: %v", kind, name, err)
			}
		}
	}
}

func TestBombsAreRefusedBeforeTheyAreUnpacked(t *testing.T) {
	zeros := string(make([]byte, 17<<20))
	var twice bytes.Buffer
	twice.Write(makeTarGzip(t, file("a", "x")))
	twice.Write(makeTarGzip(t, file("b", "x")))
	many := []item{}
	for i := range 18 {
		many = append(many, item{name: strings.Repeat("x", i+1), text: zeros[:1<<20], method: methodDeflate})
	}
	for name, tt := range map[string]struct {
		data []byte
		want string
	}{
		"tar.gz of zeros":                     {makeTarGzip(t, file("a", zeros)), "times its size"},
		"gzip of zeros, which are no tar":     {pack(t, []byte(zeros)), "times its size"},
		"zip of zeros":                        {makeZip(item{name: "a", text: zeros, method: methodDeflate}), "times its size"},
		"zip of many files of zeros":          {makeZip(many...), "times its size"},
		"several gzip members":                {twice.Bytes(), "data after the end"},
		"something after the gzip member":     {append(makeTarGzip(t, file("a", "x")), "garbage"...), "data after the end"},
		"zeros after the gzip member":         {append(makeTarGzip(t, file("a", "x")), 0), "data after the end"},
		"something after the end of tar":      {pack(t, append(makeTar(t, file("a", "x")), makeTar(t, file("b", "x"))...)), "data after the end"},
		"sparse file":                         {sparse(t), "sparse"},
		"an archive of nothing":               {makeTarGzip(t), "nothing to deploy"},
		"an archive of what is left out":      {makeTarGzip(t, file(".env", "x")), "nothing to deploy"},
		"a zip of nothing":                    {makeZip(), "nothing to deploy"},
		"nothing at all":                      {nil, "empty"},
		"another kind of file":                {[]byte("Rar!\x1a\x07\x00"), "neither a zip nor"},
		"a tar that is not packed":            {makeTar(t, file("a", "x")), "neither a zip nor"},
		"a tar.gz that is cut off":            {makeTarGzip(t, file("a", strings.Repeat("xyz", 1000)))[:60], "cut off"},
		"a gzip stream of something else":     {pack(t, []byte(strings.Repeat("no tar ", 200))), "damaged"},
		"a tar.gz whose checksum is wrong":    {flip(makeTarGzip(t, file("a", "x")), -8), "damaged"},
		"a tar.gz whose length is wrong":      {flip(makeTarGzip(t, file("a", "x")), -1), "damaged"},
		"a tar whose header is damaged":       {pack(t, flip(makeTar(t, file("a", "x")), 100)), "damaged"},
		"a zip with something in front":       {append([]byte("PK\x03\x04 hello"), makeZip(item{name: "a", text: "x"})...), "wrong sizes or counts"},
		"a zip that is cut off":               {makeZip(item{name: "a", text: "x"})[:40], "cut off"},
		"a zip with something after it":       {append(makeZip(item{name: "a", text: "x"}), 0), "cut off"},
		"a zip whose content is damaged":      {makeZip(item{name: "a", text: "x", crc: 1}), "damaged"},
		"a zip whose content is not deflated": {makeZip(item{name: "a", text: "\xff\xff\xff", method: 0, local: method(8), central: method(8)}), "damaged"},
	} {
		_, _, err := contents(t, tt.data, limits())
		if err == nil || !strings.Contains(errs.Sentence(err), tt.want) || !errs.Is(err, errs.Invalid) && !errs.Is(err, errs.TooLarge) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestATarWithTooMuchBesidesItsFilesIsRefused(t *testing.T) {
	l := limits()
	l.MaxSiteFiles, l.MaxSiteSize = 1, 1000
	data := pack(t, append(makeTar(t, file("a", "x")), make([]byte, 100<<10)...))
	if _, _, err := contents(t, data, l); !errs.Is(err, errs.TooLarge) {
		t.Error(err)
	}
}

func flip(data []byte, at int) []byte {
	if at < 0 {
		at += len(data)
	}
	data[at] ^= 0x5a
	return data
}

// sparse returns a tar with a file of 1 GiB that is all hole, as GNU tar writes it.
func sparse(t testing.TB) []byte {
	t.Helper()
	record := func(key, value string) string {
		text := " " + key + "=" + value + "\n"
		n := len(text) + 2
		return string([]byte{byte('0' + n/10), byte('0' + n%10)}) + text
	}
	records := record("GNU.sparse.major", "1") + record("GNU.sparse.minor", "0") + record("GNU.sparse.name", "hole") + record("GNU.sparse.realsize", "1073741824")
	pax := makeTar(t, file("pax", records))[:1024]
	pax[156] = 'x'
	body := makeTar(t, file("GNUSparseFile/hole", "0\n"+strings.Repeat("\x00", 510)))
	for _, block := range [][]byte{pax[:512], body[:512]} {
		copy(block[148:156], "        ")
		sum := 0
		for _, b := range block {
			sum += int(b)
		}
		copy(block[148:156], []byte{byte('0' + sum>>15&7), byte('0' + sum>>12&7), byte('0' + sum>>9&7), byte('0' + sum>>6&7), byte('0' + sum>>3&7), byte('0' + sum&7), 0, ' '})
	}
	return pack(t, append(pax, body...))
}

func TestCancelingEndsTheReading(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for kind, data := range map[string][]byte{"tar.gz": makeTarGzip(t, file("a", "x")), "zip": makeZip(item{name: "a", text: "x"})} {
		if _, err := Open(ctx, bytes.NewReader(data), int64(len(data)), limits()); !errs.Is(err, errs.Canceled) {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

// item is an entry of a zip to create, with the faults that a test needs.
type item struct {
	name, text     string
	method         uint16
	made           uint16 // system and version
	mode           uint32
	flags          uint16
	crc            uint32 // added to the correct one
	extra, local64 []byte // extra fields of the directory and of the header
	local, central func(header []byte)
	after          []byte // between this content and the next header
	offset         int64  // added to the correct one
	other          string // name in the header, as long as the correct one
}

// makeZip writes a zip. archive/zip cannot write the faults that most tests need.
func makeZip(items ...item) []byte {
	var b, dir bytes.Buffer
	le := binary.LittleEndian
	for _, m := range items {
		at := int64(b.Len()) + m.offset
		packed := []byte(m.text)
		if m.method == methodDeflate {
			packed = deflate(m.text)
		}
		h := make([]byte, localSize)
		le.PutUint32(h, localMark)
		le.PutUint16(h[4:], 20)
		le.PutUint16(h[6:], m.flags)
		le.PutUint16(h[8:], m.method)
		le.PutUint32(h[14:], crc32.ChecksumIEEE([]byte(m.text))+m.crc)
		le.PutUint32(h[18:], uint32(len(packed)))
		le.PutUint32(h[22:], uint32(len(m.text)))
		le.PutUint16(h[26:], uint16(len(m.name)))
		le.PutUint16(h[28:], uint16(len(m.local64)))
		c := make([]byte, centralSize)
		le.PutUint32(c, centralMark)
		le.PutUint16(c[4:], m.made)
		copy(c[6:], h[4:30])
		le.PutUint16(c[30:], uint16(len(m.extra)))
		le.PutUint32(c[38:], m.mode<<16)
		le.PutUint32(c[42:], uint32(at))
		if m.local != nil {
			m.local(h)
		}
		if m.central != nil {
			m.central(c)
		}
		if m.other == "" {
			m.other = m.name
		}
		for _, part := range [][]byte{h, []byte(m.other), m.local64, packed, m.after} {
			b.Write(part)
		}
		for _, part := range [][]byte{c, []byte(m.name), m.extra} {
			dir.Write(part)
		}
	}
	end := make([]byte, endSize)
	le.PutUint32(end, endMark)
	le.PutUint16(end[8:], uint16(len(items)))
	le.PutUint16(end[10:], uint16(len(items)))
	le.PutUint32(end[12:], uint32(dir.Len()))
	le.PutUint32(end[16:], uint32(b.Len()))
	b.Write(dir.Bytes())
	b.Write(end)
	return b.Bytes()
}

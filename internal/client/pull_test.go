package client_test

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"fazt/internal/api/op"
	"fazt/internal/client"
	"fazt/internal/content"
	"fazt/internal/errs"
	"fazt/internal/fazttest"
)

// stranger is an instance that responds to a pull with arbitrary data.
type stranger struct {
	files   []op.File
	entries []tar.Header // of the stream; Size is ignored
	content []string     // of the entries
	cut     int          // bytes of the stream that are sent; 0 = all
}

func (s stranger) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case strings.HasSuffix(r.URL.Path, "/files"):
		_ = op.FileList.Spec.WriteResult(w, op.Page[op.File]{Items: s.files})
	case strings.HasSuffix(r.URL.Path, "/content"):
		var b bytes.Buffer
		z, _ := zstd.NewWriter(&b)
		t := tar.NewWriter(z)
		for i, h := range s.entries {
			h.Size = int64(len(s.content[i]))
			if h.Typeflag != tar.TypeReg {
				h.Size = 0
			}
			_ = t.WriteHeader(&h)
			_, _ = io.WriteString(t, s.content[i])
		}
		_ = t.Close()
		_ = z.Close()
		data := b.Bytes()
		if s.cut > 0 {
			data = data[:s.cut]
		}
		w.Header().Set("Content-Type", "application/zstd")
		_, _ = w.Write(data)
	default:
		_ = op.DeploymentGet.Spec.WriteResult(w, op.Deployment{DeploymentRecord: op.DeploymentRecord{Number: 1}})
	}
}

// sends returns a stranger with these paths, all with the same content.
func sends(paths ...string) stranger {
	const text = "content"
	hash := content.Hash(sha256.Sum256([]byte(text)))
	s := stranger{entries: []tar.Header{{Name: hash.String(), Typeflag: tar.TypeReg}}, content: []string{text}}
	for _, p := range paths {
		s.files = append(s.files, op.File{Path: p, Size: int64(len(text)), Hash: hash})
	}
	return s
}

// below returns every file and link below dir with its content.
func below(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, _ := os.ReadFile(path)
		rel, err := filepath.Rel(dir, path)
		found[filepath.ToSlash(rel)] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func pull(s http.Handler, dir string, force bool) (client.Pulled, error) {
	return client.Pull(context.Background(), client.NewInProcess(s), op.DeploymentRef{App: "app", Deployment: "live"}, dir, force, nil)
}

func TestAHostileInstanceCannotMakeAPullWrite(t *testing.T) {
	wrongHash := sends("a.txt")
	wrongHash.content = []string{"c0ntent"}
	wrongSize := sends("a.txt")
	wrongSize.content = []string{"content and more"}
	sizes := sends("a.txt", "b.txt")
	sizes.files[1].Size = 3
	negative := sends("a.txt")
	negative.files[0].Size = -1
	unasked := sends("a.txt")
	unasked.entries[0].Name = strings.Repeat("0", 64)
	named := sends("a.txt")
	named.entries[0].Name = "../../x"
	link := sends("a.txt")
	link.entries[0].Typeflag, link.entries[0].Linkname = tar.TypeSymlink, "/etc"
	nothing := sends("a.txt")
	nothing.entries = nil
	half := sends("a.txt")
	half.cut = 20
	for name, tt := range map[string]struct {
		stranger stranger
		want     string
	}{
		"up and out":            {sends("../../x"), "cannot be written"},
		"up in the middle":      {sends("a/../../x"), "cannot be written"},
		"absolute":              {sends("/tmp/x"), "cannot be written"},
		"a drive letter":        {sends("C:/x"), "cannot be written"},
		"a drive without slash": {sends("c:x"), "cannot be written"},
		"a backslash":           {sends(`..\..\x`), "cannot be written"},
		"a stream of a file":    {sends("a.txt:hidden"), "cannot be written"},
		"a device":              {sends("nul"), "for a device"},
		"a device, disguised":   {sends("sub/Com1.tar.gz"), "for a device"},
		"a device with a space": {sends("AUX .txt"), "for a device"},
		"a dot at the end":      {sends("a."), "at the end"},
		"a space at the end":    {sends("a /x"), "at the end"},
		"no name":               {sends(""), "cannot be written"},
		"a dot":                 {sends("."), "cannot be written"},
		"control characters":    {sends("a\x1b[2J"), "cannot be written"},
		"twice":                 {sends("a.txt", "a.txt"), "twice"},
		"out of order":          {sends("b.txt", "a.txt"), "out of order"},
		"letter case":           {sends("A.txt", "a.txt"), "would be the same file"},
		"letter case of others": {sends("K.txt", "k.txt", "K.txt"), "would be the same file"},
		"a folder's case":       {sends("A/x.txt", "a/y.txt"), "would be the same file"},
		"a file and a folder":   {sends("a", "a/b"), "would be the same file"},
		"two sizes":             {sizes, "an impossible size"},
		"a negative size":       {negative, "an impossible size"},
		"wrong hash":            {wrongHash, "different content"},
		"wrong size":            {wrongSize, "was not requested"},
		"unasked content":       {unasked, "was not requested"},
		"an entry with a path":  {named, "is not content"},
		"a link":                {link, "is not content"},
		"no content":            {nothing, "did not send everything"},
		"half of the content":   {half, "cut off"},
	} {
		t.Run(name, func(t *testing.T) {
			around := t.TempDir()
			dir := filepath.Join(around, "deep", "deeper", "folder")
			_, err := pull(tt.stranger, dir, true)
			if err == nil || !strings.Contains(errs.Sentence(err), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			if got := below(t, around); len(got) != 0 {
				t.Errorf("it wrote %v", got)
			}
		})
	}
}

func TestAPullDoesNotLeaveItsFolderByALink(t *testing.T) {
	around := t.TempDir()
	outside, dir := filepath.Join(around, "outside"), filepath.Join(around, "folder")
	for _, d := range []string{outside, dir} {
		if err := os.Mkdir(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(outside, "victim.txt"), []byte("untouched"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{"assets": "../outside", "abs": outside, "victim.txt": "../outside/victim.txt"} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Skip(err)
		}
	}
	for _, path := range []string{"assets/x.txt", "abs/x.txt", "assets/victim.txt"} {
		if _, err := pull(sends(path), dir, true); err == nil || !strings.Contains(err.Error(), "cannot be written") {
			t.Errorf("%s: %v", path, err)
		}
	}
	// A link is replaced by a regular file; its target is untouched.
	if _, err := pull(sends("victim.txt"), dir, false); !errs.Is(err, errs.Conflict) {
		t.Errorf("a link was taken for the file: %v", err)
	}
	if _, err := pull(sends("victim.txt"), dir, true); err != nil {
		t.Error(err)
	}
	if got := below(t, outside); len(got) != 1 || got["victim.txt"] != "untouched" {
		t.Errorf("outside is now %v", got)
	}
}

func TestALinkToTheRightContentIsNotTheFile(t *testing.T) {
	dir := t.TempDir()
	const target = "bb.text" // as long as the content: only the kind of the file tells them apart
	if err := os.WriteFile(filepath.Join(dir, target), []byte("content"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, filepath.Join(dir, "a.txt")); err != nil {
		t.Skip(err)
	}
	if _, err := pull(sends("a.txt"), dir, false); !errs.Is(err, errs.Conflict) {
		t.Fatal(err)
	}
}

// endless lists the same page forever.
type endless struct{ stranger }

func (e endless) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.URL.Path, "/files") {
		_ = op.FileList.Spec.WriteResult(w, op.Page[op.File]{Items: e.files, Next: "a.txt"})
		return
	}
	e.stranger.ServeHTTP(w, r)
}

func TestAnEndlessFileListEndsThePull(t *testing.T) {
	if _, err := pull(endless{sends("a.txt")}, t.TempDir(), false); err == nil || !strings.Contains(err.Error(), "does not end") {
		t.Fatal(err)
	}
}

const tree = `
-- index.html --
<p>page</p>
-- copy.html --
<p>page</p>
-- api/main.js --
respond(1);
-- private/secret.txt --
secret
-- fazt.json --
{ "title": "T" }
-- deep/er/x.txt --
x
`

func TestAPulledFolderIsTheDeployment(t *testing.T) {
	i := fazttest.New(t)
	i.Deploy("app", tree)
	dir := filepath.Join(t.TempDir(), "folder")
	var last, total int64
	p, err := client.Pull(t.Context(), i.Client, op.DeploymentRef{App: "app", Deployment: "live"}, dir, false, func(done, all int64) { last, total = done, all })
	if err != nil || p.Files != 6 || p.Fetched != 6 || p.Deployment.Number != 1 || last != total || total == 0 {
		t.Fatalf("%+v %v; progress %d of %d", p, err, last, total)
	}
	want := map[string]string{}
	for path, data := range fazttest.Parse(tree) {
		want[path] = string(data)
	}
	if got := below(t, dir); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("got %v", got)
	}
}

// cutter cuts off the content stream after some bytes.
type cutter struct {
	http.Handler
	after int
}

type cutWriter struct {
	http.ResponseWriter
	left *int
}

func (w cutWriter) Write(p []byte) (int, error) {
	if *w.left -= len(p); *w.left < 0 {
		panic(http.ErrAbortHandler)
	}
	return w.ResponseWriter.Write(p)
}

func (c cutter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.URL.Path, "/content") {
		left := c.after
		w = cutWriter{w, &left}
	}
	c.Handler.ServeHTTP(w, r)
}

func TestAnInterruptedPullResumes(t *testing.T) {
	i := fazttest.New(t)
	random := sha256.Sum256(nil)
	var text strings.Builder
	for n := range 40 { // large enough that several blocks of the stream go out
		for k := range 2000 {
			random = sha256.Sum256(random[:])
			if k == 0 {
				fmt.Fprintf(&text, "-- %02d.txt --\n", n)
			}
			fmt.Fprintf(&text, "%x\n", random)
		}
	}
	i.Deploy("app", text.String())
	dir := t.TempDir()
	if _, err := pull(cutter{i.API(), 2 << 20}, dir, false); !errs.Is(err, errs.Unavailable) || !strings.Contains(err.Error(), "pull again") {
		t.Fatal(err)
	}
	had := below(t, dir)
	for name, content := range had {
		if len(content) != 2000*65 {
			t.Errorf("%s has %d bytes", name, len(content))
		}
	}
	if len(had) == 0 || len(had) == 40 {
		t.Fatalf("%d files arrived before the end", len(had))
	}
	p, err := pull(i.API(), dir, false)
	if err != nil || p.Fetched != 40-len(had) || len(below(t, dir)) != 40 {
		t.Fatalf("%+v %v, after %d", p, err, len(had))
	}
}

func TestALocallyChangedFileIsOverwrittenOnlyByForce(t *testing.T) {
	i := fazttest.New(t)
	i.Deploy("app", tree)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "index.html"), []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := pull(i.API(), dir, false); !errs.Is(err, errs.Conflict) || len(below(t, dir)) != 1 {
		t.Fatalf("%v, and then %v", err, below(t, dir))
	}
	if _, err := pull(i.API(), dir, true); err != nil || below(t, dir)["index.html"] != "<p>page</p>\n" {
		t.Fatalf("%v, and then %v", err, below(t, dir))
	}
}

func TestContentOfOtherDeploymentsCannotBeFetched(t *testing.T) {
	i := fazttest.New(t)
	i.Deploy("app", tree)
	i.Deploy("other", "-- a.txt --\nof another app\n")
	x := content.Hash(sha256.Sum256([]byte("x\n")))
	for name, hashes := range map[string][]content.Hash{"of another app": {sha256.Sum256([]byte("of another app\n"))}, "the same twice": {x, x}} {
		if _, err := client.Call(t.Context(), i.Client, op.FileFetch, op.FilePull{App: "app", Deployment: "1", Hashes: hashes}); !errs.Is(err, errs.NotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A file of an app that is served on the admin host must not become a page of it.
func TestAppFilesAreNotPagesOfTheAdminHost(t *testing.T) {
	i := fazttest.New(t)
	i.Deploy("app", "-- index.html --\n<script>alert(1)</script>\n")
	r, err := op.FileRead.NewRequest(t.Context(), "http://fazt", op.FileRef{DeploymentRef: op.DeploymentRef{App: "app", Deployment: "live"}, Path: "index.html"})
	if err != nil {
		t.Fatal(err)
	}
	w := newRecorder()
	r.RequestURI = r.URL.RequestURI()
	i.API().ServeHTTP(w, r)
	for name, want := range map[string]string{"Content-Type": "application/octet-stream", "X-Content-Type-Options": "nosniff", "Content-Disposition": "attachment", "Content-Security-Policy": "sandbox; default-src 'none'", "Content-Length": "26"} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
}

type recorder struct {
	header http.Header
	bytes.Buffer
}

func newRecorder() *recorder            { return &recorder{header: http.Header{}} }
func (r *recorder) Header() http.Header { return r.header }
func (r *recorder) WriteHeader(int)     {}

func FuzzPullStaysInItsFolder(f *testing.F) {
	for _, seed := range []string{"../x", "/x", `a\..\x`, "a/b", "C:x", "con", "a\x00b", "a/./b", "a//b", "K"} {
		f.Add(seed, "b/c", []byte("x"))
	}
	f.Fuzz(func(t *testing.T, one, two string, body []byte) {
		around := t.TempDir()
		dir := filepath.Join(around, "folder")
		hash := content.Hash(sha256.Sum256(body))
		s := stranger{entries: []tar.Header{{Name: hash.String(), Typeflag: tar.TypeReg}}, content: []string{string(body)}}
		for _, p := range []string{one, two} {
			s.files = append(s.files, op.File{Path: p, Size: int64(len(body)), Hash: hash})
		}
		_, err := pull(s, dir, false)
		for path := range below(t, around) {
			inside, ok := strings.CutPrefix(path, "folder/")
			if !ok || inside != clean(one) && inside != clean(two) {
				t.Fatalf("%q and %q wrote %q", one, two, path)
			}
		}
		if _, err := json.Marshal(errs.Sentence(err)); err != nil {
			t.Fatal(err)
		}
	})
}

// clean returns what a name becomes after a round trip through JSON.
func clean(s string) string { return strings.ToValidUTF8(s, "\ufffd") }

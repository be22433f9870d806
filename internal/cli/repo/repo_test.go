package repo

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/go-git/go-billy/v5/osfs"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/cache"
	"github.com/go-git/go-git/v5/storage/filesystem"
	"go.uber.org/goleak"

	"fazt/internal/errs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestAddresses(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"site", "si@te", "example.com/x"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	if runtime.GOOS == "windows" {
		t.Skip("paths are written otherwise")
	}
	local := "file://" + filepath.ToSlash(dir)
	for _, tt := range []struct{ text, url, ref, name string }{
		{"https://example.com/u/r", "https://example.com/u/r", "", "r"},
		{"https://Example.com/u/r.git/", "https://example.com/u/r.git", "", "r"},
		{"HTTPS://example.com:8443/r@v1", "https://example.com:8443/r", "v1", "r"},
		{"https://example.com/u/r@feature/x@2", "https://example.com/u/r", "feature/x@2", "r"},
		{"https://example.com/@u/r@v1", "https://example.com/@u/r", "v1", "r"},
		{"https://example.com/u/r%20s", "https://example.com/u/r%20s", "", "r s"},
		{"example.org/u/r@main", "https://example.org/u/r", "main", "r"},
		{"example.org:8443/u/r", "https://example.org:8443/u/r", "", "r"},
		{"http://localhost:3000/r", "http://localhost:3000/r", "", "r"},
		{"http://127.0.0.1/r", "http://127.0.0.1/r", "", "r"},
		{"http://[::1]:80/r", "http://[::1]:80/r", "", "r"},
		{"site", local + "/site", "", "site"},
		{"./site@v1", local + "/site", "v1", "site"},
		{"si@te", local + "/si@te", "", "si@te"},
		{"si@te@v1", local + "/si@te", "v1", "si@te"},
		{"example.com/x", local + "/example.com/x", "", "x"},
		{local + "/site@v1", local + "/site", "v1", "site"},
		{filepath.Join(dir, "site"), local + "/site", "", "site"},
		{"./none@v1", local + "/none", "v1", "none"},
	} {
		a, err := Parse(tt.text)
		if err != nil || a.URL != tt.url || a.Ref != tt.ref || a.Name() != tt.name {
			t.Errorf("%s: %+v %q %v", tt.text, a, a.Name(), err)
		}
		if again, err := Parse(a.URL); err != nil || again.URL != a.URL {
			t.Errorf("%s is stored as %s and read as %+v %v", tt.text, a.URL, again, err)
		}
	}
	for _, text := range []string{
		"", "nothing", "a/b", "https://", "https://example.com", "https://example.com/", "https:///a/b", "ssh://example.com/a", "git://example.com/a",
		"git@example.com:a/b", "example.com:a/b", "https://me@example.com/a", "https://me:secret@example.com/a", "me:secret@example.com/a/b",
		"http://example.com/a", "http://127.0.0.1.example.com/a", "https://example.com/a?token=secret", "https://example.com/a#b", "https://example.com/a@",
		"file://other/a", "https://example.com/a\x1b[2J", "https://example.com/a\nb", "https://exa mple.com/a", "--upload-pack=touch/x.y",
	} {
		a, err := Parse(text)
		if err == nil {
			t.Errorf("%q is %+v", text, a)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: the message has the password: %v", text, err)
		}
	}
}

func FuzzAddress(f *testing.F) {
	for _, text := range []string{"https://example.com/u/r@v1", "github.com/u/r", "file:///a@b", "./x@y", "git@h:p", "http://[::1]/r", "https://u:p@h/r"} {
		f.Add(text)
	}
	f.Chdir(f.TempDir())
	f.Fuzz(func(t *testing.T, text string) {
		a, err := Parse(text)
		if err != nil {
			return
		}
		if !strings.HasPrefix(a.URL, "https://") && !strings.HasPrefix(a.URL, "http://") && !strings.HasPrefix(a.URL, "file:///") {
			t.Errorf("%q is %q", text, a.URL)
		}
		if host, _, _ := strings.Cut(strings.TrimPrefix(a.URL, "https://"), "/"); strings.Contains(host, "@") && !strings.HasPrefix(a.URL, "file:") {
			t.Errorf("%q has a name in it: %q", text, a.URL)
		}
		if strings.ContainsFunc(a.URL+a.Ref, func(r rune) bool { return !unicode.IsGraphic(r) }) {
			t.Errorf("%q is %+v", text, a)
		}
	})
}

// made is a repository written object by object, because git would not create what some tests need.
type made struct {
	t     *testing.T
	dir   string
	store *filesystem.Storage
}

func create(t *testing.T) made {
	dir := t.TempDir()
	m := made{t, dir, filesystem.NewStorage(osfs.New(dir), cache.NewObjectLRUDefault())}
	m.check(m.store.Init())
	return m
}

func (m made) check(err error) {
	m.t.Helper()
	if err != nil {
		m.t.Fatal(err)
	}
}

func (m made) put(kind plumbing.ObjectType, data string) plumbing.Hash {
	m.t.Helper()
	o := m.store.NewEncodedObject()
	o.SetType(kind)
	w, err := o.Writer()
	m.check(err)
	_, err = io.WriteString(w, data)
	m.check(err)
	m.check(w.Close())
	hash, err := m.store.SetEncodedObject(o)
	m.check(err)
	return hash
}

func (m made) blob(text string) plumbing.Hash { return m.put(plumbing.BlobObject, text) }

// tree makes a tree from lines, each with a mode and a name, and hashes.
func (m made) tree(lines ...any) plumbing.Hash {
	var b strings.Builder
	for i := 0; i < len(lines); i += 2 {
		hash := lines[i+1].(plumbing.Hash)
		fmt.Fprintf(&b, "%s\x00%s", lines[i], hash[:])
	}
	return m.put(plumbing.TreeObject, b.String())
}

// commit commits a tree to the branch main.
func (m made) commit(tree plumbing.Hash, message string) plumbing.Hash {
	hash := m.put(plumbing.CommitObject, fmt.Sprintf("tree %s\nauthor a <a@example.com> 0 +0000\ncommitter a <a@example.com> 0 +0000\n\n%s", tree, message))
	m.ref("refs/heads/main", hash)
	m.check(m.store.SetReference(plumbing.NewSymbolicReference(plumbing.HEAD, "refs/heads/main")))
	return hash
}

func (m made) ref(name string, hash plumbing.Hash) {
	m.check(m.store.SetReference(plumbing.NewHashReference(plumbing.ReferenceName(name), hash)))
}

func (m made) open() *Repository {
	m.t.Helper()
	a, err := Parse(m.dir)
	m.check(err)
	r, err := Open(m.t.Context(), a, nil)
	m.check(err)
	return r
}

// out checks the default branch out into a folder and lists its content.
func (m made) out(path string) (Files, []string, error) {
	m.t.Helper()
	r := m.open()
	c, found, err := r.Find("")
	if err != nil || !found {
		m.t.Fatal(found, err)
	}
	dir := m.t.TempDir()
	f, err := r.Checkout(m.t.Context(), c, path, filepath.Join(dir))
	var names []string
	_ = filepath.WalkDir(dir, func(name string, d os.DirEntry, _ error) error {
		if !d.IsDir() {
			rel, _ := filepath.Rel(filepath.Join(dir, filepath.Base(m.dir)), name)
			names = append(names, filepath.ToSlash(rel))
		}
		return nil
	})
	return f, names, err
}

func TestCheckout(t *testing.T) {
	m := create(t)
	text := m.blob("hello")
	deep := m.tree("100644 x.txt", text)
	m.commit(m.tree("100644 a.txt", text, "100755 run", text, "40000 deep", m.tree("40000 er", deep), "120000 link", m.blob("/etc/passwd"), "160000 module", text), "A subject\x1b[2J\n\nand more")
	f, names, err := m.out("deep/er")
	if err != nil || f.Subject != "A subject[2J" || !slices.Equal(names, []string{"a.txt", "deep/er/x.txt", "run"}) || len(f.Warnings) != 2 {
		t.Fatalf("%+v %v %v", f, names, err)
	}
	if data, err := os.ReadFile(filepath.Join(f.Dir, "x.txt")); err != nil || string(data) != "hello" {
		t.Errorf("%s %v", data, err)
	}
	for _, path := range []string{"none", "a.txt", "link", "module", "deep/none"} {
		if _, _, err := m.out(path); !errs.Is(err, errs.NotFound) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestARepositoryWhoseNamesLeaveItsFolderWritesNothingOutside(t *testing.T) {
	for name, tree := range map[string]func(m made) plumbing.Hash{
		"..":               func(m made) plumbing.Hash { return m.tree("40000 ..", m.tree("100644 x", m.blob("out"))) },
		"../x":             func(m made) plumbing.Hash { return m.tree("100644 ../x", m.blob("out")) },
		"/etc/x":           func(m made) plumbing.Hash { return m.tree("100644 /etc/x", m.blob("out")) },
		"a/b":              func(m made) plumbing.Hash { return m.tree("100644 a/b", m.blob("out")) },
		`..\x`:             func(m made) plumbing.Hash { return m.tree(`100644 ..\x`, m.blob("out")) },
		"C:x":              func(m made) plumbing.Hash { return m.tree("100644 C:x", m.blob("out")) },
		"no name":          func(m made) plumbing.Hash { return m.tree("100644 ", m.blob("out")) },
		"control":          func(m made) plumbing.Hash { return m.tree("100644 a\x1b[2J", m.blob("out")) },
		".git":             func(m made) plumbing.Hash { return m.tree("40000 .git", m.tree("100755 hook", m.blob("out"))) },
		".GIT":             func(m made) plumbing.Hash { return m.tree("40000 .GIT", m.tree("100755 hook", m.blob("out"))) },
		"twice":            func(m made) plumbing.Hash { return m.tree("100644 x", m.blob("1"), "100644 x", m.blob("2")) },
		"a device":         func(m made) plumbing.Hash { return m.tree("20000 x", m.blob("1")) },
		"a mode":           func(m made) plumbing.Hash { return m.tree("x y", m.blob("1")) },
		"a missing one":    func(m made) plumbing.Hash { return m.tree("100644 x", plumbing.NewHash(strings.Repeat("1", 40))) },
		"a blob as a tree": func(m made) plumbing.Hash { return m.tree("40000 x", m.blob("1")) },
		"cut off":          func(m made) plumbing.Hash { return m.put(plumbing.TreeObject, "100644 x\x00short") },
		"through a link": func(m made) plumbing.Hash {
			return m.tree("120000 x", m.blob("/tmp"), "40000 x", m.tree("100644 y", m.blob("out")), "100644 x", m.blob("again"))
		},
	} {
		m := create(t)
		m.commit(tree(m), "x")
		_, names, err := m.out("")
		if err == nil {
			t.Errorf("%s was taken: %v", name, names)
		}
		for _, n := range names {
			if strings.HasPrefix(n, "..") {
				t.Errorf("%s wrote %s", name, n)
			}
		}
	}
}

func TestEndlesslyNestedFoldersAreRefused(t *testing.T) {
	m := create(t)
	tree := m.tree("100644 x", m.blob("x"))
	for range maxDepth + 2 {
		tree = m.tree("40000 d", tree)
	}
	m.commit(tree, "x")
	if _, _, err := m.out(""); !errs.Is(err, errs.TooLarge) {
		t.Error(err)
	}
}

func TestRefs(t *testing.T) {
	m := create(t)
	one := m.commit(m.tree("100644 a", m.blob("1")), "one")
	two := m.commit(m.tree("100644 a", m.blob("2")), "two")
	tag := m.put(plumbing.TagObject, fmt.Sprintf("object %s\ntype commit\ntag v2\ntagger a <a@example.com> 0 +0000\n\ntwo", two))
	m.ref("refs/tags/v1", one)
	m.ref("refs/tags/v2", tag)
	m.ref("refs/heads/both", one)
	m.ref("refs/tags/both", tag)
	m.ref("refs/heads/same", two)
	m.ref("refs/tags/same", tag)
	m.ref("refs/tags/file", m.blob("1"))
	r := m.open()
	for ref, want := range map[string]struct {
		hash plumbing.Hash
		ref  string
	}{
		"": {two, "main"}, "main": {two, "main"}, "v1": {one, "v1"}, "v2": {two, "v2"}, "same": {two, "same"}, "refs/heads/both": {one, "refs/heads/both"},
		"refs/tags/both": {two, "refs/tags/both"}, one.String(): {one, one.String()},
	} {
		c, found, err := r.Find(ref)
		if err != nil || !found || c.Hash != want.hash.String() || c.Ref != want.ref || c.Pinned() != (ref == one.String()) {
			t.Errorf("%q: %+v %v %v", ref, c, found, err)
			continue
		}
		if _, err := r.Checkout(t.Context(), c, "", t.TempDir()); err != nil {
			t.Errorf("%q: %v", ref, err)
		}
	}
	if _, _, err := r.Find("both"); !errs.Is(err, errs.Invalid) {
		t.Error(err)
	}
	for _, ref := range []string{"file", strings.Repeat("1", 40)} {
		c, found, err := r.Find(ref)
		if err != nil || !found {
			t.Fatal(ref, found, err)
		}
		if _, err := r.Checkout(t.Context(), c, "", t.TempDir()); !errs.Is(err, errs.Invalid) {
			t.Errorf("%q: %v", ref, err)
		}
	}
	if names := r.Names(); !slices.Equal(names, []string{"both", "file", "main", "same", "v1", "v2"}) {
		t.Error(names)
	}
}

func TestAMissingRefIsNeverTakenForTheDefaultBranch(t *testing.T) {
	m := create(t)
	one := m.commit(m.tree("100644 a", m.blob("1")), "one").String()
	m.ref("refs/tags/v1", plumbing.NewHash(one))
	r := m.open()
	for _, ref := range []string{"v3", "HEAD", "heads/main", "refs/heads/v1", "refs/", one[:10], strings.ToUpper(one), "main^", "main~1", "-main", "v1^{}", " ", "main "} {
		if c, found, err := r.Find(ref); found || err != nil {
			t.Errorf("%q: %+v %v", ref, c, err)
		}
	}
}

func TestARepositoryWithoutACommitSaysSo(t *testing.T) {
	m := create(t)
	if _, _, err := m.open().Find(""); !errs.Is(err, errs.NotFound) {
		t.Error(err)
	}
}

// A host is not trusted to speak git, or to end its response.
func TestHostsWithoutGitGiveSentences(t *testing.T) {
	for name, tt := range map[string]struct {
		answer http.HandlerFunc
		kind   errs.Kind
	}{
		"a page":  {func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>hello</html>") }, errs.Unavailable},
		"nothing": {func(http.ResponseWriter, *http.Request) {}, errs.Unavailable},
		"dumb": {func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, strings.Repeat("1", 40)+"\trefs/heads/main\n")
		}, errs.Unavailable},
		"sign-in":    {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }, errs.NotFound},
		"forbidden":  {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }, errs.NotFound},
		"not there":  {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) }, errs.NotFound},
		"broken":     {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }, errs.Unavailable},
		"hanging up": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, errs.Unavailable},
		"to a file": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "file:///etc/passwd", http.StatusFound)
		}, errs.Unavailable},
		"round and round": {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.String(), http.StatusFound) }, errs.Unavailable},
		"one line without end": {func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, "001e# service=git-upload-pack\n0000")
			for range 1000 {
				fmt.Fprint(w, "fff0"+strings.Repeat("x", 100))
			}
		}, errs.Unavailable},
	} {
		host := httptest.NewServer(tt.answer)
		_, err := Open(t.Context(), Address{URL: host.URL + "/r"}, nil)
		if !errs.Is(err, tt.kind) || errs.Sentence(err) == "" {
			t.Errorf("%s: %v: %v", name, errs.KindOf(err), err)
		}
		host.Close()
	}
}

func TestAnInvalidPackLeavesNothing(t *testing.T) {
	hash := strings.Repeat("1", 40)
	first := hash + " HEAD\x00shallow side-band-64k ofs-delta symref=HEAD:refs/heads/main\n"
	second := hash + " refs/heads/main\n"
	line := func(text string) string { return fmt.Sprintf("%04x%s", len(text)+4, text) }
	for name, answer := range map[string]string{
		"nothing":    "",
		"a message":  line("ERR upload-pack: not our ref"),
		"no pack":    line("shallow "+hash) + "0000" + line("NAK\n") + line("\x01PACKxxxxxxxx") + "0000",
		"cut off":    line("shallow "+hash) + "0000" + line("NAK\n") + line("\x01PACK\x00\x00\x00\x02\x00\x00\x00\x09"),
		"its error":  line("shallow "+hash) + "0000" + line("NAK\n") + line("\x03it broke"),
		"empty pack": line("shallow "+hash) + "0000" + line("NAK\n") + line("\x01PACK\x00\x00\x00\x02\x00\x00\x00\x00\x02\x9d\x08\x82\x3b\xd8\xa8\xea\xb5\x10\xad\x6a\xc7\x5c\x82\x3c\xfd\x3e\xd3\x1e") + "0000",
	} {
		host := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet {
				fmt.Fprint(w, line("# service=git-upload-pack\n")+"0000"+line(first)+line(second)+"0000")
				return
			}
			fmt.Fprint(w, answer)
		}))
		r, err := Open(t.Context(), Address{URL: host.URL + "/r"}, nil)
		if err != nil {
			t.Fatal(err)
		}
		c, found, err := r.Find("main")
		if err != nil || !found || c.Hash != hash {
			t.Fatal(c, found, err)
		}
		if _, err := r.Checkout(t.Context(), c, "", t.TempDir()); err == nil || errs.Is(err, errs.Internal) {
			t.Errorf("%s: %v", name, err)
		}
		if _, _, err := r.Find(strings.Repeat("2", 40)); !errs.Is(err, errs.Unsupported) {
			t.Errorf("%s: %v", name, err)
		}
		host.Close()
	}
}

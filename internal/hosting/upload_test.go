package hosting

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"fazt/internal/content"
	"fazt/internal/database"
	"fazt/internal/errs"
	"fazt/internal/system"
)

// wantContent fails the test unless the deployment has exactly the files of the folder.
func (b *bench) wantContent(d Deployment, want folder) {
	b.Helper()
	got := b.content(d)
	if !maps.EqualFunc(got, want, bytes.Equal) {
		b.Errorf("deployment %d holds %v, want %v, or their content differs", d.Number, slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)))
	}
}

func TestDeployAndReadBack(t *testing.T) {
	b := open(t)
	f := texts("index.html", "<h1>hello</h1>", "empty.txt", "", "copy/a.txt", "same", "copy/b.txt", "same")
	f["big.bin"] = noise("big", 3<<20+17)
	d := b.deploy(testApp, f)
	if d.Number != 1 || d.Files != 5 || d.Bytes != 14+0+4+4+3<<20+17 || !d.Live || d.AppID != testApp || d.Function {
		t.Errorf("got %+v", d)
	}
	b.wantContent(d, f)
	if again, err := b.Live(t.Context(), testApp); err != nil || again.ID != d.ID {
		t.Errorf("live: %+v, %v", again, err)
	}
	b.sound()
}

func TestOnlyMissingContentIsRequested(t *testing.T) {
	b := open(t)
	b.deploy(testApp, texts("a", "one", "b", "two", "c", "three"))
	f := texts("a", "one", "b", "other", "d", "other", "e", "three")
	u := b.begin(testApp, f.plan())
	want := Upload{ID: u.ID, Missing: []content.Hash{f.plan().hash("b")}, MissingBytes: 5, New: 2, Changed: 1, Unchanged: 1, Removed: 1}
	if diff := cmp.Diff(want, u); diff != "" {
		t.Error(diff)
	}
	dry, err := b.Compare(t.Context(), testApp, f.plan())
	want.ID = ""
	if diff := cmp.Diff(want, dry); diff != "" || err != nil {
		t.Error(err, diff)
	}
	if n := b.count("SELECT count(*) FROM uploads WHERE deployment_id IS NULL"); n != 1 {
		t.Errorf("%d uploads are open, want only the one that was begun", n)
	}
}

func (p Plan) hash(path string) content.Hash {
	return p.Files[slices.IndexFunc(p.Files, func(f Announced) bool { return f.Path == path })].Hash
}

func TestSameDeploymentBeginsNothing(t *testing.T) {
	yes, no := true, false
	b := open(t)
	f := texts("index.html", "hello", "a", "b")
	first := b.deploy(testApp, f)
	tests := []struct {
		name string
		plan func(p *Plan)
		same bool
	}{
		{"again", func(*Plan) {}, true},
		{"in another order", func(p *Plan) { slices.Reverse(p.Files) }, true},
		{"with another message", func(p *Plan) { p.Message = "again" }, true},
		{"as a preview", func(p *Plan) { p.Preview = true }, true},
		{"as a single-page app", func(p *Plan) { p.SPA = &yes }, false},
		{"explicitly not a single-page app", func(p *Plan) { p.SPA = &no }, false},
		{"with another manifest", func(p *Plan) { p.Manifest.Title = "Blog" }, false},
		{"with a file less", func(p *Plan) { p.Files = p.Files[1:] }, false},
		{"with a file renamed", func(p *Plan) { p.Files[0].Path += "x" }, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := f.plan()
			tt.plan(&p)
			u := b.begin(testApp, p)
			if (u.Same != nil) != tt.same || (u.ID == "") != tt.same {
				t.Fatalf("got %+v", u)
			}
			if tt.same && (u.Same.ID != first.ID || u.Unchanged != 2) {
				t.Errorf("got %+v", u)
			}
		})
	}
	if u := b.begin(otherApp, f.plan()); u.Same != nil || len(u.Missing) != 0 {
		t.Errorf("another app: got %+v, want an upload that misses nothing", u)
	}
}

func TestPreviewIsNotLive(t *testing.T) {
	b := open(t)
	first := b.deploy(testApp, texts("index.html", "one"))
	p := texts("index.html", "two").plan()
	p.Preview = true
	preview, err := b.tryDeploy(testApp, texts("index.html", "two"), p)
	if err != nil || preview.Live || preview.Number != 2 {
		t.Fatalf("%+v, %v", preview, err)
	}
	if live, err := b.Live(t.Context(), testApp); err != nil || live.ID != first.ID {
		t.Errorf("live: %+v, %v", live, err)
	}
	if u := b.begin(testApp, p); u.Same == nil || u.Same.ID != preview.ID {
		t.Errorf("the same preview again: %+v", u)
	}
	p.Preview = false
	if u := b.begin(testApp, p); u.Same != nil {
		t.Errorf("putting it live: %+v", u)
	}
}

func TestTheSamePlanResumesItsUpload(t *testing.T) {
	b := open(t)
	f := texts("a", "one", "b", "two")
	first := b.begin(testApp, f.plan())
	for _, tt := range []struct {
		name string
		plan func(p *Plan)
		want bool
	}{
		{"again", func(*Plan) {}, true},
		{"in another order", func(p *Plan) { slices.Reverse(p.Files) }, true},
		{"with another message", func(p *Plan) { p.Message = "hello" }, false},
		{"as a preview", func(p *Plan) { p.Preview = true }, false},
		{"with other files", func(p *Plan) { p.Files = p.Files[1:] }, false},
	} {
		p := f.plan()
		tt.plan(&p)
		if u := b.begin(testApp, p); (u.ID == first.ID) != tt.want {
			t.Errorf("%s: resumed is %v", tt.name, u.ID == first.ID)
		}
	}
	if u, err := b.Begin(t.Context(), "shop", otherApp, f.plan()); err != nil || u.ID == first.ID {
		t.Errorf("another app resumed the upload (%v)", err)
	}
}

func TestInvalidPlansAreRefused(t *testing.T) {
	limits := func(l *system.Storage) {
		l.MaxFileSize, l.MaxSiteSize, l.MaxSiteFiles, l.MaxPathLength = 2000, 5000, 4, 64
	}
	file := func(path string, size int64) Announced {
		return Announced{Path: path, Hash: content.Hash{byte(size), byte(size >> 8), byte(len(path))}, Size: size}
	}
	tests := []struct {
		name string
		plan Plan
		kind errs.Kind
		want string
	}{
		{"no files", Plan{}, errs.Invalid, "no files"},
		{"too many files", Plan{Files: []Announced{file("a", 1), file("b", 1), file("c", 1), file("d", 1), file("e", 1)}}, errs.TooLarge, "has 5 files; the limit is 4"},
		{"a file too large", Plan{Files: []Announced{file("film.mp4", 2001)}}, errs.TooLarge, "film.mp4 has 2001 bytes; the limit is 2000 bytes (storage.max_file_size)"},
		{"all too large", Plan{Files: []Announced{file("a", 2000), file("b", 1999), file("c", 1998)}}, errs.TooLarge, "has 6.0 kB; the limit is 5.0 kB (storage.max_site_size)"},
		{"a path too long", Plan{Files: []Announced{file(strings.Repeat("x", 65), 1)}}, errs.TooLarge, "has 65 bytes; the limit is 64"},
		{"a negative size", Plan{Files: []Announced{file("a", -1)}}, errs.Invalid, "-1 bytes"},
		{"a path twice", Plan{Files: []Announced{file("a", 1), file("b", 2), file("a", 3)}}, errs.Invalid, `"a" is announced twice`},
		{"a file that is a folder", Plan{Files: []Announced{file("a/b/c", 1), file("a-b", 2), file("a", 3)}}, errs.Invalid, `"a" is both a file and a folder`},
		{"a path upwards", Plan{Files: []Announced{file("../etc/passwd", 1)}}, errs.Invalid, "has a segment .."},
		{"one hash with two sizes", Plan{Files: []Announced{{"a", content.Hash{1}, 1}, {"b", content.Hash{1}, 2}}}, errs.Invalid, "but a different size"},
		{"a message too long", Plan{Files: []Announced{file("a", 1)}, Message: strings.Repeat("x", 5000)}, errs.Invalid, "message"},
		{"a manifest that is not valid", Plan{Files: []Announced{file("a", 1)}, Manifest: Manifest{Name: "No Label"}}, errs.Invalid, "name"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := open(t)
			b.change(limits)
			_, err := b.Begin(t.Context(), "blog", testApp, tt.plan)
			wantError(t, err, tt.kind, tt.want)
			_, err = b.Compare(t.Context(), testApp, tt.plan)
			wantError(t, err, tt.kind, tt.want)
			if n := b.count("SELECT (SELECT count(*) FROM uploads) + (SELECT count(*) FROM upload_files)"); n > 0 {
				t.Errorf("%d rows were stored", n)
			}
		})
	}
}

func TestWrongSizeOfStoredContentIsRefused(t *testing.T) {
	b := open(t)
	b.deploy(testApp, texts("a", "hello"))
	p := texts("b", "hello").plan()
	p.Files[0].Size = 4
	_, err := b.Begin(t.Context(), "blog", testApp, p)
	wantError(t, err, errs.Invalid, "b is announced with 4 bytes, and the content with its hash has 5")
}

func TestCommitBeforeEverythingArrivedIsRefused(t *testing.T) {
	b := open(t)
	u := b.begin(testApp, texts("a", "one", "b", "two", "c", "two").plan())
	if _, err := b.Receive(t.Context(), u.ID, bytes.NewReader(texts("a", "one").stream(u.Missing))); err != nil {
		t.Fatal(err)
	}
	_, err := b.Ready(t.Context(), u.ID)
	wantError(t, err, errs.Conflict, "1 of 2 files have not arrived")
	err = b.db.Write(t.Context(), func(tx *database.Tx) error {
		_, err := b.CommitTx(tx, u.ID, testApp, nil)
		return err
	})
	wantError(t, err, errs.Conflict, "1 of 2 files have not arrived")
	if n := b.count("SELECT count(*) FROM deployments"); n != 0 {
		t.Error("there is a deployment")
	}
}

func TestCommitTwiceGivesOneDeployment(t *testing.T) {
	b := open(t)
	f := texts("a", "one")
	u := b.begin(testApp, f.plan())
	if _, err := b.Receive(t.Context(), u.ID, bytes.NewReader(f.stream(u.Missing))); err != nil {
		t.Fatal(err)
	}
	first, err := b.commit(testApp, u.ID, []byte("program"))
	if err != nil || !first.Function {
		t.Fatalf("%+v, %v", first, err)
	}
	again, err := b.commit(testApp, u.ID, []byte("program"))
	if err != nil || again.ID != first.ID || !again.Live {
		t.Errorf("again: %+v, %v", again, err)
	}
	if n := b.count("SELECT count(*) FROM deployments"); n != 1 {
		t.Errorf("%d deployments", n)
	}
	b.collect()
	if n := b.count("SELECT count(*) FROM upload_files"); n != 0 {
		t.Errorf("%d files are still announced, which would keep their content", n)
	}
	ready, err := b.Ready(t.Context(), u.ID)
	if err != nil || ready.Committed == nil || ready.Committed.ID != first.ID || ready.App != first.AppID {
		t.Errorf("ready: %+v, %v", ready, err)
	}
	_, err = b.Receive(t.Context(), u.ID, bytes.NewReader(f.stream(u.Missing)))
	wantError(t, err, errs.Conflict, "was committed")
	if program, err := b.Program(t.Context(), first.ID); err != nil || string(program) != "program" {
		t.Errorf("program: %q, %v", program, err)
	}
}

// A deploy of the predecessor deleted the files of a site and then wrote the new ones, so visitors saw a mix and a
// failure left half a site. Here a failure in the caller's write leaves no trace.
func TestDeployIsAllOrNothing(t *testing.T) {
	b := open(t)
	old := texts("index.html", "old", "style.css", "old")
	b.deploy(testApp, old)
	f := texts("index.html", "new")
	u := b.begin(testApp, f.plan())
	if _, err := b.Receive(t.Context(), u.ID, bytes.NewReader(f.stream(u.Missing))); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Ready(t.Context(), u.ID); err != nil {
		t.Fatal(err)
	}
	err := b.db.Write(t.Context(), func(tx *database.Tx) error {
		if _, err := b.CommitTx(tx, u.ID, testApp, nil); err != nil {
			t.Error(err)
		}
		return errBroken
	})
	if err == nil {
		t.Fatal("the write succeeded")
	}
	live, err := b.Live(t.Context(), testApp)
	if err != nil || live.Number != 1 {
		t.Fatalf("%+v, %v", live, err)
	}
	b.wantContent(live, old)
	if d, err := b.commit(testApp, u.ID, nil); err != nil || d.Number != 2 {
		t.Errorf("after the failure: %+v, %v", d, err)
	}
	b.sound()
}

func TestUnknownAndExpiredUploads(t *testing.T) {
	b := open(t)
	f := texts("a", "one")
	u := b.begin(testApp, f.plan())
	b.write(func(tx *database.Tx) error { return tx.Exec("UPDATE uploads SET expires_at = 1") })
	for _, id := range []string{u.ID, "upl_unknown", ""} {
		_, err := b.Receive(t.Context(), id, bytes.NewReader(f.stream(u.Missing)))
		wantError(t, err, errs.NotFound, "no longer exists; deploy again")
		_, err = b.Ready(t.Context(), id)
		wantError(t, err, errs.NotFound, "no longer exists")
		_, err = b.commit(testApp, id, nil)
		wantError(t, err, errs.NotFound, "no longer exists")
	}
	if again := b.begin(testApp, f.plan()); again.ID == u.ID {
		t.Error("an expired upload was resumed")
	}
}

func TestConcurrentUploadsOfOneApp(t *testing.T) {
	b := open(t)
	const n = 8
	shared := noise("shared", 2<<20+5) // larger than a chunk: all uploads send it, one stores it
	ended := make(chan error, n)
	for i := range n {
		go func() {
			f := texts("index.html", fmt.Sprint("version ", i), "same.txt", "in all of them")
			f["shared.bin"] = shared
			_, err := b.tryDeploy(testApp, f, f.plan())
			ended <- err
		}()
	}
	for range n {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	page, _, err := b.List(t.Context(), testApp, "", 100)
	if err != nil || len(page) != n {
		t.Fatalf("%d deployments, %v", len(page), err)
	}
	for i, d := range page {
		if d.Number != n-i || d.Live != (i == 0) {
			t.Errorf("index %d: %+v", i, d)
		}
		if got := b.content(d); len(got) != 3 || !bytes.Equal(got["shared.bin"], shared) {
			t.Errorf("deployment %d has %d files", d.Number, len(got))
		}
	}
	if n := b.count("SELECT count(*) FROM blobs WHERE hash IS NULL"); n != 0 {
		t.Errorf("%d pieces were left behind", n)
	}
	b.wantNothingMarked()
	b.sound()
}

func TestManifestInForce(t *testing.T) {
	yes, no := true, false
	tests := []struct {
		name  string
		files folder
		plan  func(p *Plan)
		want  Manifest
		spa   bool
		err   string
	}{
		{name: "none", files: texts("index.html", "x")},
		{name: "among the files", files: texts(ManifestFile, `{"name":"blog","spa":true}`), want: Manifest{Name: "blog", SPA: &yes}, spa: true},
		{name: "the predecessor's", files: texts("manifest.json", `{"name":"blog","spa":true,"icons":[]}`), want: Manifest{Name: "blog", SPA: &yes}, spa: true},
		{name: "of a web app", files: texts("manifest.json", `{"name":"My App"}`)},
		{name: "both", files: texts(ManifestFile, `{"title":"Mine"}`, "manifest.json", `{"name":"blog"}`), want: Manifest{Title: "Mine"}},
		{name: "in the plan", files: texts(ManifestFile, `{"title":"built"}`), plan: func(p *Plan) { p.Manifest.Title = "source" }, want: Manifest{Title: "source"}},
		{name: "the plan switches spa off", files: texts(ManifestFile, `{"spa":true}`), plan: func(p *Plan) { p.SPA = &no }, want: Manifest{SPA: &yes}},
		{name: "the plan switches spa on", files: texts("index.html", ""), plan: func(p *Plan) { p.SPA = &yes }, spa: true},
		{name: "deeper down", files: texts("docs/fazt.json", `{"title":"no"}`)},
		{name: "an empty file", files: texts(ManifestFile, ""), err: "fazt.json is empty"},
		{name: "a mistake", files: texts(ManifestFile, `{"spaa":true}`), err: `fazt.json:1:2: unknown member "spaa"`},
		{name: "too large", files: texts(ManifestFile, strings.Repeat(" ", 2<<20)), err: "more than"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := open(t)
			p := tt.files.plan()
			if tt.plan != nil {
				tt.plan(&p)
			}
			d, err := b.tryDeploy(testApp, tt.files, p)
			if tt.err != "" {
				wantError(t, err, errs.Unprocessable, tt.err)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, d.Manifest); diff != "" || d.SPA != tt.spa {
				t.Errorf("spa %v; %s", d.SPA, diff)
			}
		})
	}
}

func TestReadyReturnsTheSourceForTheCompiler(t *testing.T) {
	b := open(t)
	f := texts("api/main.js", "export default 1", "lib/a.js", "")
	u := b.begin(testApp, f.plan())
	if _, err := b.Receive(t.Context(), u.ID, bytes.NewReader(f.stream(u.Missing))); err != nil {
		t.Fatal(err)
	}
	ready, err := b.Ready(t.Context(), u.ID)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range f {
		if got, err := ready.Source.ReadFile(t.Context(), path); err != nil || !bytes.Equal(got, want) || !ready.Source.Exists(path) {
			t.Errorf("%s: %q, %v", path, got, err)
		}
	}
	_, err = ready.Source.ReadFile(t.Context(), "lib")
	if !errs.Is(err, errs.NotFound) || ready.Source.Exists("lib") {
		t.Errorf("a folder: %v", err)
	}
}

func TestDiskFull(t *testing.T) {
	b := openWith(t, database.Config{MaxPages: 1500})
	old := texts("index.html", "old")
	b.deploy(testApp, old)
	for name, f := range map[string]folder{
		"one large file":   {"film.mp4": noise("film", 20<<20)},
		"many small files": many(400, 40<<10),
	} {
		u := b.begin(testApp, f.plan())
		got, err := b.Receive(t.Context(), u.ID, bytes.NewReader(f.stream(u.Missing)))
		wantError(t, err, errs.StorageFull, "disk is full")
		if again := b.begin(testApp, f.plan()); got.Missing != len(again.Missing) || got.Files+got.Missing != len(f) {
			t.Errorf("%s: %+v, and then %d are missing", name, got, len(again.Missing))
		}
	}
	live, err := b.Live(t.Context(), testApp)
	if err != nil {
		t.Fatal(err)
	}
	b.wantContent(live, old)
	b.write(func(tx *database.Tx) error {
		return tx.Exec("UPDATE uploads SET expires_at = 1 WHERE deployment_id IS NULL")
	})
	if _, err := b.Collect(t.Context()); err != nil {
		t.Fatal(err)
	}
	f := folder{"small.bin": noise("small", 2<<20)}
	b.deploy(testApp, f)
	b.sound()
}

// many returns files with incompressible content.
func many(n, size int) folder {
	f := folder{}
	for i := range n {
		f[fmt.Sprintf("%04d.bin", i)] = noise(fmt.Sprint(i), size)
	}
	return f
}

package deployment_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"fazt/internal/activity"
	"fazt/internal/api/apitest"
	"fazt/internal/api/call"
	"fazt/internal/api/deployment"
	"fazt/internal/api/op"
	"fazt/internal/auth"
	"fazt/internal/content"
	"fazt/internal/database"
	"fazt/internal/errs"
	"fazt/internal/system"
)

// files returns the operations on an instance with the apps blog, whose second of three deployments is live, and shop,
// which has none.
func files(t *testing.T) (*deployment.Files, *apitest.Domains) {
	t.Helper()
	d := apitest.New(t)
	d.Deploy("blog", "index.html", "one", "a/b.txt", "b")
	d.Deploy("blog", "index.html", "two", "style.css", "c", "copy.css", "c")
	d.Deploy("blog", "index.html", "three")
	d.App("shop")
	a, blog := uploads(t, d), d.App("blog")
	if err := d.DB.Write(t.Context(), func(tx *database.Tx) error { _, err := d.Hosting.RollbackTx(tx, blog, 2); return err }); err != nil {
		t.Fatal(err)
	}
	return &deployment.Files{API: deployment.API{Apps: a.Apps, Hosting: a.Hosting, Show: a.Show}}, d
}

func TestDeploymentsAreListedNewestFirst(t *testing.T) {
	t.Parallel()
	a, d := files(t)
	for _, limit := range []int{1, 2, 3, 100} {
		var numbers []int
		for req := (op.AppPage{App: "blog", List: op.List{Limit: limit}}); ; {
			page, err := a.API.List(t.Context(), req)
			if err != nil || len(page.Items) == 0 || len(page.Items) > limit {
				t.Fatalf("%d at a time: a page of %d, %v", limit, len(page.Items), err)
			}
			for _, item := range page.Items {
				numbers = append(numbers, item.Number)
				want := "http://" + string('0'+rune(item.Number)) + "--blog.example.com"
				if item.Preview != want || item.Live != (item.Number == 2) || (item.URL == want) == item.Live {
					t.Errorf("%+v", item)
				}
			}
			if req.Cursor = page.Next; req.Cursor == "" {
				break
			}
		}
		if !slices.Equal(numbers, []int{3, 2, 1}) {
			t.Errorf("%d at a time: %v", limit, numbers)
		}
	}
	if page, err := a.API.List(t.Context(), op.AppPage{App: d.App("shop")}); err != nil || len(page.Items) != 0 {
		t.Errorf("%+v %v", page, err)
	}
}

func TestADeploymentIsFoundByNumberOrAsTheLiveOne(t *testing.T) {
	t.Parallel()
	a, d := files(t)
	for _, tt := range []struct {
		app, deployment string
		want            string // the text of its page
		kind            errs.Kind
	}{
		{"blog", "live", "two", 0},
		{"blog", "1", "one", 0},
		{"blog", "3", "three", 0},
		{d.App("blog"), "2", "two", 0},
		{"blog", "4", "", errs.NotFound},
		{"blog", "0", "", errs.Invalid},
		{"blog", "-1", "", errs.Invalid},
		{"blog", "x", "", errs.Invalid},
		{"blog", "", "", errs.Invalid},
		{"blog", "LIVE", "", errs.Invalid},
		{"shop", "live", "", errs.NotFound},
		{"shop", "1", "", errs.NotFound},
		{"none", "live", "", errs.NotFound},
	} {
		ref := op.DeploymentRef{App: tt.app, Deployment: tt.deployment}
		got, err := a.API.Get(t.Context(), ref)
		if tt.want == "" && !errs.Is(err, tt.kind) || tt.want != "" && (err != nil || got.Live != (tt.want == "two")) {
			t.Errorf("%s %s: %+v %v", tt.app, tt.deployment, got, err)
		}
		var b strings.Builder
		s, err := a.Read(t.Context(), op.FileRef{DeploymentRef: ref, Path: "index.html"})
		if err == nil {
			err = s.Write(&b)
		}
		if b.String() != tt.want || tt.want == "" && !errs.Is(err, tt.kind) || tt.want != "" && (err != nil || s.Size != int64(b.Len())) {
			t.Errorf("%s %s: read: %q %v", tt.app, tt.deployment, b.String(), err)
		}
		_, err = a.List(t.Context(), op.FilePage{DeploymentRef: ref})
		if (err == nil) != (tt.want != "") || err != nil && !errs.Is(err, tt.kind) {
			t.Errorf("%s %s: list: %v", tt.app, tt.deployment, err)
		}
		_, err = a.Fetch(t.Context(), op.FilePull{App: tt.app, Deployment: tt.deployment})
		if (err == nil) != (tt.want != "") || err != nil && !errs.Is(err, tt.kind) {
			t.Errorf("%s %s: fetch: %v", tt.app, tt.deployment, err)
		}
	}
}

func TestTheFilesOfADeploymentAreListedByPath(t *testing.T) {
	t.Parallel()
	a, _ := files(t)
	for _, limit := range []int{1, 2, 3, 100} {
		var got []string
		for req := (op.FilePage{DeploymentRef: op.DeploymentRef{App: "blog", Deployment: "2"}, List: op.List{Limit: limit}}); ; {
			page, err := a.List(t.Context(), req)
			if err != nil || len(page.Items) == 0 || len(page.Items) > limit {
				t.Fatalf("%d at a time: a page of %d, %v", limit, len(page.Items), err)
			}
			for _, f := range page.Items {
				got = append(got, f.Path+" "+strings.TrimSuffix(f.Type, "; charset=utf-8"))
				if f.Path == "index.html" && (f.Size != 3 || f.Hash != sha256.Sum256([]byte("two"))) {
					t.Errorf("%+v", f)
				}
			}
			if req.Cursor = page.Next; req.Cursor == "" {
				break
			}
		}
		if want := []string{"copy.css text/css", "index.html text/html", "style.css text/css"}; !slices.Equal(got, want) {
			t.Errorf("%d at a time: %q", limit, got)
		}
	}
	for _, path := range []string{"none", "", "a/b.txt", "/index.html", "../index.html"} {
		if _, err := a.Read(t.Context(), op.FileRef{DeploymentRef: op.DeploymentRef{App: "blog", Deployment: "live"}, Path: path}); !errs.Is(err, errs.NotFound) && !errs.Is(err, errs.Invalid) {
			t.Errorf("%q: %v", path, err)
		}
	}
	for _, limit := range []int{-1, 1001} {
		_, one := a.List(t.Context(), op.FilePage{DeploymentRef: op.DeploymentRef{App: "blog", Deployment: "live"}, List: op.List{Limit: limit}})
		_, other := a.API.List(t.Context(), op.AppPage{App: "blog", List: op.List{Limit: limit}})
		if !errs.Is(one, errs.Invalid) || !errs.Is(other, errs.Invalid) {
			t.Errorf("limit %d: %v, %v", limit, one, other)
		}
	}
}

// unpack returns the contents of a stream by their hashes.
func unpack(t *testing.T, s op.Stream) map[string]string {
	t.Helper()
	var b bytes.Buffer
	if err := s.Write(&b); err != nil {
		t.Fatal(err)
	}
	z, err := zstd.NewReader(&b)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	got := map[string]string{}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return got
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		got[h.Name] = string(text)
	}
}

func TestOnlyContentOfTheDeploymentIsFetched(t *testing.T) {
	t.Parallel()
	a, _ := files(t)
	two, c := content.Hash(sha256.Sum256([]byte("two"))), content.Hash(sha256.Sum256([]byte("c")))
	s, err := a.Fetch(t.Context(), op.FilePull{App: "blog", Deployment: "live", Hashes: []content.Hash{two, c}})
	if err != nil || s.Size != -1 {
		t.Fatalf("%+v %v", s, err)
	}
	if got := unpack(t, s); len(got) != 2 || got[two.String()] != "two" || got[c.String()] != "c" {
		t.Errorf("%v", got)
	}
	// Another deployment has it.
	if _, err := a.Fetch(t.Context(), op.FilePull{App: "blog", Deployment: "1", Hashes: []content.Hash{two}}); err == nil {
		t.Error("content of another deployment was sent")
	}
}

func uploads(t *testing.T, d *apitest.Domains) *deployment.Archives {
	t.Helper()
	return &deployment.Archives{Uploads: deployment.Uploads{
		DB: d.DB, Apps: d.Apps, Hosting: d.Hosting, Show: d.Show, Log: slog.New(slog.DiscardHandler),
		Compile: func(context.Context, string, deployment.Source) ([]byte, error) { return nil, nil },
	}}
}

// pack returns a zip of files, given as pairs of paths and texts.
func pack(t *testing.T, pairs ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(pairs); i += 2 {
		part, err := w.Create(pairs[i])
		if err == nil {
			_, err = io.WriteString(part, pairs[i+1])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestAnArchiveGoesLiveUnlessItIsAPreview(t *testing.T) {
	t.Parallel()
	d := apitest.New(t)
	a := uploads(t, d)
	yes, no, message := true, false, "by hand"
	for _, tt := range []struct {
		what     string
		req      op.ArchiveDeploy
		text     string
		number   int
		live     int // the number of the live deployment afterwards
		warnings []string
		details  string
	}{
		{"the first", op.ArchiveDeploy{Message: &message}, "one", 1, 1, nil, `{"deployment":1,"live":true}`},
		{"a preview", op.ArchiveDeploy{Preview: &yes}, "two", 2, 1, nil, `{"deployment":2,"live":false}`},
		{"the same as a preview", op.ArchiveDeploy{Preview: &yes}, "two", 2, 1, []string{"nothing was deployed: deployment 2 already has"}, `{"unchanged":2}`},
		{"no preview", op.ArchiveDeploy{Preview: &no, SPA: &yes}, "three", 3, 3, nil, `{"deployment":3,"live":true}`},
		{"the same", op.ArchiveDeploy{SPA: &yes}, "three", 3, 3, []string{"nothing was deployed: deployment 3 already has"}, `{"unchanged":3}`},
		{"with files that are never deployed", op.ArchiveDeploy{}, "four .env", 4, 4, []string{"1 files were left out"}, `{"deployment":4,"live":true}`},
	} {
		draft := call.NewDraft(activity.Entry{})
		tt.req.App = "blog"
		text, more, _ := strings.Cut(tt.text, " ")
		pairs := []string{"index.html", text}
		if more != "" {
			pairs = append(pairs, more, "x")
		}
		tt.req.File = bytes.NewReader(pack(t, pairs...))
		got, err := a.Archive(apitest.Owner(draft.With(t.Context())), tt.req)
		if err != nil || got.App.Name != "blog" || got.Deployment.Number != tt.number || got.Preview != (tt.live != tt.number) || got.Deployment.Live == got.Preview || got.Deployment.SPA != (text == "three") || got.Needs == nil {
			t.Errorf("%s: %+v %v", tt.what, got, err)
		}
		if len(got.Warnings) != len(tt.warnings) || len(tt.warnings) == 1 && !strings.HasPrefix(got.Warnings[0], tt.warnings[0]) {
			t.Errorf("%s: %q", tt.what, got.Warnings)
		}
		if live, err := d.Hosting.Live(t.Context(), got.App.ID); err != nil || live.Number != tt.live {
			t.Errorf("%s: %d is live, %v", tt.what, live.Number, err)
		}
		if entry, _ := draft.Finish(); string(entry.Details) != tt.details || entry.Resource != "blog" || entry.AppID != got.App.ID {
			t.Errorf("%s: the log has %+v %s", tt.what, entry, entry.Details)
		}
		if tt.number == 1 && got.Deployment.Message != "by hand" {
			t.Errorf("%s: %+v", tt.what, got)
		}
	}
}

// declared is a file whose size is known before it is read.
type declared struct {
	io.Reader
	size int64
}

func (d declared) Declared() int64 { return d.size }

func TestARefusedArchiveDeploysNothing(t *testing.T) {
	t.Parallel()
	d := apitest.New(t)
	a := uploads(t, d)
	l := *d.Limits.Load()
	l.Storage.MaxUpload = 5000
	d.Limits.Store(l, nil)
	good, shop := pack(t, "index.html", "hello"), d.App("shop")
	own := apitest.Key(t.Context(), auth.Scope{Verb: auth.ScopeDeploy, App: shop})
	unread := func(size int64) declared { return declared{untouchable{t}, size} }
	for name, tt := range map[string]struct {
		ctx  context.Context
		app  string
		file io.Reader
		kind errs.Kind
	}{
		"no app":                       {nil, "", bytes.NewReader(good), errs.Invalid},
		"an invalid name":              {nil, "a--b", bytes.NewReader(good), errs.Invalid},
		"no archive":                   {nil, "blog", strings.NewReader("hello"), errs.Invalid},
		"an empty one":                 {nil, "blog", strings.NewReader(""), errs.Invalid},
		"a large one":                  {nil, "blog", strings.NewReader(strings.Repeat("x", 5001)), errs.TooLarge},
		"one that declares too much":   {nil, "blog", unread(5000 + 1<<20 + 1), errs.TooLarge},
		"an unknown domain":            {nil, "blog", bytes.NewReader(pack(t, "fazt.json", `{"net": ["10.0.0.1"]}`)), errs.Unprocessable},
		"a key for another app":        {own, "blog", unread(10), errs.Forbidden},
		"a key that only reads":        {apitest.Key(t.Context(), auth.Scope{Verb: auth.ScopeRead}), "shop", unread(10), errs.Forbidden},
		"no one":                       {t.Context(), "shop", unread(10), errs.Unauthorized},
		"a stream that ends too early": {nil, "blog", io.MultiReader(bytes.NewReader(good[:20]), failing{}), errs.Invalid},
	} {
		if tt.ctx == nil {
			tt.ctx = apitest.Owner(t.Context())
		}
		if got, err := a.Archive(tt.ctx, op.ArchiveDeploy{App: tt.app, File: tt.file}); !errs.Is(err, tt.kind) || got.Deployment.Number != 0 {
			t.Errorf("%s: %+v %v", name, got, err)
		}
	}
	if n, err := d.Apps.Count(t.Context()); err != nil || n != 1 {
		t.Errorf("%d apps, %v", n, err)
	}
	for name, tt := range map[string]struct {
		ctx  context.Context
		file io.Reader
	}{
		"a key for the app":           {own, bytes.NewReader(good)},
		"one that declares its limit": {apitest.Owner(t.Context()), declared{bytes.NewReader(pack(t, "index.html", "other")), 5000 + 1<<20}},
	} {
		if _, err := a.Archive(tt.ctx, op.ArchiveDeploy{App: "shop", File: tt.file}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// untouchable is a reader that fails the test when it is read.
type untouchable struct{ t *testing.T }

func (r untouchable) Read([]byte) (int, error) {
	r.t.Error("it was read")
	return 0, io.EOF
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func plan(pairs ...string) op.Plan {
	var p op.Plan
	for i := 0; i < len(pairs); i += 2 {
		p.Files = append(p.Files, op.Announced{Path: pairs[i], Hash: sha256.Sum256([]byte(pairs[i+1])), Size: int64(len(pairs[i+1]))})
	}
	return p
}

// stream packs contents as a client does.
func stream(t *testing.T, texts ...string) io.Reader {
	t.Helper()
	var b bytes.Buffer
	z, err := zstd.NewWriter(&b)
	if err != nil {
		t.Fatal(err)
	}
	w := tar.NewWriter(z)
	for _, text := range texts {
		err := w.WriteHeader(&tar.Header{Name: content.Hash(sha256.Sum256([]byte(text))).String(), Size: int64(len(text)), Mode: 0o600, Typeflag: tar.TypeReg})
		if err == nil {
			_, err = io.WriteString(w, text)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	return &b
}

func TestAnUploadIsAnnouncedSentAndCommitted(t *testing.T) {
	t.Parallel()
	d := apitest.New(t)
	a := uploads(t, d)
	var compiled []string
	a.Compile = func(ctx context.Context, app string, src deployment.Source) ([]byte, error) {
		text, err := src.ReadFile(ctx, "api/main.js")
		compiled = append(compiled, app+" "+string(text))
		return []byte("program"), err
	}
	p := plan("index.html", "hello", "api/main.js", "respond(1)", "api/main.ts", "x")
	dry, err := a.Begin(t.Context(), op.UploadPlan{App: "blog", DryRun: true, Plan: p})
	if err != nil || dry.ID != "" || len(dry.Missing) != 3 || dry.New != 3 {
		t.Fatalf("%+v %v", dry, err)
	}
	u, err := a.Begin(t.Context(), op.UploadPlan{App: "blog", Plan: p})
	if err != nil || u.ID == "" || len(u.Missing) != 3 || u.MissingBytes != 16 {
		t.Fatalf("%+v %v", u, err)
	}
	if _, err := d.Apps.Get(t.Context(), "blog"); !errs.Is(err, errs.NotFound) {
		t.Errorf("an announced app exists: %v", err)
	}
	if got, err := a.Send(t.Context(), op.UploadContent{Upload: u.ID, Body: stream(t, "hello")}); err != nil || got.Files != 1 || got.Bytes != 5 || got.Missing != 2 {
		t.Errorf("%+v %v", got, err)
	}
	if _, err := a.Commit(t.Context(), op.UploadRef{Upload: u.ID}); !errs.Is(err, errs.Conflict) || len(compiled) != 0 {
		t.Errorf("content is missing: %v", err)
	}
	if got, err := a.Send(t.Context(), op.UploadContent{Upload: u.ID, Body: stream(t, "respond(1)", "x")}); err != nil || got.Missing != 0 {
		t.Errorf("%+v %v", got, err)
	}
	done, err := a.Commit(t.Context(), op.UploadRef{Upload: u.ID})
	if err != nil || done.Deployment.Number != 1 || !done.Deployment.Live || !done.Deployment.Function || done.Preview || done.Deployment.URL != "http://blog.example.com" {
		t.Fatalf("%+v %v", done, err)
	}
	if len(done.Warnings) != 1 || !strings.Contains(done.Warnings[0], "not used") {
		t.Errorf("%q", done.Warnings)
	}
	// A response that was lost: the client commits again.
	again, err := a.Commit(t.Context(), op.UploadRef{Upload: u.ID})
	if err != nil || again.Deployment.ID != done.Deployment.ID || !slices.Equal(compiled, []string{"blog respond(1)"}) {
		t.Errorf("%+v %v, compiled %q", again, err, compiled)
	}
	if _, err := a.Commit(t.Context(), op.UploadRef{Upload: "upl_none"}); !errs.Is(err, errs.NotFound) {
		t.Error(err)
	}
	for _, name := range []string{"a--b", "app_none"} {
		if _, err := a.Begin(t.Context(), op.UploadPlan{App: name, Plan: p}); !errs.Is(err, errs.Invalid) && !errs.Is(err, errs.NotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAFailedCompileLeavesTheLiveDeploymentAlone(t *testing.T) {
	t.Parallel()
	d := apitest.New(t)
	d.Deploy("blog", "index.html", "old")
	a := uploads(t, d)
	a.Compile = func(context.Context, string, deployment.Source) ([]byte, error) {
		return nil, errs.New(errs.Unprocessable, "a syntax error")
	}
	u, err := a.Begin(t.Context(), op.UploadPlan{App: "blog", Plan: plan("index.html", "new")})
	if err != nil || u.Changed != 1 {
		t.Fatalf("%+v %v", u, err)
	}
	if _, err := a.Send(t.Context(), op.UploadContent{Upload: u.ID, Body: stream(t, "new")}); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Commit(t.Context(), op.UploadRef{Upload: u.ID}); !errs.Is(err, errs.Unprocessable) {
		t.Error(err)
	}
	if live, err := d.Hosting.Live(t.Context(), d.App("blog")); err != nil || live.Number != 1 {
		t.Errorf("%+v %v", live, err)
	}
}

func TestOldDeploymentsAreRemovedAndADeployWithoutAnAddressWarns(t *testing.T) {
	t.Parallel()
	d := apitest.New(t)
	a := uploads(t, d)
	l := *d.Limits.Load()
	l.Storage.KeepDeployments = system.Defaults().Storage.KeepDeployments
	d.Limits.Store(l, nil)
	ctx := apitest.Owner(t.Context())
	if got, err := a.Archive(ctx, op.ArchiveDeploy{App: "blog", File: bytes.NewReader(pack(t, "a", "1"))}); err != nil || len(got.Warnings) != 0 {
		t.Fatalf("%+v %v", got, err)
	}
	if _, _, err := d.Apps.RemoveAlias(ctx, "blog", true); err != nil {
		t.Fatal(err)
	}
	yes := true
	if got, err := a.Archive(ctx, op.ArchiveDeploy{App: "blog", Preview: &yes, File: bytes.NewReader(pack(t, "a", "2"))}); err != nil || len(got.Warnings) != 0 {
		t.Errorf("a preview is reached as always: %+v %v", got, err)
	}
	l.Storage.KeepDeployments = 1
	d.Limits.Store(l, nil)
	got, err := a.Archive(ctx, op.ArchiveDeploy{App: "blog", File: bytes.NewReader(pack(t, "a", "3"))})
	if err != nil || len(got.Warnings) != 1 || !strings.HasPrefix(got.Warnings[0], "blog can only be reached at its previews; `fazt alias set blog --app blog`") {
		t.Errorf("%+v %v", got, err)
	}
	if stats, err := d.Hosting.Stats(ctx, got.App.ID); err != nil || stats.Deployments >= 3 {
		t.Errorf("%+v %v", stats, err)
	}
}

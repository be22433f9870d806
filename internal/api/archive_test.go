package api_test

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"fazt/internal/api/op"
	"fazt/internal/client"
	"fazt/internal/database"
	"fazt/internal/errs"
	"fazt/internal/fazttest"
	"fazt/internal/system"
)

// zipped and tarred make an archive of a txtar text without changing the names.
func zipped(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, f := range txtar.Parse([]byte(text)).Files {
		part, err := w.Create(f.Name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := part.Write(f.Data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func tarred(t *testing.T, text string, more ...*tar.Header) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, f := range txtar.Parse([]byte(text)).Files {
		if err := w.WriteHeader(&tar.Header{Name: f.Name, Size: int64(len(f.Data)), Mode: 0o644}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(f.Data); err != nil {
			t.Fatal(err)
		}
	}
	for _, h := range more {
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// post sends a form as curl -F does, as the owner: pairs of names and texts, in order.
func post(t *testing.T, i *fazttest.Instance, pairs ...string) (op.Deployed, error) {
	t.Helper()
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	for n := 0; n < len(pairs); n += 2 {
		var part io.Writer
		var err error
		if pairs[n] == "file" {
			part, err = form.CreateFormFile("file", "site.zip")
		} else {
			part, err = form.CreateFormField(pairs[n])
		}
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(part, pairs[n+1])
	}
	form.Close()
	r := httptest.NewRequest(http.MethodPost, "/api/deploy", &b)
	r.Header.Set("Content-Type", form.FormDataContentType())
	w := httptest.NewRecorder()
	i.API().ServeHTTP(w, r)
	return op.DeployArchive.Decode(w.Result())
}

// untouched fails the test if anything of a refused archive was stored.
func untouched(t *testing.T, i *fazttest.Instance, what string) {
	t.Helper()
	var blobs, uploads int
	err := i.DB.Read(t.Context(), func(c *database.Conn) error {
		_, err := c.First("SELECT (SELECT count(*) FROM blobs), (SELECT count(*) FROM uploads)", func(r *database.Row) { blobs, uploads = r.Int(0), r.Int(1) })
		return err
	})
	if err != nil || blobs != 0 || uploads != 0 {
		t.Errorf("%s left %d contents and %d uploads: %v", what, blobs, uploads, err)
	}
	noSpool(t, i, what)
}

func noSpool(t *testing.T, i *fazttest.Instance, what string) {
	t.Helper()
	left, err := filepath.Glob(filepath.Join(filepath.Dir(i.Path), "fazt-upload-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("%s left %v %v", what, left, err)
	}
}

const packed = "-- site/index.html --\nhello\n-- site/api/main.ts --\nexport default () => new Response('from ts' as string);\n-- site/fazt.json --\n{\"title\": \"A site\"}\n-- site/.env --\nSECRET=1\n-- site/node_modules/m/i.js --\nx\n"

func TestAnArchiveLargerThanAnUploadMayBeLeavesNothing(t *testing.T) {
	data := string(zipped(t, packed))
	i := fazttest.New(t, fazttest.Limit(func(l *system.Limits) { l.Storage.MaxUpload = int64(len(data)) - 1 }))
	_, err := post(t, i, "app", "blog", "file", data)
	if !errs.Is(err, errs.TooLarge) || !strings.Contains(errs.Sentence(err), "storage.max_upload") {
		t.Errorf("got %v", err)
	}
	untouched(t, i, "a large archive")
	l := *i.Limits.Load()
	l.Storage.MaxUpload++
	i.Limits.Store(l, nil)
	d, err := post(t, i, "app", "blog", "file", data)
	if err != nil {
		t.Fatal(err)
	}
	own := l
	own.Storage.MaxUpload--
	i.Limits.Store(l, map[string]*system.Limits{d.App.ID: &own})
	if _, err := post(t, i, "app", "blog", "message", "again", "file", data); !errs.Is(err, errs.TooLarge) {
		t.Errorf("the app has a limit of its own: %v", err)
	}
	if _, err := post(t, i, "app", "other", "file", data); err != nil {
		t.Errorf("another app has not: %v", err)
	}
}

func TestAnArchiveBecomesADeployment(t *testing.T) {
	for kind, data := range map[string][]byte{"zip": zipped(t, packed), "tar.gz": tarred(t, packed)} {
		i := fazttest.New(t)
		d, err := post(t, i, "app", "blog", "message", "by curl", "file", string(data))
		if err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		if d.Deployment.Number != 1 || !d.Deployment.Live || d.Deployment.Files != 3 || d.Deployment.Message != "by curl" || d.App.Title != "A site" || len(d.Warnings) != 1 {
			t.Errorf("%s: %+v", kind, d)
		}
		if got := i.Get("blog", "/"); got.Text != "hello\n" {
			t.Errorf("%s: %s", kind, got.Text)
		}
		if got := i.Get("blog", "/api"); got.Text != "from ts" {
			t.Errorf("%s: %s", kind, got.Text)
		}
		if again, err := post(t, i, "app", "blog", "file", string(data)); err != nil || again.Deployment.Number != 1 || len(again.Warnings) != 2 {
			t.Errorf("%s: the same again: %+v %v", kind, again, err)
		}
		files := fazttest.Folder{}
		for name, text := range fazttest.Parse(packed) {
			if name = strings.TrimPrefix(name, "site/"); name[0] != '.' && name[0] != 'n' {
				files[name] = text
			}
		}
		if same, err := client.Deploy(t.Context(), i.Client, "blog", files.Plan(), files, true, nil); err != nil || same.Upload.Same == nil {
			t.Errorf("%s: a folder with the same files is another deployment: %+v %v", kind, same, err)
		}
		noSpool(t, i, kind)
	}
}

func TestTheFieldsOfTheFormTakeEffect(t *testing.T) {
	i := fazttest.New(t)
	i.Deploy("blog", site)
	data := string(zipped(t, "-- index.html --\nnew\n"))
	d, err := post(t, i, "app", "blog", "preview", "true", "spa", "true", "file", data)
	if err != nil || !d.Preview || d.Deployment.Live || !d.Deployment.SPA || !strings.Contains(d.Deployment.URL, "2--blog") {
		t.Fatalf("%+v %v", d, err)
	}
	if got := i.Get("blog", "/"); got.Text != "hello\n" {
		t.Error(got.Text)
	}
	for name, tt := range map[string]struct {
		pairs []string
		want  string
	}{
		"the app after the file": {[]string{"file", data, "app", "blog"}, "must have the field app before"},
		"a field after the file": {[]string{"app", "blog", "file", data, "message", "x"}, "comes after the field file"},
		"two files":              {[]string{"app", "blog", "file", data, "file", data}, "comes after the field file"},
		"no file":                {[]string{"app", "blog"}, "no field file"},
		"no app":                 {[]string{"file", data}, "must have the field app"},
		"two apps":               {[]string{"app", "blog", "app", "shop", "file", data}, "twice"},
		"an unknown field":       {[]string{"app", "blog", "spam", "1", "file", data}, `unknown form field "spam"`},
		"an invalid name":        {[]string{"app", "../x", "file", data}, "cannot be the name of an app"},
		"no truth":               {[]string{"app", "blog", "preview", "maybe", "file", data}, "form field preview must be true or false"},
		"a field without end":    {[]string{"app", strings.Repeat("x", 100<<10), "file", data}, "more than"},
		"not an archive":         {[]string{"app", "blog", "file", "hello"}, "neither a zip nor a tar.gz"},
		"a message without end":  {[]string{"app", "blog", "message", strings.Repeat("x", 5000), "file", data}, "the message must be"},
		"an invalid manifest":    {[]string{"app", "blog", "file", string(zipped(t, "-- fazt.json --\n{\"a\": 1}\n"))}, "unknown member"},
	} {
		if _, err := post(t, i, tt.pairs...); err == nil || !strings.Contains(errs.Sentence(err), tt.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	page, err := client.Call(t.Context(), i.Client, op.DeploymentList, op.AppPage{App: "blog"})
	if err != nil || len(page.Items) != 2 {
		t.Errorf("%d deployments, %v", len(page.Items), err)
	}
	noSpool(t, i, "what was refused")
}

func TestArchivesWithEscapingNamesAreRefusedAndLeaveNothing(t *testing.T) {
	i := fazttest.New(t, fazttest.Limit(func(l *system.Limits) { l.Storage.MaxSiteFiles, l.Storage.MaxSiteSize = 5, 100<<10 }))
	link := &tar.Header{Typeflag: tar.TypeSymlink, Name: "passwd", Linkname: "/etc/passwd"}
	many := "-- a --\n-- b --\n-- c --\n-- d --\n-- e --\n-- f --\n"
	for name, data := range map[string][]byte{
		"a zip with ../":           zipped(t, "-- index.html --\nhi\n-- ../../x --\nout\n"),
		"a tar.gz with ../":        tarred(t, "-- index.html --\nhi\n-- ../../x --\nout\n"),
		"a zip with a root":        zipped(t, "-- index.html --\nhi\n-- /etc/x --\nout\n"),
		"a zip with a drive":       zipped(t, "-- index.html --\nhi\n-- C:/x --\nout\n"),
		"a zip with a backslash":   zipped(t, "-- index.html --\nhi\n-- a\\..\\x --\nout\n"),
		"a link to /etc/passwd":    tarred(t, "-- index.html --\nhi\n", link),
		"names that clash":         zipped(t, "-- a.txt --\n1\n-- A.txt --\n2\n"),
		"too many files":           zipped(t, many),
		"too many files in tar.gz": tarred(t, many),
		"too many bytes":           zipped(t, "-- a --\n"+strings.Repeat("x", 100<<10)+"\n"),
		"too many bytes packed":    make([]byte, 100<<10+1),
		"two archives in a row":    append(tarred(t, "-- a --\nx\n"), tarred(t, "-- b --\nx\n")...),
	} {
		_, err := post(t, i, "app", "blog", "file", string(data))
		if kind := errs.KindOf(err); err == nil || kind != errs.Invalid && kind != errs.TooLarge || errs.Sentence(err) == "" {
			t.Errorf("%s: %v", name, err)
		}
		untouched(t, i, name)
	}
}

func TestACompileErrorOfAnArchiveHasItsPosition(t *testing.T) {
	i := fazttest.New(t)
	i.Deploy("blog", site)
	_, err := post(t, i, "app", "blog", "file", string(zipped(t, "-- top/index.html --\nnew\n-- top/api/main.ts --\nexport default {\n  fetch() { return ( }\n}\n")))
	if !errs.Is(err, errs.Unprocessable) || !strings.Contains(err.Error(), "api/main.ts:2:") || errs.Details(err) == nil {
		t.Fatal(err)
	}
	if got := i.Get("blog", "/"); got.Text != "hello\n" {
		t.Error(got.Text)
	}
}

func TestAnInterruptedArchiveLeavesNothing(t *testing.T) {
	i := fazttest.New(t)
	form := "--x\r\nContent-Disposition: form-data; name=\"app\"\r\n\r\nblog\r\n--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.zip\"\r\n\r\nPK\x03\x04"
	for name, body := range map[string]io.Reader{"cut off": strings.NewReader(form), "broken": io.MultiReader(strings.NewReader(form), failing{})} {
		r := httptest.NewRequest(http.MethodPost, "/api/deploy", body)
		r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
		w := httptest.NewRecorder()
		i.API().ServeHTTP(w, r)
		var e struct{ Error op.Failure }
		if err := json.Unmarshal(w.Body.Bytes(), &e); err != nil || w.Code != http.StatusBadRequest {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
		untouched(t, i, name)
	}
}

// The server reads the form that the client writes, and a large file passes through without a copy in memory or a file
// that stays.
func TestTheClientSendsAnArchive(t *testing.T) {
	i := fazttest.New(t)
	message := "hé"
	big := bytes.Repeat([]byte("0123456789abcdef"), 3<<16) // three chunks
	data := zipped(t, "-- index.html --\nhi\n-- big.txt --\n"+string(big))
	d, err := client.Call(t.Context(), i.Client, op.DeployArchive, op.ArchiveDeploy{App: "blog", Message: &message, File: bytes.NewReader(data)})
	if err != nil || d.Deployment.Message != message || d.Deployment.Files != 2 {
		t.Fatalf("%+v %v", d, err)
	}
	if got := i.Get("blog", "/big.txt"); !strings.HasPrefix(got.Text, string(big)) {
		t.Errorf("%d bytes", len(got.Text))
	}
	noSpool(t, i, "the deploy")
	entries, err := os.ReadDir(filepath.Dir(i.Path))
	if err != nil || slices.ContainsFunc(entries, func(e os.DirEntry) bool { return !strings.HasPrefix(e.Name(), filepath.Base(i.Path)) }) {
		t.Errorf("%v %v", entries, err)
	}
}

// An upload was stored up to the limit before its declared size was checked.
func TestAnArchiveThatDeclaresTooLargeASizeIsNotRead(t *testing.T) {
	i := fazttest.New(t)
	token := newKey(t, i.Client, "k", "deploy")
	conn, err := net.Dial("tcp", i.Address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	// The form declares 2 GB and sends none of it: waiting for it would never end.
	fmt.Fprintf(conn, "POST /api/deploy HTTP/1.1\r\nHost: admin.%s\r\nAuthorization: Bearer %s\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: %d\r\n\r\n", i.Settings().Domain, token, 2<<30)
	fmt.Fprint(conn, "--b\r\nContent-Disposition: form-data; name=\"app\"\r\n\r\napp\r\n--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n")
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	got, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	if got.StatusCode != http.StatusRequestEntityTooLarge {
		t.Error(got.Status)
	}
}

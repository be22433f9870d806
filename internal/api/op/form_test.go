package op

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"fazt/internal/errs"
)

const boundary = "XyZ"

// part is one field of a form as curl sends it.
func part(name, text string) string {
	file := ""
	if name == "file" {
		file = `; filename="site.zip"`
	}
	return fmt.Sprintf("--%s\r\nContent-Disposition: form-data; name=%q%s\r\n\r\n%s\r\n", boundary, name, file, text)
}

// sentForm reads a form as the server does, and its file to the end.
func sentForm(t *testing.T, contentType string, body io.Reader) (got ArchiveDeploy, file string, err error) {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/api/deploy", body)
	r.Header.Set("Content-Type", contentType)
	got, err = DeployArchive.Parse(httptest.NewRecorder(), r)
	if err != nil {
		return got, "", err
	}
	data, err := io.ReadAll(got.File)
	return got, string(data), err
}

func TestAFormOfCurlIsRead(t *testing.T) {
	const end = "--" + boundary + "--\r\n"
	got, file, err := sentForm(t, "multipart/form-data; boundary="+boundary,
		strings.NewReader(part("app", "blog")+part("message", "ü & more")+part("preview", "true")+part("spa", "false")+part("file", "PK\r\n--bytes")+end))
	if err != nil || file != "PK\r\n--bytes" || got.App != "blog" || *got.Message != "ü & more" || !*got.Preview || *got.SPA {
		t.Fatalf("%+v %q %v", got, file, err)
	}
	got, file, err = sentForm(t, "multipart/form-data; boundary="+boundary, strings.NewReader(part("app", "blog")+part("file", "")+end))
	if err != nil || file != "" || got.App != "blog" || got.Message != nil || got.Preview != nil || got.SPA != nil {
		t.Fatalf("absent fields are not nil: %+v %q %v", got, file, err)
	}
}

func TestBadFormsAreSentences(t *testing.T) {
	const end = "--" + boundary + "--\r\n"
	const form = "multipart/form-data; boundary=" + boundary
	for _, tt := range []struct {
		name, contentType, body string
		kind                    errs.Kind
		want                    string
	}{
		{"no content type", "", part("file", "x") + end, errs.Invalid, "must have Content-Type: multipart/form-data"},
		{"json", "application/json", "{}", errs.Invalid, "must have Content-Type: multipart/form-data"},
		{"no boundary", "multipart/form-data", part("file", "x") + end, errs.Invalid, "must have Content-Type: multipart/form-data"},
		{"no file", form, part("app", "blog") + end, errs.Invalid, "the form has no field file"},
		{"nothing", form, end, errs.Invalid, "the form has no field file"},
		{"cut off before the file", form, part("app", "blog"), errs.Invalid, "the form cannot be read"},
		{"cut off in a text", form, "--" + boundary + "\r\nContent-Disposition: form-data; name=\"app\"\r\n\r\nbl", errs.Invalid, "the form cannot be read"},
		{"cut off in the file", form, part("app", "blog") + strings.TrimSuffix(part("file", "half"), "\r\n"), errs.Invalid, "the form cannot be read"},
		{"not a form", form, "app=blog", errs.Invalid, "the form has no field file"},
		{"an unknown field", form, part("App", "blog") + part("file", "x") + end, errs.Invalid, `unknown form field "App"`},
		{"a field twice", form, part("app", "a") + part("app", "b") + part("file", "x") + end, errs.Invalid, "the form field app is given twice"},
		{"a bad boolean", form, part("spa", "yes") + part("file", "x") + end, errs.Invalid, `form field spa must be true or false, not "yes"`},
		{"a long text", form, part("message", strings.Repeat("m", maxFormField+1)) + part("file", "x") + end, errs.TooLarge, "the form field message has more than 65536 bytes"},
		{"a field after the file", form, part("file", "x") + part("app", "blog") + end, errs.Invalid, "the form field app comes after the field file"},
		{"two files", form, part("file", "x") + part("file", "y") + end, errs.Invalid, "the form field file comes after the field file"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, _, err := sentForm(t, tt.contentType, strings.NewReader(tt.body))
			if !errs.Is(err, tt.kind) || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("%+v: %v (%v)", got, err, errs.KindOf(err))
			}
		})
	}
	if got, _, err := sentForm(t, form, strings.NewReader(part("message", strings.Repeat("m", maxFormField))+part("file", "x")+end)); err != nil || len(*got.Message) != maxFormField {
		t.Errorf("the longest text is refused: %v", err)
	}
}

// A body that is refused for its size or its speed keeps the reason, in the texts and in the file.
func TestAFormKeepsTheErrorOfItsBody(t *testing.T) {
	slow := errs.New(errs.Timeout, "too slow")
	for name, before := range map[string]string{
		"between fields": part("app", "blog"),
		"in a text":      part("app", "blog") + "--" + boundary + "\r\nContent-Disposition: form-data; name=\"message\"\r\n\r\nhalf",
		"in the file":    part("file", "half"),
	} {
		body := io.MultiReader(strings.NewReader(strings.TrimSuffix(before, "\r\n")), failing{slow})
		if _, _, err := sentForm(t, "multipart/form-data; boundary="+boundary, body); !errs.Is(err, errs.Timeout) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// The size that a form announces lets a server refuse it before it reads the file.
func TestTheFileOfAFormHasItsDeclaredSize(t *testing.T) {
	for _, length := range []int64{1234, -1} {
		r := httptest.NewRequest(http.MethodPost, "/api/deploy", strings.NewReader(part("file", "x")+"--"+boundary+"--\r\n"))
		r.Header.Set("Content-Type", "multipart/form-data; boundary="+boundary)
		r.ContentLength = length
		got, err := DeployArchive.Parse(httptest.NewRecorder(), r)
		if err != nil {
			t.Fatal(err)
		}
		file, ok := got.File.(interface{ Declared() int64 })
		if !ok || file.Declared() != length {
			t.Errorf("%T, not %d", got.File, length)
		}
	}
}

func TestAFormWithoutAFileIsSentWhole(t *testing.T) {
	r, err := DeployArchive.NewRequest(context.Background(), "http://h", ArchiveDeploy{App: "blog"})
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(r.Body)
	if err != nil || !strings.Contains(string(data), `name="app"`) || !strings.HasSuffix(string(data), "--\r\n") {
		t.Errorf("%q %v", data, err)
	}
}

func FuzzForm(f *testing.F) {
	f.Add([]byte(part("app", "blog") + part("file", "x") + "--" + boundary + "--\r\n"))
	f.Add([]byte(part("spa", "1") + part("file", "x") + part("app", "y")))
	f.Fuzz(func(t *testing.T, body []byte) {
		_, _, err := sentForm(t, "multipart/form-data; boundary="+boundary, strings.NewReader(string(body)))
		var known *errs.Error
		if err != nil && (!errors.As(err, &known) || known.Kind == errs.Internal) {
			t.Errorf("%v is not a sentence", err)
		}
	})
}

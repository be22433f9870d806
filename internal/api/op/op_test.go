package op

import (
	"context"
	"encoding/json"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"fazt/internal/errs"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestEveryDeclaredOperationIsInTheTable(t *testing.T) {
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	declared := 0
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				if index, ok := call.Fun.(*ast.IndexListExpr); ok {
					if name, ok := index.X.(*ast.Ident); ok && name.Name == "declare" {
						declared++
					}
				}
			}
			return true
		})
	}
	if declared == 0 || declared != len(All()) {
		t.Fatalf("%d operations are declared, %d are in All", declared, len(All()))
	}
}

// atTheRoot are the operations at paths that other programs expect.
var atTheRoot = []string{"/metrics", "/healthz", "/readyz"}

func TestEveryOperationIsComplete(t *testing.T) {
	names, places := map[string]bool{}, map[string]bool{}
	for _, s := range All() {
		if s.Name == "" || s.Method == "" || !strings.HasPrefix(s.Path, "/api/") && !slices.Contains(atTheRoot, s.Path) || s.Doc == "" || s.Tag() == "" || s.Touches == 0 {
			t.Errorf("%s is not complete: %+v", s.Name, s)
		}
		if s.Access == Nobody {
			t.Errorf("%s does not declare its access", s.Name)
		}
		if names[s.Name] || places[s.Method+s.Path] {
			t.Errorf("%s is declared twice", s.Name)
		}
		names[s.Name], places[s.Method+s.Path] = true, true
		if s.Mutates() && s.Access == Anyone {
			t.Errorf("%s changes the instance and anyone may call it", s.Name)
		}
	}
}

// An operation that forgot to refresh what it changed served old routes.
func TestOperationsThatReadTouchNothing(t *testing.T) {
	reads := map[string]bool{"net.test": true, "file.fetch": true} // too long a request for an address
	for _, s := range All() {
		if want := s.Method == get || reads[s.Name]; want != (s.Touches == Nothing) {
			t.Errorf("%s %s: touches %b", s.Method, s.Name, s.Touches)
		}
		if s.Touches != Nothing && s.Touches != Itself && s.Touches&(Nothing|Itself) != 0 {
			t.Errorf("%s touches nothing or only itself, and more", s.Name)
		}
	}
	if !Touches(0).Has(Routes) || Nothing.Has(Anything) || Itself.Has(Anything) || !Anything.Has(Net) || Net.Has(Routes) {
		t.Error("Has")
	}
}

func TestOpenAPIDocumentIsTheGoldenOne(t *testing.T) {
	golden := filepath.Join("..", "..", "..", "docs", "reference", "openapi.json")
	got := Document()
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Fatalf("the API changed; if that is meant, run the test with -update:\n%s", diff)
	}
}

type sampleRequest struct {
	App   string            `path:"app"`
	Limit int               `query:"limit"`
	Dry   bool              `query:"dry"`
	Names []string          `query:"name"`
	Text  string            `json:"text"`
	Map   map[string]string `json:"map"`
}

var sample = declare[sampleRequest, Page[string]]("sample", post, "/api/{app}/x", Anyone, Itself, "")

// serve runs one exchange between NewRequest, Parse, WriteResult and Decode.
func serve[Req, Res any](t *testing.T, o Op[Req, Res], r *http.Request, answer func(Req) (Res, error)) (Res, error) {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc(o.Spec.Method+" "+o.Spec.Path, func(w http.ResponseWriter, r *http.Request) {
		req, err := o.Parse(w, r)
		var res Res
		if err == nil {
			res, err = answer(req)
		}
		if err != nil {
			WriteError(w, err, "req1")
			return
		}
		if err := o.Spec.WriteResult(w, res); err != nil {
			t.Error(err)
		}
	})
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, r)
	return o.Decode(w.Result())
}

func TestARequestArrivesAsItWasSent(t *testing.T) {
	sent := sampleRequest{App: "a b/ü", Limit: 7, Dry: true, Names: []string{"x", "y&z"}, Text: "hé", Map: map[string]string{"k": "v"}}
	r, err := sample.NewRequest(context.Background(), "http://h", sent)
	if err != nil {
		t.Fatal(err)
	}
	page, err := serve(t, sample, r, func(got sampleRequest) (Page[string], error) {
		if diff := cmp.Diff(sent, got); diff != "" {
			t.Error(diff)
		}
		return Page[string]{Items: []string{"one"}, Next: "n"}, nil
	})
	if err != nil || page.Next != "n" || !cmp.Equal(page.Items, []string{"one"}) {
		t.Fatalf("%+v %v", page, err)
	}
}

type wholeRequest struct {
	App    string                     `query:"app"`
	Values map[string]json.RawMessage `body:"json"`
}

func TestARequestWhoseBodyIsOneFieldArrivesAsItWasSent(t *testing.T) {
	whole := declare[wholeRequest, []string]("whole", patch, "/api/x", Anyone, Itself, "")
	sent := wholeRequest{App: "a", Values: map[string]json.RawMessage{"App": json.RawMessage(`1`), "b": json.RawMessage(`{"c":null}`)}}
	r, err := whole.NewRequest(context.Background(), "http://h", sent)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := serve(t, whole, r, func(got wholeRequest) ([]string, error) {
		if diff := cmp.Diff(sent, got); diff != "" {
			t.Error(diff)
		}
		return nil, nil
	}); err != nil {
		t.Fatal(err)
	}
	for body, want := range map[string]string{"": "no body", "[1]": "it must be an object, not array", "{} {}": "unexpected data", "{": "invalid JSON"} {
		r := httptest.NewRequest(http.MethodPatch, "/api/x", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		if _, err := serve(t, whole, r, func(wholeRequest) ([]string, error) { return nil, nil }); !errs.Is(err, errs.Invalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", body, err)
		}
	}
}

func TestAnEmptyListIsAListAndNotNull(t *testing.T) {
	for name, write := range map[string]func(http.ResponseWriter) error{
		"page": func(w http.ResponseWriter) error { return sample.Spec.WriteResult(w, Page[string]{}) },
		"slice": func(w http.ResponseWriter) error {
			return declare[None, []string]("", get, "", Anyone, Nothing, "").Spec.WriteResult(w, []string(nil))
		},
	} {
		w := httptest.NewRecorder()
		if err := write(w); err != nil || w.Body.String() != `{"data":[]}`+"\n" {
			t.Errorf("%s: %s %v", name, w.Body, err)
		}
	}
}

func TestBadRequestsAreSentences(t *testing.T) {
	body := func(contentType, text string) *http.Request {
		r := httptest.NewRequest(http.MethodPost, "/api/a/x", strings.NewReader(text))
		r.Header.Set("Content-Type", contentType)
		return r
	}
	query := body("application/json", "{}")
	query.URL.RawQuery = "limit=many"
	twice := body("application/json", "{}")
	twice.URL.RawQuery = "limit=1&limit=2"
	unknown := body("application/json", "{}")
	unknown.URL.RawQuery = "limt=1"
	for _, tt := range []struct {
		name string
		r    *http.Request
		kind errs.Kind
		want string
	}{
		{"no content type", body("", "{}"), errs.Invalid, "must have Content-Type: application/json"},
		{"a form, as another site could send it", body("text/plain", "{}"), errs.Invalid, "must have Content-Type"},
		{"no body", body("application/json", ""), errs.Invalid, "has no body"},
		{"broken", body("application/json", "{"), errs.Invalid, "invalid JSON for sample"},
		{"wrong type", body("application/json", `{"text":1}`), errs.Invalid, "invalid request for sample: text must be a string, not number"},
		{"more than one value", body("application/json", `{} {}`), errs.Invalid, "unexpected data"},
		{"a bracket too many", body("application/json", `{}]`), errs.Invalid, "invalid JSON for sample"},
		{"a brace too many", body("application/json", `{}}`), errs.Invalid, "invalid JSON for sample"},
		{"unknown member", body("application/json", `{"new":1}`), errs.Invalid, `unknown field "new"; the server may be older than the client`},
		{"too large", body("application/json", `{"text":"`+strings.Repeat("x", maxJSONBody)+`"}`), errs.TooLarge, "larger than"},
		{"bad number", query, errs.Invalid, `limit must be a whole number, not "many"`},
		{"given twice", twice, errs.Invalid, "limit is given twice"},
		{"unknown parameter", unknown, errs.Invalid, `unknown query parameter "limt"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := serve(t, sample, tt.r, func(sampleRequest) (Page[string], error) {
				t.Error("it was carried out")
				return Page[string]{}, nil
			})
			if !errs.Is(err, tt.kind) || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("got %v (%v)", err, errs.KindOf(err))
			}
		})
	}
}

func TestErrorsArriveWithTheirKindAndWithoutTheirCause(t *testing.T) {
	for _, kind := range errs.Kinds() {
		w := httptest.NewRecorder()
		WriteError(w, (&errs.Error{Kind: kind, Message: "the sentence", Err: io.ErrUnexpectedEOF}).WithDetails(map[string]int{"line": 3}), "req1")
		if strings.Contains(w.Body.String(), "EOF") {
			t.Errorf("%v shows its cause: %s", kind, w.Body)
		}
		if kind.Retryable() != (w.Header().Get("Retry-After") != "") {
			t.Errorf("%v: Retry-After %q", kind, w.Header().Get("Retry-After"))
		}
		_, err := sample.Decode(w.Result())
		if errs.KindOf(err) != kind {
			t.Errorf("%v arrived as %v", kind, errs.KindOf(err))
		}
		if kind != errs.Internal && (errs.Sentence(err) != "the sentence" || errs.Details(err) == nil) {
			t.Errorf("%v: %q %v", kind, errs.Sentence(err), errs.Details(err))
		}
		if kind == errs.Internal && !strings.Contains(err.Error(), "req1") {
			t.Errorf("an internal error does not name its request: %v", err)
		}
	}
}

func TestResponsesOfOtherServersAreASentence(t *testing.T) {
	for name, tt := range map[string]struct {
		contentType, body string
		status            int
	}{
		"a web page":      {"text/html", "<p>hello", 200},
		"a proxy's error": {"text/html", "<p>bad gateway", 502},
		"cut off":         {"application/json", `{"data":[`, 200},
		"another shape":   {"application/json", `{"data":{"a":1}}`, 200},
	} {
		w := httptest.NewRecorder()
		w.Header().Set("Content-Type", tt.contentType)
		w.WriteHeader(tt.status)
		_, _ = io.WriteString(w, tt.body)
		if _, err := sample.Decode(w.Result()); !errs.Is(err, errs.Unsupported) || !strings.Contains(err.Error(), "version of") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The predecessor dropped all times from its responses.
func TestTimesAreInTheResponses(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.UTC)
	data, err := json.Marshal(EnvVariable{Name: "A", UpdatedAt: at})
	if err != nil || !strings.Contains(string(data), `"updated_at":"2026-01-02T03:04:05.678Z"`) {
		t.Fatalf("%s %v", data, err)
	}
}

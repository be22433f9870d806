package op_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"fazt/internal/api/op"
	"fazt/internal/content"
	"fazt/internal/errs"
)

// sent is what goes over the wire for a request.
type sent struct{ method, url, contentType, body string }

func send[Req, Res any](t *testing.T, o op.Op[Req, Res], req Req) (*http.Request, sent) {
	t.Helper()
	r, err := o.NewRequest(t.Context(), "https://admin.example.com", req)
	if err != nil {
		t.Fatal(err)
	}
	s := sent{method: r.Method, url: strings.TrimPrefix(r.URL.String(), "https://admin.example.com"), contentType: r.Header.Get("Content-Type")}
	if r.Body != nil {
		data, err := io.ReadAll(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		s.body = string(data)
	}
	if r.Header.Get("Accept") != "application/json" {
		t.Errorf("%s accepts %q", o.Spec.Name, r.Header.Get("Accept"))
	}
	return r, s
}

// The wire format is a promise to clients of other versions: a change here breaks them.
func TestRequestsOnTheWire(t *testing.T) {
	zero, yes := 0, true
	for _, tt := range []struct {
		name      string
		got, want sent
	}{
		{"nothing", second(send(t, op.ServerStatus, op.None{})), sent{"GET", "/api/server", "", ""}},
		{"a page", second(send(t, op.AppList, op.List{})), sent{"GET", "/api/apps", "", ""}},
		{"the next page", second(send(t, op.AppList, op.List{Cursor: "a&b", Limit: 5})), sent{"GET", "/api/apps?cursor=a%26b&limit=5", "", ""}},
		{"a name in the path", second(send(t, op.AppGet, op.AppRef{App: "ü /?#%"})), sent{"GET", "/api/apps/%C3%BC%20%2F%3F%23%25", "", ""}},
		{"two names in the path", second(send(t, op.FileRead, op.FileRef{DeploymentRef: op.DeploymentRef{App: "a", Deployment: "live"}, Path: "a/b c.html"})), sent{"GET", "/api/apps/a/deployments/live/file?path=a%2Fb+c.html", "", ""}},
		{"a name and a body", second(send(t, op.AppRename, op.AppNewName{App: "a", Name: "b"})), sent{"POST", "/api/apps/a/rename", "application/json", `{"keep":"","name":"b"}`}},
		{"a name like the one of another value", second(send(t, op.FileList, op.FilePage{DeploymentRef: op.DeploymentRef{App: "{deployment}", Deployment: "1"}})), sent{"GET", "/api/apps/%7Bdeployment%7D/deployments/1/files", "", ""}},
		{"0 where it differs from absent", second(send(t, op.LogStats, op.ActivityFilter{MinWeight: &zero})), sent{"GET", "/api/logs/stats?min_weight=0", "", ""}},
		{"a switch", second(send(t, op.DomainRemove, op.DomainDrop{Host: "example.com", Force: true})), sent{"DELETE", "/api/domains/example.com?force=true", "", ""}},
		{"names in the query", second(send(t, op.EnvUnset, op.EnvNames{App: "a", Names: []string{"A", "B"}})), sent{"DELETE", "/api/apps/a/env?name=A&name=B", "", ""}},
		{"a map", second(send(t, op.EnvSet, op.EnvValues{App: "a", Values: map[string]string{"A": "<1>"}})), sent{"PATCH", "/api/apps/a/env", "application/json", `{"values":{"A":"\u003c1\u003e"}}`}},
		{"a whole body", second(send(t, op.LimitsSet, op.LimitsChange{App: "a", Values: map[string]json.RawMessage{"runtime": json.RawMessage(`{"vms":2}`)}})), sent{"PATCH", "/api/system/limits?app=a", "application/json", `{"runtime":{"vms":2}}`}},
		{"a query and a body", second(send(t, op.UploadBegin, op.UploadPlan{App: "a", DryRun: true, Plan: op.Plan{SPA: &yes, Files: []op.Announced{{Path: "x", Size: 3}}}})), sent{"POST", "/api/apps/a/uploads?dry_run=true", "application/json", `{"plan":{"files":[{"path":"x","sha256":"` + content.Hash{}.String() + `","size":3}],"spa":true}}`}},
		{"a stream", second(send(t, op.UploadSend, op.UploadContent{Upload: "upl_1", Body: strings.NewReader("bytes")})), sent{"PUT", "/api/uploads/upl_1/content", "application/octet-stream", "bytes"}},
	} {
		if tt.got != tt.want {
			t.Errorf("%s:\n got %+v\nwant %+v", tt.name, tt.got, tt.want)
		}
	}
	r, s := send(t, op.LogTail, op.ActivityTail{After: "7"})
	if r.Header.Get("Last-Event-ID") != "7" || s.url != "/api/logs/tail" {
		t.Errorf("%+v %v", s, r.Header)
	}
	if r, _ := send(t, op.LogTail, op.ActivityTail{}); r.Header.Values("Last-Event-ID") != nil {
		t.Error("an empty header is sent")
	}
}

func second[A, B any](_ A, b B) B { return b }

// respond returns the response of the server to a successful call.
func respond(t *testing.T, s op.Spec, result any) string {
	t.Helper()
	w := httptest.NewRecorder()
	if err := s.WriteResult(w, result); err != nil {
		t.Fatal(err)
	}
	if w.Header().Get("Content-Type") != "application/json" || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("%s: %v", s.Name, w.Header())
	}
	return strings.TrimSuffix(w.Body.String(), "\n")
}

// An absent member and a null one differ: clients of every version rely on it.
func TestResponsesOnTheWire(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 6e6, time.UTC)
	for _, tt := range []struct {
		name      string
		got, want string
	}{
		{"a document", respond(t, op.SystemHealthz.Spec, op.State{Status: "ok"}), `{"status":"ok"}`},
		{"the last page", respond(t, op.EnvList.Spec, op.Page[op.EnvVariable]{Items: []op.EnvVariable{{Name: "A", Length: 2, UpdatedAt: at}}}), `{"data":[{"name":"A","length":2,"updated_at":"2026-01-02T03:04:05.006Z"}]}`},
		{"another page", respond(t, op.EnvList.Spec, op.Page[op.EnvVariable]{Next: `a"b`}), `{"data":[],"meta":{"next":"a\"b"}}`},
		{"a list without items", respond(t, op.EnvSet.Spec, []op.EnvVariable(nil)), `{"data":[]}`},
		{"an alias of an app", respond(t, op.AliasGet.Spec, op.AliasRecord{Name: "a", Kind: "app", AppID: "app_1", App: "blog", CreatedAt: at, UpdatedAt: at}), `{"data":{"name":"a","kind":"app","app_id":"app_1","app":"blog","created_at":"2026-01-02T03:04:05.006Z","updated_at":"2026-01-02T03:04:05.006Z"}}`},
		{"a split", respond(t, op.AliasGet.Spec, op.AliasRecord{Name: "a", Kind: "split", Targets: []op.SplitTarget{{AppID: "app_1", App: "blog", Weight: 70}}, CreatedAt: at, UpdatedAt: at}), `{"data":{"name":"a","kind":"split","targets":[{"app_id":"app_1","app":"blog","weight":70}],"created_at":"2026-01-02T03:04:05.006Z","updated_at":"2026-01-02T03:04:05.006Z"}}`},
		{"a redirect", respond(t, op.AliasGet.Spec, op.AliasRecord{Name: "a", Kind: "redirect", URL: "https://b", Status: 308, KeepPath: true, CreatedAt: at, UpdatedAt: at}), `{"data":{"name":"a","kind":"redirect","url":"https://b","status":308,"keep_path":true,"created_at":"2026-01-02T03:04:05.006Z","updated_at":"2026-01-02T03:04:05.006Z"}}`},
		{"an alias that is new", respond(t, op.AliasSet.Spec, op.AliasChange{Lost: op.Lost{Unreachable: []string{}}}), `{"data":{"alias":{"name":"","kind":"","created_at":"0001-01-01T00:00:00Z","updated_at":"0001-01-01T00:00:00Z","address":""},"before":null,"unreachable":[]}}`},
		{"a key that never expires", respond(t, op.KeyRevoke.Spec, op.Key{ID: "key_1", CreatedAt: at, Scopes: []string{"read"}}), `{"data":{"id":"key_1","name":"","prefix":"","made_by":"","created_at":"2026-01-02T03:04:05.006Z","expires_at":null,"last_used_at":null,"revoked_at":null,"scopes":["read"]}}`},
		{"a function that runs", respond(t, op.AppRollback.Spec, op.DeploymentBrief{Number: 1, CreatedAt: at}), `{"data":{"number":1,"files":0,"bytes":0,"function":false,"created_at":"2026-01-02T03:04:05.006Z"}}`},
		{"a function that was stopped", respond(t, op.AppRollback.Spec, op.DeploymentBrief{Number: 1, CreatedAt: at, StoppedAt: &at}), `{"data":{"number":1,"files":0,"bytes":0,"function":false,"created_at":"2026-01-02T03:04:05.006Z","stopped_at":"2026-01-02T03:04:05.006Z"}}`},
		{"large numbers", respond(t, op.SQLQuery.Spec, op.Rows{Columns: []string{"n"}, Rows: [][]json.RawMessage{{json.RawMessage("9223372036854775807")}, {json.RawMessage("null")}}}), `{"data":{"columns":["n"],"rows":[[9223372036854775807],[null]],"changes":0,"truncated":""}}`},
	} {
		if tt.got != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", tt.name, tt.got, tt.want)
		}
	}
}

func TestAResultThatCannotBeWrittenIsAnError(t *testing.T) {
	for _, s := range []op.Spec{op.SQLQuery.Spec, op.SystemHealthz.Spec} {
		w := httptest.NewRecorder()
		if err := s.WriteResult(w, op.Rows{Rows: [][]json.RawMessage{{json.RawMessage("{")}}}); err == nil || w.Body.Len() > 0 {
			t.Errorf("%s: %v, and it wrote %q", s.Name, err, w.Body)
		}
	}
	gone := errors.New("gone")
	if err := op.SystemHealthz.Spec.WriteResult(broken{httptest.NewRecorder(), gone}, op.State{}); !errors.Is(err, gone) {
		t.Error(err)
	}
}

type broken struct {
	http.ResponseWriter
	err error
}

func (b broken) Write([]byte) (int, error) { return 0, b.err }

// respondWith decodes a response of a server, which need not be Fazt.
func respondWith(status int, contentType string, body io.Reader) (op.Page[op.AppItem], error) {
	h := http.Header{}
	if contentType != "" {
		h.Set("Content-Type", contentType)
	}
	return op.AppList.Decode(&http.Response{StatusCode: status, Header: h, ContentLength: -1, Body: io.NopCloser(body)})
}

func TestErrorsOnTheClient(t *testing.T) {
	const envelope = "application/json"
	for _, tt := range []struct {
		name        string
		status      int
		contentType string
		body        string
		kind        errs.Kind
		code, want  string
	}{
		{"a kind", 404, envelope, `{"error":{"code":"NOT_FOUND","message":"no app named x"}}`, errs.NotFound, "NOT_FOUND", "no app named x"},
		{"with a charset", 409, "Application/JSON; charset=utf-8", `{"error":{"code":"CONFLICT","message":"taken"}}`, errs.Conflict, "CONFLICT", "taken"},
		{"its own code", 404, envelope, `{"error":{"code":"NO_SUCH_ALIAS","message":"gone"}}`, errs.NotFound, "NO_SUCH_ALIAS", "gone"},
		{"a code of a newer server", 429, envelope, `{"error":{"code":"QUOTA","message":"slow down"}}`, errs.RateLimited, "QUOTA", "slow down"},
		{"a status of a newer server", 418, envelope, `{"error":{"code":"TEAPOT","message":"short and stout"}}`, errs.Internal, "TEAPOT", "short and stout"},
		{"an error with a success's status", 200, envelope, `{"error":{"code":"CONFLICT","message":"taken"}}`, errs.Conflict, "CONFLICT", "taken"},
		{"an operation that the server lacks", 404, envelope, `{"error":{"code":"UNKNOWN_OPERATION","message":"no operation at /api/apps"}}`, errs.Unsupported, "UNKNOWN_OPERATION", "the instance does not know the operation app.list"},
		{"a failure of the server", 500, envelope, `{"error":{"code":"INTERNAL","message":"it failed","request_id":"req_1"}}`, errs.Internal, "INTERNAL", "it failed (request req_1; the server's log says more)"},
		{"a failure without a request", 500, envelope, `{"error":{"code":"INTERNAL","message":"it failed"}}`, errs.Internal, "INTERNAL", "it failed"},
		{"a status without an error", 503, envelope, `{}`, errs.Internal, "INTERNAL", "the server responded with HTTP 503"},
		{"a redirect", 302, envelope, `{"data":[]}`, errs.Internal, "INTERNAL", "the server responded with HTTP 302"},
		{"a page", 200, "text/html", `<p>`, errs.Unsupported, "UNSUPPORTED", "no Fazt API at that address, or another version of it (HTTP 200)"},
		{"nothing", 204, "", "", errs.Unsupported, "UNSUPPORTED", "no Fazt API at that address, or another version of it (HTTP 204)"},
		{"half a response", 200, envelope, `{"data":[{"name":"a"}`, errs.Unsupported, "UNSUPPORTED", "the response cannot be read"},
		{"something after it", 200, envelope, `{"data":[]} {}`, errs.Unsupported, "UNSUPPORTED", "the response cannot be read"},
		{"another type", 200, envelope, `{"data":[{"name":1}]}`, errs.Unsupported, "UNSUPPORTED", "the response cannot be read"},
	} {
		_, err := respondWith(tt.status, tt.contentType, strings.NewReader(tt.body))
		if errs.KindOf(err) != tt.kind || errs.Code(err) != tt.code || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%s: %v (%v, %s)", tt.name, err, errs.KindOf(err), errs.Code(err))
		}
	}
	_, err := respondWith(409, envelope, strings.NewReader(`{"error":{"code":"CONFLICT","message":"taken","details":{"unreachable":["blog"]}}}`))
	if details, ok := errs.Details(err).(interface{ MarshalJSON() ([]byte, error) }); !ok {
		t.Errorf("details %v", errs.Details(err))
	} else if text, _ := details.MarshalJSON(); string(text) != `{"unreachable":["blog"]}` {
		t.Errorf("details %s", text)
	}
}

// A newer server may add members; a client must not fail because of them.
func TestMembersOfANewerServerAreIgnored(t *testing.T) {
	page, err := respondWith(200, "application/json", strings.NewReader(`{"data":[{"name":"a","color":"red"}],"meta":{"next":"n","total":1},"links":{}}`))
	if err != nil || len(page.Items) != 1 || page.Items[0].Name != "a" || page.Next != "n" {
		t.Errorf("%+v %v", page, err)
	}
}

func TestAResponseThatBreaksIsRetryable(t *testing.T) {
	_, err := respondWith(200, "application/json", io.MultiReader(strings.NewReader(`{"data":[`), never{}))
	if !errs.Is(err, errs.Unavailable) || !errors.Is(err, io.ErrUnexpectedEOF) || errs.Sentence(err) != "the response was cut off" {
		t.Error(err)
	}
}

type never struct{}

func (never) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// endless repeats one byte.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

func TestAnEndlessResponseIsNotReadForever(t *testing.T) {
	if !testing.Short() { // under the race detector a buffer of 64 MB takes 10 s, and no goroutines meet here
		if _, err := respondWith(200, "application/json", endless{}); !errs.Is(err, errs.Unsupported) || !strings.Contains(err.Error(), "larger than 64 MB") {
			t.Error(err)
		}
	}
	read := &counted{r: endless{}}
	if _, err := respondWith(502, "text/html", read); !errs.Is(err, errs.Unsupported) || read.n > 1<<20 {
		t.Errorf("%v after %d bytes", err, read.n)
	}
}

type counted struct {
	r io.Reader
	n int
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += n
	return n, err
}

// A peer could announce a terabyte.
func TestAnAnnouncedLengthIsNotTrusted(t *testing.T) {
	resp := &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}}, ContentLength: 1 << 40, Body: io.NopCloser(strings.NewReader(`{"data":[]}`))}
	if page, err := op.AppList.Decode(resp); err != nil || page.Items == nil {
		t.Errorf("%+v %v", page, err)
	}
}

func TestErrorsOnTheServer(t *testing.T) {
	for _, tt := range []struct {
		err        error
		status     int
		connection string
		want       string
	}{
		{errs.New(errs.NotFound, "no app named %q", "x"), 404, "", `{"error":{"code":"NOT_FOUND","message":"no app named \"x\"","request_id":"req_1"}}`},
		{errs.New(errs.TooLarge, "too much"), 413, "close", `{"error":{"code":"TOO_LARGE","message":"too much","request_id":"req_1"}}`},
		{errs.New(errs.Conflict, "taken").WithDetails(map[string][]string{"unreachable": {"blog"}}), 409, "", `{"error":{"code":"CONFLICT","message":"taken","details":{"unreachable":["blog"]},"request_id":"req_1"}}`},
	} {
		w := httptest.NewRecorder()
		op.WriteError(w, tt.err, "req_1")
		if w.Code != tt.status || w.Header().Get("Connection") != tt.connection || strings.TrimSpace(w.Body.String()) != tt.want || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%v: %d %v %s", tt.err, w.Code, w.Header(), w.Body)
		}
	}
}

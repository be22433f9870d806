package op

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"fazt/internal/errs"
)

type bodyRequest struct {
	Name  string             `path:"name"`
	Dry   bool               `query:"dry"`
	Text  string             `json:"text"`
	Yes   bool               `json:"yes"`
	N     int                `json:"n"`
	Big   int64              `json:"big"`
	F     float64            `json:"f"`
	At    *time.Time         `json:"at"`
	List  []string           `json:"list"`
	Sub   struct{ X int }    `json:"sub"`
	Map   map[string]float64 `json:"map,omitempty"`
	Fixed [2]int             `json:"fixed"`
}

const bodyMax = 100

var bodyOp = declare[bodyRequest, None]("thing.set", put, "/api/things/{name}", Admin, Itself, "", maxBody(bodyMax))

// sendBody returns what the server reads of a body.
func sendBody(t *testing.T, contentType string, body io.Reader) (got bodyRequest, err error) {
	t.Helper()
	r := httptest.NewRequest(http.MethodPut, "/api/things/a?dry=true", body)
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	r.SetPathValue("name", "a")
	return bodyOp.Parse(httptest.NewRecorder(), r)
}

func TestEveryMemberOfABodyIsRead(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name, body string
		want       bodyRequest
	}{
		{"an empty object", `{}`, bodyRequest{}},
		{"space around it", " \r\n\t{} \n", bodyRequest{}},
		{"null", `null`, bodyRequest{}},
		{"a text", `{"text":"ü\u0000"}`, bodyRequest{Text: "ü\x00"}},
		{"numbers", `{"n":-1,"big":9223372036854775807,"f":1e-3}`, bodyRequest{N: -1, Big: 1<<63 - 1, F: 0.001}},
		{"a time", `{"at":"2026-01-31T12:00:00Z"}`, bodyRequest{At: &at}},
		{"a time that is null", `{"at":null,"yes":true}`, bodyRequest{Yes: true}},
		{"lists", `{"list":["a",""],"fixed":[1,2]}`, bodyRequest{List: []string{"a", ""}, Fixed: [2]int{1, 2}}},
		{"objects", `{"sub":{"X":1},"map":{"k":2}}`, bodyRequest{Sub: struct{ X int }{1}, Map: map[string]float64{"k": 2}}},
		{"a member twice: the last counts", `{"n":1,"n":2}`, bodyRequest{N: 2}},
	} {
		tt.want.Name, tt.want.Dry = "a", true // from the path and the query
		got, err := sendBody(t, "application/json", strings.NewReader(tt.body))
		if diff := cmp.Diff(tt.want, got); err != nil || diff != "" {
			t.Errorf("%s: %v %s", tt.name, err, diff)
		}
	}
}

func TestAMemberThatDoesNotFitIsNamedWithItsType(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"text":1}`:           "invalid request for thing.set: text must be a string, not number",
		`{"yes":"true"}`:       "invalid request for thing.set: yes must be true or false, not string",
		`{"n":1.5}`:            "invalid request for thing.set: n must be a whole number, not number 1.5",
		`{"n":true}`:           "invalid request for thing.set: n must be a whole number, not bool",
		`{"big":1e30}`:         "invalid request for thing.set: big must be a whole number, not number 1e30",
		`{"f":"1"}`:            "invalid request for thing.set: f must be a number, not string",
		`{"list":{}}`:          "invalid request for thing.set: list must be an array, not object",
		`{"fixed":"x"}`:        "invalid request for thing.set: fixed must be an array, not string",
		`{"sub":[]}`:           "invalid request for thing.set: sub must be an object, not array",
		`{"sub":{"X":"1"}}`:    "invalid request for thing.set: sub.X must be a whole number, not string",
		`{"map":1}`:            "invalid request for thing.set: map must be an object, not number",
		`"text"`:               "invalid request for thing.set: it must be an object, not string",
		`{"at":"tomorrow"}`:    "invalid request for thing.set: a time must be a string such as 2026-01-31T12:00:00Z",
		`{"at":"2026-01-31"}`:  "invalid request for thing.set: a time must be a string such as 2026-01-31T12:00:00Z",
		`{"at":1}`:             "invalid request for thing.set: a time must be a string such as 2026-01-31T12:00:00Z",
		`{"color":"red"}`:      `unknown field "color"; the server may be older than the client`,
		`{"sub":{"Y":1}}`:      `unknown field "Y"; the server may be older than the client`,
		`{"name":"b"}`:         `unknown field "name"; the server may be older than the client`,
		`{"dry":false}`:        `unknown field "dry"; the server may be older than the client`,
		``:                     "the request has no body",
		` `:                    "the request has no body",
		`{"text":"a"`:          "invalid JSON for thing.set: unexpected EOF",
		`{"text":"a",}`:        "invalid JSON for thing.set: invalid character '}' looking for beginning of object key string",
		`{'text':'a'}`:         "invalid JSON for thing.set: invalid character '\\'' looking for beginning of object key string",
		`{"text":"a"} x`:       "invalid JSON for thing.set: invalid character 'x' looking for beginning of value",
		`{} {"text":"a"}`:      "invalid JSON for thing.set: unexpected data after the JSON value",
		`{}null`:               "invalid JSON for thing.set: unexpected data after the JSON value",
		"\xef\xbb\xbf" + `{}`:  "invalid JSON for thing.set: invalid character 'ï' looking for beginning of value",
		`{"text":"` + "\n\"}":  "invalid JSON for thing.set: invalid character '\\n' in string literal",
		`{"text":` + `NaN}`:    "invalid JSON for thing.set: invalid character 'N' looking for beginning of value",
		`{"list":["a" "b"]}`:   "invalid JSON for thing.set: invalid character '\"' after array element",
		`{"text":undefined}`:   "invalid JSON for thing.set: invalid character 'u' looking for beginning of value",
		`text=a&yes=true`:      "invalid JSON for thing.set: invalid character 'e' in literal true (expecting 'r')",
		`<text>a</text>`:       "invalid JSON for thing.set: invalid character '<' looking for beginning of value",
		`{"text":"a"}{"n":"b"`: "invalid JSON for thing.set: unexpected data after the JSON value",
	} {
		got, err := sendBody(t, "application/json", strings.NewReader(body))
		if !errs.Is(err, errs.Invalid) || errs.Sentence(err) != want {
			t.Errorf("%s:\n got %v (%+v)\nwant %s", body, err, got, want)
		}
	}
}

// Browsers send forms and plain text to other sites without asking; only JSON makes them ask first.
func TestOnlyJSONIsReadAsJSON(t *testing.T) {
	t.Parallel()
	for contentType, ok := range map[string]bool{
		"application/json":                  true,
		"Application/JSON":                  true,
		"application/json; charset=utf-8":   true,
		" application/json ;charset=utf-8":  true,
		"":                                  false,
		"application":                       false,
		"text/json":                         false,
		"text/plain":                        false,
		"application/jsonp":                 false,
		"application/ld+json":               false,
		"application/x-www-form-urlencoded": false,
		"multipart/form-data; boundary=x":   false,
		"application/json; charset":         false,
		"text/plain; a=application/json":    false,
		"application/json, text/plain":      false,
	} {
		_, err := sendBody(t, contentType, strings.NewReader("{}"))
		if (err == nil) != ok {
			t.Errorf("%q: %v", contentType, err)
		}
		if err != nil && (!errs.Is(err, errs.Invalid) || errs.Sentence(err) != "the request must have Content-Type: application/json") {
			t.Errorf("%q: %v", contentType, err)
		}
	}
}

func TestABodyMayBeAsLongAsItsLimit(t *testing.T) {
	t.Parallel()
	const frame = len(`{"text":""}`)
	text := func(n int) string { return `{"text":"` + strings.Repeat("x", n-frame) + `"}` }
	for _, tt := range []struct {
		name, body string
		tooLarge   bool
	}{
		{"one byte less", text(bodyMax - 1), false},
		{"the limit", text(bodyMax), false},
		{"one byte more", text(bodyMax + 1), true},
		{"the limit with space", text(bodyMax-1) + " ", false},
		{"space beyond the limit", text(bodyMax) + " ", true},
		{"another value beyond the limit", "{}" + strings.Repeat(" ", bodyMax-2) + "{}", true},
	} {
		_, err := sendBody(t, "application/json", strings.NewReader(tt.body))
		switch {
		case tt.tooLarge && (!errs.Is(err, errs.TooLarge) || errs.Sentence(err) != "the request is larger than 100 bytes"):
			t.Errorf("%s: %v", tt.name, err)
		case !tt.tooLarge && err != nil:
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	if s := declare[bodyRequest, None]("x.y", put, "/api/x", Admin, Itself, "").Spec; s.BodyLimit() != 1<<20 {
		t.Errorf("without a limit of its own, %d bytes", s.BodyLimit())
	}
}

// The members of the client's body are exactly the json fields of the request, zero values included.
func TestTheClientSendsEveryMember(t *testing.T) {
	t.Parallel()
	type sub struct {
		Skip  string            `json:"-"`
		Plain string            `json:"plain"`
		Omit  string            `json:"omit,omitempty"`
		Query string            `query:"query"`
		Path  string            `path:"path"`
		Map   map[string]string `json:"map"`
		List  []string          `json:"list"`
	}
	got, err := json.Marshal(onlyJSON(sub{Skip: "secret", Query: "q", Path: "p"}))
	if want := `{"list":null,"map":null,"omit":"","plain":""}`; err != nil || string(got) != want {
		t.Errorf("%s %v, want %s", got, err, want)
	}
	whole := wholeRequest{App: "a", Values: map[string]json.RawMessage{"b": json.RawMessage("1")}}
	if got, err := json.Marshal(onlyJSON(whole)); err != nil || string(got) != `{"b":1}` {
		t.Errorf("%s %v", got, err)
	}
	for _, tt := range []struct {
		t    reflect.Type
		json bool
		form bool
	}{
		{reflect.TypeFor[None](), false, false},
		{reflect.TypeFor[List](), false, false},
		{reflect.TypeFor[AppRef](), false, false},
		{reflect.TypeFor[Statement](), true, false},
		{reflect.TypeFor[LimitsChange](), true, false},
		{reflect.TypeFor[UploadPlan](), true, false},
		{reflect.TypeFor[UploadContent](), false, false},
		{reflect.TypeFor[ArchiveDeploy](), false, true},
	} {
		if hasJSON(tt.t) != tt.json || hasForm(tt.t) != tt.form {
			t.Errorf("%s: JSON %v, form %v", tt.t, hasJSON(tt.t), hasForm(tt.t))
		}
	}
}

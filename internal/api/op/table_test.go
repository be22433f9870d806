package op

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// The heading of an operation in the reference follows from its noun; a noun without one would be listed nowhere.
func TestTheHeadingOfAnOperation(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"app.list": "Apps", "alias.set": "Aliases", "domain.add": "Domains", "deployment.get": "Deployments", "upload.begin": "Deployments",
		"deploy.archive": "Deployments", "file.read": "Deployments", "env.set": "Environment", "server.stop": "Server", "database.check": "Server",
		"key.create": "Keys", "caller.get": "Keys", "sql.query": "SQL", "schema.openapi": "Documents", "system.health": "System",
		"limits.set": "System", "settings.get": "System", "log.list": "Activity log", "net.allow": "Outbound HTTP", "secret.set": "Outbound HTTP",
		"apps.list": "", "": "",
	} {
		if got := (Spec{Name: name}).Tag(); got != want {
			t.Errorf("%q is under %q, want %q", name, got, want)
		}
	}
}

func TestWhatAnOperationTouches(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		t    Touches
		has  []Touches
		lack []Touches
	}{
		{0, []Touches{Routes, Limits, Net, Nothing, Itself}, nil}, // not declared: everything
		{Nothing, nil, []Touches{Routes, Limits, Net, Itself, Anything}},
		{Itself, nil, []Touches{Routes, Limits, Net, Nothing, Anything}},
		{Routes, []Touches{Routes, Anything}, []Touches{Limits, Net}},
		{Limits | Net, []Touches{Limits, Net, Anything}, []Touches{Routes, Itself}},
		{Anything, []Touches{Routes, Limits, Net}, []Touches{Nothing, Itself}},
	} {
		for _, other := range tt.has {
			if !tt.t.Has(other) {
				t.Errorf("%b does not have %b", tt.t, other)
			}
		}
		for _, other := range tt.lack {
			if tt.t.Has(other) {
				t.Errorf("%b has %b", tt.t, other)
			}
		}
		if got := (Spec{Touches: tt.t}).Mutates(); got != (tt.t != Nothing) {
			t.Errorf("%b mutates: %v", tt.t, got)
		}
	}
}

// The access of an operation decides what a leaked key can do, so the ends of the list are written a second time here.
func TestWhichOperationsAreOpenAndWhichAreTheOwners(t *testing.T) {
	t.Parallel()
	got := map[Access][]string{}
	for _, s := range All() {
		got[s.Access] = append(got[s.Access], s.Name)
	}
	for access, want := range map[Access][]string{
		Nobody:  nil,
		Anyone:  {"caller.get", "schema.manifest", "schema.openapi", "system.healthz", "system.readyz"},
		Metrics: {"system.metrics"},
		Logs:    {"app.logs", "app.logs.follow", "log.list", "log.stats", "log.export", "log.tail", "net.logs", "net.logs.follow", "net.stats"},
		Data:    nil,
		Deploy:  {"app.rollback", "app.resume", "upload.begin", "upload.send", "upload.commit", "deploy.archive", "env.set", "env.unset"},
		Owner:   {"server.init", "server.stop", "server.restart", "database.backup", "sql.write"},
	} {
		if !slices.Equal(got[access], want) {
			t.Errorf("%s: %q, want %q", access, got[access], want)
		}
	}
	for _, s := range All() {
		if s.Mutates() && (s.Access == Read || s.Access == Logs || s.Access == Metrics) {
			t.Errorf("%s changes something, and %s is enough for it", s.Name, s.Access)
		}
	}
}

// newForm writes the file after everything before it, so a text declared after the file would end up inside the file.
func TestTheFileIsTheLastFieldOfAForm(t *testing.T) {
	t.Parallel()
	for _, s := range All() {
		if !hasForm(s.Req) {
			continue
		}
		all := fields(s.Req)
		for i, f := range all {
			if f.Type == reflect.TypeFor[io.Reader]() && i != len(all)-1 {
				t.Errorf("%s.%s comes after the file", s.Name, all[i+1].Name)
			}
		}
	}
}

// The commands derive their checks from these tags.
func TestTheTagsOfRequestsCanBeRead(t *testing.T) {
	t.Parallel()
	seen := 0
	for _, s := range All() {
		for _, f := range fields(s.Req) {
			if bounds, ok := f.Tag.Lookup("range"); ok {
				seen++
				low, high, found := strings.Cut(bounds, ",")
				from, err := strconv.Atoi(low)
				to := from
				if err == nil && high != "" {
					to, err = strconv.Atoi(high)
				}
				if !found || err != nil || to < from {
					t.Errorf("%s.%s has the range %q", s.Name, f.Name, bounds)
				}
			}
			if choices, ok := f.Tag.Lookup("enum"); ok {
				seen++
				list := strings.Split(choices, "|")
				if len(list) < 2 || slices.Contains(list, "") || len(slices.Compact(slices.Sorted(slices.Values(list)))) != len(list) {
					t.Errorf("%s.%s has the choices %q", s.Name, f.Name, choices)
				}
			}
			if format, ok := f.Tag.Lookup("format"); ok && format != "time" {
				t.Errorf("%s.%s has the format %q", s.Name, f.Name, format)
			}
		}
		if s.Doc == "" || !strings.HasSuffix(s.Doc, ".") || strings.ToUpper(s.Doc[:1]) != s.Doc[:1] {
			t.Errorf("the doc of %s is no sentence: %s", s.Name, s.Doc)
		}
	}
	if seen == 0 {
		t.Error("no tag was checked")
	}
}

func TestADeploymentInAListIsItsNumber(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for want, d := range map[string]DeploymentBrief{"0": {}, "7": {Number: 7}, "7 (stopped)": {Number: 7, StoppedAt: &now}} {
		if got := fmt.Sprint(d); got != want {
			t.Errorf("%+v is %q, want %q", d, got, want)
		}
	}
}

// A stream arrives in pieces of any size, and a piece may end between the CR and the LF of a line.
func TestEventsAreTheSameHoweverTheyArrive(t *testing.T) {
	t.Parallel()
	stream := "id: 1\r\nevent: e\r\ndata: a\r\ndata: b\r\n\r\n: beat\r\rdata: c\r\n\ndata\n\ndata: cut off"
	const want = `{1 e a|b}{  c}{  }`
	for name, r := range map[string]io.Reader{
		"at once":                 strings.NewReader(stream),
		"byte by byte":            iotest.OneByteReader(strings.NewReader(stream)),
		"half of what is asked":   iotest.HalfReader(strings.NewReader(stream)),
		"the end with the data":   iotest.DataErrReader(strings.NewReader(stream)),
		"byte by byte to the end": iotest.DataErrReader(iotest.OneByteReader(strings.NewReader(stream))),
	} {
		got := ""
		err := ReadEvents(r, func(e Event) error {
			got += fmt.Sprintf("{%s %s %s}", e.ID, e.Name, strings.ReplaceAll(string(e.Data), "\n", "|"))
			return nil
		})
		if err != nil || got != want {
			t.Errorf("%s: %s %v, want %s", name, got, err, want)
		}
	}
}

func TestALineOfAStreamMayBeAlmostAsLongAsTheLimit(t *testing.T) {
	t.Parallel()
	data := strings.Repeat("x", maxEvent-len("data: \n")-1)
	got := 0
	if err := ReadEvents(strings.NewReader("data: "+data+"\n\n"), func(e Event) error { got = len(e.Data); return nil }); err != nil || got != len(data) {
		t.Errorf("%d of %d bytes, %v", got, len(data), err)
	}
}

// A field of a request that is absent, zero, and given: what the client sends and the server makes of it.
func TestWhatTheClientAddsToAQuery(t *testing.T) {
	t.Parallel()
	type request struct {
		S string   `query:"s"`
		N int      `query:"n"`
		B bool     `query:"b"`
		L []string `query:"l"`
		P *int     `query:"p"`
		Q *bool    `query:"q"`
	}
	o := declare[request, None]("q.q", get, "/api/q", Anyone, Nothing, "")
	zero, no := 0, false
	for want, req := range map[string]request{
		"":                    {},
		"s=+%26%3D%C3%BC":     {S: " &=ü"},
		"n=-1":                {N: -1},
		"b=true":              {B: true},
		"l=":                  {L: []string{""}},
		"l=a&l=a":             {L: []string{"a", "a"}},
		"p=0":                 {P: &zero},
		"q=false":             {Q: &no},
		"b=true&l=x&n=2&s=s1": {S: "s1", N: 2, B: true, L: []string{"x"}},
	} {
		r, err := o.NewRequest(t.Context(), "http://h", req)
		if err != nil || r.URL.RawQuery != want || r.Body != nil || r.Header.Get("Content-Type") != "" {
			t.Errorf("%+v: %q %v, want %q", req, r.URL.RawQuery, err, want)
			continue
		}
		got, err := o.Parse(httptest.NewRecorder(), r)
		if err != nil || !reflect.DeepEqual(got, req) {
			t.Errorf("%s: the server reads %+v, %v", want, got, err)
		}
	}
	if _, err := o.NewRequest(t.Context(), "http://h:port", request{}); err == nil {
		t.Error("a base that is no address is accepted")
	}
	if r, err := o.NewRequest(t.Context(), "http://h", request{}); err != nil || r.Method != http.MethodGet || r.URL.Path != "/api/q" {
		t.Errorf("%v %v", r, err)
	}
}

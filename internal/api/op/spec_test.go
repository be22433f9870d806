package op

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestAccessHasAName(t *testing.T) {
	for access, want := range map[Access]string{Nobody: "nobody", Owner: "owner", Admin: "admin", Deploy: "deploy", Read: "read", Logs: "logs", Data: "data", Metrics: "metrics", Anyone: "anyone"} {
		if access.String() != want {
			t.Errorf("%d is %s, want %s", access, access, want)
		}
	}
	if s := declare[None, None]("x.y", get, "/api/x", 0, Nothing, "").Spec; s.Access != Nobody {
		t.Error("an operation that forgets its access is not closed")
	}
}

// Every name in a path is a field of the request, and the other way round: a field that is not in the path stays empty.
func TestEveryNameInAPathIsAFieldOfTheRequest(t *testing.T) {
	for _, s := range All() {
		var named []string
		for _, f := range fields(s.Req) {
			if name, ok := f.Tag.Lookup("path"); ok {
				named = append(named, name)
			}
		}
		inPath := s.PathNames()
		slices.Sort(named)
		slices.Sort(inPath)
		if !slices.Equal(named, inPath) {
			t.Errorf("%s: the path names %v, the request %v", s.Name, inPath, named)
		}
	}
	if got := (Spec{Path: "/api/apps/{app}/deployments/{deployment}/file"}).PathNames(); !slices.Equal(got, []string{"app", "deployment"}) {
		t.Error(got)
	}
}

// Proxies and caches drop the bodies of these, and servers do not expect them.
func TestGetAndDeleteHaveNoBody(t *testing.T) {
	for _, s := range All() {
		body := hasJSON(s.Req) || hasForm(s.Req) || slices.ContainsFunc(fields(s.Req), func(f reflect.StructField) bool { return f.Tag.Get("body") != "" })
		if body && (s.Method == http.MethodGet || s.Method == http.MethodDelete) {
			t.Errorf("%s has a body", s.Name)
		}
		if kinds := map[bool]int{hasJSON(s.Req): 1, hasForm(s.Req): 2}; hasJSON(s.Req) && hasForm(s.Req) {
			t.Errorf("%s has two bodies: %v", s.Name, kinds)
		}
	}
}

// A field without a tag would never travel, and one without a description cannot be understood from the document.
func TestEveryFieldOfARequestTravelsOnceAndIsDescribed(t *testing.T) {
	for _, s := range All() {
		for i := range s.Req.NumField() {
			if f := s.Req.Field(i); f.Anonymous && (hasJSON(f.Type) || hasForm(f.Type)) {
				t.Errorf("%s.%s is embedded and travels in the body: only fields of the request itself do", s.Name, f.Name)
			}
		}
		for _, f := range fields(s.Req) {
			ways := 0
			for _, kind := range []string{"path", "query", "header", "form", "body", "json"} {
				if _, ok := f.Tag.Lookup(kind); ok {
					ways++
				}
			}
			if ways != 1 {
				t.Errorf("%s.%s travels in %d ways", s.Name, f.Name, ways)
			}
			if _, ok := f.Tag.Lookup("json"); !ok && f.Tag.Get("desc") == "" {
				t.Errorf("%s.%s has no description", s.Name, f.Name)
			}
		}
	}
}

func TestMembersAreInSnakeCase(t *testing.T) {
	snake := regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)
	seen := map[reflect.Type]bool{}
	var walk func(r reflect.Type)
	walk = func(r reflect.Type) {
		switch r.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
			walk(r.Elem())
		case reflect.Struct:
			if seen[r] || r == reflect.TypeFor[time.Time]() || strings.HasPrefix(r.PkgPath(), "net/") {
				return
			}
			seen[r] = true
			for _, f := range fields(r) {
				name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
				if name != "" && name != "$schema" && !snake.MatchString(name) {
					t.Errorf("%s.%s is called %q", r, f.Name, name)
				}
				walk(f.Type)
			}
		}
	}
	for _, s := range All() {
		walk(s.Req)
		if s.Res != reflect.TypeFor[Stream]() {
			walk(s.Res)
		}
	}
}

func TestStreamsAndOnlyTheyHaveAMediaType(t *testing.T) {
	for _, s := range All() {
		if stream := s.Res == reflect.TypeFor[Stream](); stream != (s.Media != "") {
			t.Errorf("%s: stream %v, media type %q", s.Name, stream, s.Media)
		}
	}
}

// Uploads and streams cannot be repeated, because they cannot be compared with an earlier request.
func TestOnlyChangesWithoutStreamsMayBeRepeated(t *testing.T) {
	got := []string{}
	for _, s := range All() {
		if !s.Repeats() && s.Mutates() {
			got = append(got, s.Name)
		}
		if s.Repeats() && !s.Mutates() {
			t.Errorf("%s reads", s.Name)
		}
	}
	if want := []string{"upload.send", "deploy.archive", "database.fetch"}; !slices.Equal(got, want) {
		t.Errorf("%v change something and take no Idempotency-Key, want %v", got, want)
	}
}

func TestTheActivityLogHasTheWeightAndResourceOfAnOperation(t *testing.T) {
	for _, tt := range []struct {
		spec                     Spec
		weight, resource, inForm string
	}{
		{AppRemove.Spec, "config", "app", ""},
		{AppRollback.Spec, "deployment", "app", ""},
		{KeyCreate.Spec, "security", "key", ""},
		{ServerStop.Spec, "system", "server", ""},
		{SQLWrite.Spec, "data", "sql", ""},
		{UploadBegin.Spec, "system", "app", ""},
		{DeployArchive.Spec, "deployment", "app", "form"},
		{EnvSet.Spec, "config", "env", ""},
		{AppList.Spec, "user", "app", ""},
		{NetStats.Spec, "user", "net", "query"},
		{declare[None, None]("kv.set", put, "/api/x", Data, Itself, "").Spec, "data", "kv", ""},
		{declare[None, None]("x.y", put, "/api/x", Owner, Itself, "").Spec, "config", "x", ""},
	} {
		if got := fmt.Sprint(tt.spec.EntryWeight()); !strings.HasPrefix(got, tt.weight) {
			t.Errorf("%s: weight %s, want %s", tt.spec.Name, got, tt.weight)
		}
		if got := tt.spec.ResourceType(); got != tt.resource {
			t.Errorf("%s: resource %s, want %s", tt.spec.Name, got, tt.resource)
		}
		if tt.spec.AppInForm() != (tt.inForm == "form") || tt.spec.AppInQuery() != (tt.inForm == "query") {
			t.Errorf("%s: the app is in the form %v, in the query %v", tt.spec.Name, tt.spec.AppInForm(), tt.spec.AppInQuery())
		}
	}
}

func TestBodiesHaveALimit(t *testing.T) {
	for _, s := range All() {
		want := int64(1 << 20)
		if s.Name == "upload.begin" || s.Name == "file.fetch" {
			want = 64 << 20
		}
		if s.BodyLimit() != want {
			t.Errorf("%s: %d, want %d", s.Name, s.BodyLimit(), want)
		}
	}
}

func TestTheTargetOfAnAliasInWords(t *testing.T) {
	for want, a := range map[string]AliasRecord{
		"the app blog":                           {Kind: "app", App: "blog"},
		"https://a.example (301)":                {Kind: "redirect", URL: "https://a.example", Status: 301},
		"https://a.example (308, with the path)": {Kind: "redirect", URL: "https://a.example", Status: 308, KeepPath: true},
		"a split, blog:70,shop:30":               {Kind: "split", Targets: []SplitTarget{{App: "blog", Weight: 70}, {App: "shop", Weight: 30}}},
		"nothing (reserved)":                     {Kind: "reserved"},
	} {
		if got := a.Leads(); got != want {
			t.Errorf("%+v points to %q, want %q", a, got, want)
		}
	}
}

// A value in a query may be written in these ways and no others.
func TestValuesOfAQuery(t *testing.T) {
	type request struct {
		N       int      `query:"n"`
		B       bool     `query:"b"`
		S       string   `query:"s"`
		Names   []string `query:"name"`
		Maximum *int     `query:"max"`
	}
	o := declare[request, None]("q", get, "/api/q", Anyone, Nothing, "")
	zero, five := 0, 5
	for query, want := range map[string]any{
		"":                       request{},
		"n=-7":                   request{N: -7},
		"n=%2B7":                 request{N: 7},
		"b=1":                    request{B: true},
		"b=true":                 request{B: true},
		"b=false":                request{},
		"s=a+b%2Bc":              request{S: "a b+c"},
		"s=":                     request{},
		"name=a&name=b":          request{Names: []string{"a", "b"}},
		"name=a,b":               request{Names: []string{"a,b"}},
		"max=0":                  request{Maximum: &zero},
		"max=5":                  request{Maximum: &five},
		"n=":                     `query parameter n must be a whole number, not ""`,
		"n=1.5":                  `query parameter n must be a whole number, not "1.5"`,
		"n=0x10":                 `query parameter n must be a whole number, not "0x10"`,
		"n=99999999999999999999": `query parameter n must be a whole number, not "99999999999999999999"`,
		"b=yes":                  `query parameter b must be true or false, not "yes"`,
		"b=":                     `query parameter b must be true or false, not ""`,
		"max=null":               `query parameter max must be a whole number, not "null"`,
		"n=1&n=1":                "query parameter n is given twice",
		"max=1&max=2":            "query parameter max is given twice",
		"s=a&s=b":                "query parameter s is given twice",
		"N=1":                    `unknown query parameter "N"; the server may be older than the client`,
	} {
		r, err := http.NewRequest(http.MethodGet, "http://h/api/q?"+query, http.NoBody) // it is not sent
		if err != nil {
			t.Fatal(err)
		}
		got, err := o.Parse(nil, r)
		if sentence, ok := want.(string); ok {
			if err == nil || err.Error() != sentence {
				t.Errorf("%s: %+v, %v; want %s", query, got, err, sentence)
			}
		} else if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v; want %+v", query, got, err, want)
		}
	}
}

// Without this test, a type that the generator or the decoder does not know would fail when the server starts.
func TestEveryParameterHasATypeThatTravels(t *testing.T) {
	for _, s := range All() {
		for _, f := range fields(s.Req) {
			kind := f.Type.Kind()
			if kind == reflect.Pointer {
				kind = f.Type.Elem().Kind()
			}
			where := cmp.Or(f.Tag.Get("path"), f.Tag.Get("header"))
			query, form := f.Tag.Get("query"), f.Tag.Get("form")
			switch {
			case where != "" && kind != reflect.String,
				query != "" && kind == reflect.Slice && f.Type.Elem().Kind() != reflect.String,
				query != "" && !slices.Contains([]reflect.Kind{reflect.String, reflect.Bool, reflect.Int, reflect.Slice}, kind),
				form != "" && f.Type != reflect.TypeFor[io.Reader]() && kind != reflect.String && kind != reflect.Bool:
				t.Errorf("%s.%s is a %s", s.Name, f.Name, f.Type)
			}
		}
	}
}

package op

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"fazt/internal/errs"
)

// filler sets every field of a value to something else, so that a field that gets lost or swapped on the way shows.
type filler struct{ n int }

// filled returns a value of type t without zero fields.
func filled(t reflect.Type) reflect.Value {
	v := reflect.New(t).Elem()
	(&filler{}).fill(v)
	return v
}

func (f *filler) fill(v reflect.Value) {
	f.n++
	switch p := v.Addr().Interface().(type) {
	case *time.Time:
		*p = time.Date(2026, 1, 2, 3, 4, 5, f.n*1e6, time.UTC)
		return
	case *json.RawMessage:
		*p = fmt.Appendf(nil, `{"n":%d,"null":null}`, f.n)
		return
	case *netip.Addr:
		*p = netip.AddrFrom4([4]byte{192, 0, 2, byte(f.n)})
		return
	case *netip.Prefix:
		*p = netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(f.n), 0, 0}), 16)
		return
	case *io.Reader:
		*p = strings.NewReader(fmt.Sprint("bytes ", f.n))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(fmt.Sprintf("ü%d/a b?c&d=e#%%2F+\"<", f.n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(-f.n))
	case reflect.Uint8, reflect.Uint64:
		v.SetUint(uint64(f.n % 256))
	case reflect.Float64:
		v.SetFloat(float64(f.n) + 0.25)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		f.fill(v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		f.fill(v.Index(0))
		f.fill(v.Index(1))
	case reflect.Array:
		for i := range v.Len() {
			f.fill(v.Index(i))
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range 2 {
			key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			f.fill(key)
			f.fill(value)
			v.SetMapIndex(key, value)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				f.fill(v.Field(i))
			}
		}
	default:
		panic("no value for " + v.Type().String())
	}
}

// arrives sends a request as the client does and returns what the server reads.
func arrives(t *testing.T, s Spec, req any) (any, error) {
	t.Helper()
	r, err := s.newRequest(context.Background(), "http://h", req)
	if err != nil {
		t.Fatalf("%s: %v", s.Name, err)
	}
	return read(t, s, r)
}

// read returns what the server reads of an HTTP request.
func read(t *testing.T, s Spec, r *http.Request) (got any, err error) {
	t.Helper()
	called := false
	mux := http.NewServeMux()
	mux.HandleFunc(s.Method+" "+s.Path, func(w http.ResponseWriter, r *http.Request) {
		called = true
		v := reflect.New(s.Req)
		err = s.parse(w, r, v.Interface())
		got = v.Elem().Interface()
	})
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, r)
	if !called {
		t.Fatalf("%s: %s %s got HTTP %d", s.Name, r.Method, r.URL, w.Code)
	}
	return got, err
}

func TestEveryRequestArrivesAsItWasSent(t *testing.T) {
	for _, s := range All() {
		for name, v := range map[string]reflect.Value{"filled": filled(s.Req), "with names only": named(s.Req)} {
			got, err := arrives(t, s, v.Interface())
			if err != nil {
				t.Errorf("%s, %s: %v", s.Name, name, err)
				continue
			}
			compare(t, s.Name+", "+name, v, reflect.ValueOf(got))
		}
	}
}

// named returns a request that has only the values of its path, and a body if it takes one.
func named(t reflect.Type) reflect.Value {
	v := reflect.New(t).Elem()
	for _, p := range places(v) {
		switch {
		case p.kind == "path":
			p.value.SetString("name")
		case p.value.Type() == reflect.TypeFor[io.Reader]():
			p.value.Set(reflect.ValueOf(io.Reader(strings.NewReader("x"))))
		}
	}
	return v
}

// compare compares two values field by field; readers by what they yield.
func compare(t *testing.T, what string, want, got reflect.Value) {
	t.Helper()
	switch {
	case want.Type() == reflect.TypeFor[io.Reader]():
		g, err2 := io.ReadAll(got.Interface().(io.Reader))          // its type was compared
		w, err := io.ReadAll(rewound(want.Interface().(io.Reader))) // the same
		if err != nil || err2 != nil || len(w) == 0 || string(w) != string(g) {
			t.Errorf("%s: sent %q (%v), got %q (%v)", what, w, err, g, err2)
		}
	case want.Kind() == reflect.Struct && want.Type().PkgPath() == reflect.TypeFor[Spec]().PkgPath():
		for i := range want.NumField() {
			compare(t, what+"."+want.Type().Field(i).Name, want.Field(i), got.Field(i))
		}
	case !reflect.DeepEqual(want.Interface(), got.Interface()):
		t.Errorf("%s: sent %#v, got %#v", what, want, got)
	}
}

// rewound starts a reader from the beginning again.
func rewound(r io.Reader) io.Reader {
	if s, ok := r.(io.Seeker); ok {
		_, _ = s.Seek(0, io.SeekStart)
	}
	return r
}

func TestEveryResponseArrivesAsItWasSent(t *testing.T) {
	for _, s := range All() {
		if s.Res == reflect.TypeFor[Stream]() {
			continue
		}
		want := filled(s.Res)
		w := httptest.NewRecorder()
		if err := s.WriteResult(w, want.Interface()); err != nil {
			t.Errorf("%s: %v", s.Name, err)
			continue
		}
		got := reflect.New(s.Res)
		if err := s.decode(w.Result(), got.Interface()); err != nil {
			t.Errorf("%s: %v", s.Name, err)
			continue
		}
		compare(t, s.Name, want, got.Elem())
	}
}

// These names led to other paths.
func TestNamesThatCannotBeInAPathAreRefusedByTheClient(t *testing.T) {
	for value, want := range map[string]string{"": "app must not be empty", ".": `"." is not a valid app`, "..": `".." is not a valid app`} {
		if r, err := AppGet.NewRequest(context.Background(), "http://h", AppRef{App: value}); !errs.Is(err, errs.Invalid) || err.Error() != want {
			t.Errorf("%q: %v %v", value, r, err)
		}
	}
	if r, err := AppGet.NewRequest(context.Background(), "http://h", AppRef{App: "..."}); err != nil || r.URL.Path != "/api/apps/..." {
		t.Errorf("%v %v", r, err)
	}
}

// A client that only looks for data would take the response of any other server for an empty result.
func TestAnObjectWithoutDataIsNotAResult(t *testing.T) {
	for _, body := range []string{`{}`, `{"ok":true}`, `{"data":null}`, `{"error":null}`, `null`, `[]`} {
		for _, s := range []Spec{AppList.Spec, AppGet.Spec, EnvSet.Spec, LimitsSet.Spec, ServerStatus.Spec} {
			w := httptest.NewRecorder()
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, body)
			if err := s.decode(w.Result(), reflect.New(s.Res).Interface()); !errs.Is(err, errs.Unsupported) {
				t.Errorf("%s, %s: %v", s.Name, body, err)
			}
		}
	}
}

func TestAMalformedDocumentGivesASentence(t *testing.T) {
	w := httptest.NewRecorder()
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, `{"status":1}`)
	if _, err := SystemHealthz.Decode(w.Result()); !errs.Is(err, errs.Unsupported) || !strings.Contains(err.Error(), "another version of Fazt") {
		t.Error(err)
	}
}

// A member named like a Go field set that field: a body could make an upload a dry run, or name another app.
func TestABodySetsOnlyWhatBelongsInABody(t *testing.T) {
	for _, s := range All() {
		if !hasJSON(s.Req) {
			continue
		}
		for _, f := range fields(s.Req) {
			if _, ok := f.Tag.Lookup("json"); ok || f.Tag.Get("body") != "" || wholeBody(s.Req) {
				continue
			}
			r, err := s.newRequest(context.Background(), "http://h", named(s.Req).Interface())
			if err != nil {
				t.Fatal(err)
			}
			value, _ := json.Marshal(filled(f.Type).Interface())
			r.Body = io.NopCloser(strings.NewReader(fmt.Sprintf("{%q:%s}", f.Name, value)))
			if got, err := read(t, s, r); !errs.Is(err, errs.Invalid) || !strings.Contains(err.Error(), "unknown field") {
				t.Errorf("%s.%s: %+v %v", s.Name, f.Name, got, err)
			}
		}
	}
}

func wholeBody(t reflect.Type) bool {
	for _, f := range fields(t) {
		if f.Tag.Get("body") == "json" {
			return true
		}
	}
	return false
}

// A filter that cannot be read was left out, and a cleanup removed the entries of all apps.
func TestAQueryThatCannotBeReadIsRefused(t *testing.T) {
	for _, query := range []string{"app=%zz&force=true", "app=a;force=true", "force=true&%"} {
		r := httptest.NewRequest(http.MethodDelete, "/api/logs", http.NoBody)
		r.URL.RawQuery = query
		if got, err := read(t, LogCleanup.Spec, r); !errs.Is(err, errs.Invalid) || !strings.Contains(err.Error(), "the query cannot be parsed") {
			t.Errorf("%s: %+v %v", query, got, err)
		}
	}
}

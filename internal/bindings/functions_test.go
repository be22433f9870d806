package bindings

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"fazt/internal/errs"
	"fazt/internal/runtime/bind"
	"fazt/internal/storage"
)

// kept is a store that notes what it is asked for.
type kept struct {
	asked   string
	value   []byte
	existed bool
	page    storage.Page
	err     error
}

func (k *kept) note(s storage.Scope, format string, args ...any) {
	k.asked = fmt.Sprintf("%s/%s ", s.App, s.User) + fmt.Sprintf(format, args...)
}

func (k *kept) Get(_ context.Context, s storage.Scope, key string) ([]byte, bool, error) {
	k.note(s, "get %s", key)
	return k.value, k.value != nil, k.err
}

func (k *kept) Set(_ context.Context, s storage.Scope, key string, value []byte, ttl time.Duration) error {
	k.note(s, "set %s %s %s", key, value, ttl)
	return k.err
}

func (k *kept) Delete(_ context.Context, s storage.Scope, key string) (bool, error) {
	k.note(s, "delete %s", key)
	return k.existed, k.err
}

func (k *kept) List(_ context.Context, s storage.Scope, o storage.ListOptions) (storage.Page, error) {
	k.note(s, "list %q %q %d", o.Prefix, o.Cursor, o.Limit)
	return k.page, k.err
}

// folder is the private folder of a deployment.
type folder struct {
	files map[string]string
	err   error
}

func (f folder) PrivateFile(_ context.Context, deployment, path string) ([]byte, error) {
	if text, ok := f.files[deployment+"/"+path]; ok {
		return []byte(text), f.err
	}
	return nil, f.err
}

func (f folder) HasPrivateFile(_ context.Context, deployment, path string) (bool, error) {
	_, ok := f.files[deployment+"/"+path]
	return ok, f.err
}

func (f folder) PrivateFiles(context.Context, string) ([]string, error) {
	return []string{"a.json", "b.txt"}, f.err
}

// run calls a function by its full name, and returns its result as JSON; "" = undefined.
func run(t *testing.T, d Deps, name, arguments string) (string, error) {
	t.Helper()
	i := strings.LastIndex(name, ".")
	for _, n := range All(d) {
		for _, f := range n.Members {
			if n.Path == name[:i] && f.Name == name[i+1:] {
				got, err := f.Run(&bind.Call{Context: t.Context(), AppID: "app_1", AppName: "blog", Deployment: "dep_1", User: "usr_1", Version: "v9"}, arguments)
				return string(got), err
			}
		}
	}
	t.Fatalf("there is no %s", name)
	return "", nil
}

func TestTheInvocationIsDescribed(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"fazt.version": `"v9"`, "fazt.app.id": `"app_1"`, "fazt.app.name": `"blog"`} {
		if got, err := run(t, Deps{}, name, "[]"); err != nil || got != want {
			t.Errorf("%s is %s, %v", name, got, err)
		}
	}
}

func TestValuesAreKeptForTheAppAndNotForItsVisitor(t *testing.T) {
	t.Parallel()
	at := time.UnixMilli(1_700_000_000_123)
	for _, tt := range []struct {
		name, arguments string
		kv              kept
		asked, want     string
	}{
		{"get", `["k"]`, kept{value: []byte(`{"a":1}`)}, "get k", `{"a":1}`},
		{"get", `["k"]`, kept{value: []byte(`null`)}, "get k", `null`},
		{"get", `["k"]`, kept{}, "get k", ""},
		{"set", `["k",{"a": 1}]`, kept{}, `set k {"a": 1} 0s`, ""},
		{"set", `["k",null]`, kept{}, `set k null 0s`, ""},
		{"set", `["k",1,{"ttl":1500}]`, kept{}, `set k 1 1.5s`, ""},
		{"set", `["k",1,{"ttl":0.5}]`, kept{}, `set k 1 500µs`, ""},
		{"set", `["k",1,{"ttl":1e300}]`, kept{}, `set k 1 2562047h47m16.854775807s`, ""},
		{"delete", `["k"]`, kept{existed: true}, "delete k", "true"},
		{"delete", `["k"]`, kept{}, "delete k", "false"},
		{"list", `[]`, kept{}, `list "" "" 0`, `{"$entries":[]}`},
		{"list", `["p",{"limit":5,"cursor":"c"}]`, kept{}, `list "p" "c" 5`, `{"$entries":[]}`},
		{"list", `["p",{"limit":-5}]`, kept{}, `list "p" "" -5`, `{"$entries":[]}`},
		{"list", `["p"]`, kept{page: storage.Page{Next: "b", Entries: []storage.Entry{{Key: "a", Value: []byte("1")}, {Key: "b", Value: []byte(`"x"`), ExpiresAt: at}}}}, `list "p" "" 0`,
			`{"$entries":[{"key":"a","value":1},{"key":"b","value":"x","expiresAt":1700000000123}],"cursor":"b"}`},
	} {
		kv := tt.kv
		got, err := run(t, Deps{KV: &kv}, "fazt.app.kv."+tt.name, tt.arguments)
		if err != nil || got != tt.want || kv.asked != "app_1/ "+tt.asked {
			t.Errorf("%s%s: %s %v, after %q; want %s after %q", tt.name, tt.arguments, got, err, kv.asked, tt.want, tt.asked)
		}
	}
	full := errs.New(errs.StorageFull, "it is full")
	for name, arguments := range map[string]string{"get": `["k"]`, "set": `["k",1]`, "delete": `["k"]`, "list": `[]`} {
		if got, err := run(t, Deps{KV: &kept{err: full, existed: true, value: []byte("1")}}, "fazt.app.kv."+name, arguments); !errors.Is(err, full) || got != "" {
			t.Errorf("%s: %s %v", name, got, err)
		}
	}
	for _, call := range [][2]string{{"get", `[]`}, {"get", `[7]`}, {"set", `[null,1]`}, {"set", `["k",1,{"tll":1}]`}, {"set", `["k",1,{"ttl":"1"}]`}, {"list", `[7]`}, {"list", `["p",{"limit":1.5}]`},
		{"set", `["k"]`}, {"set", `["k",1,{"ttl":0}]`}, {"set", `["k",1,{"ttl":-1}]`}, {"set", `["k",1,{"ttl":null}]`}, {"set", `["k",1,{"ttl":true}]`}} {
		kv := &kept{}
		if got, err := run(t, Deps{KV: kv}, "fazt.app.kv."+call[0], call[1]); !errs.Is(err, errs.Invalid) || kv.asked != "" {
			t.Errorf("%s: %s %v after %q", call, got, err, kv.asked)
		}
	}
}

func TestPrivateFilesAreReadFromTheRunningDeployment(t *testing.T) {
	t.Parallel()
	files := folder{files: map[string]string{
		"dep_1/a.txt": "h\u00e9\x00\"", "dep_1/empty": "", "dep_1/bytes": "\xff", "dep_1/a.json": `{"a": [1]}`, "dep_1/half.json": `{"a":`, "dep_1/two.json": `1 2`, "dep_2/a.txt": "of another",
	}}
	for _, tt := range []struct{ name, path, want, err string }{
		{"read", "a.txt", `"h` + "\u00e9" + `\u0000\""`, ""},
		{"read", "empty", `""`, ""},
		{"read", "missing", "", ""},
		{"read", "bytes", "", "private/bytes is not valid UTF-8"},
		{"readJSON", "a.json", `{"a": [1]}`, ""},
		{"readJSON", "missing", "", ""},
		{"readJSON", "empty", "", "private/empty is not valid JSON"},
		{"readJSON", "half.json", "", "private/half.json is not valid JSON"},
		{"readJSON", "two.json", "", "private/two.json is not valid JSON"},
		{"readJSON", "bytes", "", "private/bytes is not valid JSON"},
		{"exists", "a.txt", "true", ""},
		{"exists", "empty", "true", ""},
		{"exists", "missing", "false", ""},
	} {
		argument, _ := json.Marshal([]string{tt.path})
		got, err := run(t, Deps{Private: files}, "fazt.private."+tt.name, string(argument))
		if got != tt.want || (err == nil) != (tt.err == "") || err != nil && (errs.Sentence(err) != tt.err || !errs.Is(err, errs.Invalid)) {
			t.Errorf("%s of %s: %s %v, want %s %s", tt.name, tt.path, got, err, tt.want, tt.err)
		}
	}
	if got, err := run(t, Deps{Private: files}, "fazt.private.list", "[]"); err != nil || got != `["a.json","b.txt"]` {
		t.Errorf("%s %v", got, err)
	}
	damaged := errs.New(errs.Internal, "the content is damaged")
	files.err = damaged
	for _, name := range []string{"read", "readJSON", "exists", "list"} {
		if got, err := run(t, Deps{Private: files}, "fazt.private."+name, `["a.json"]`); !errors.Is(err, damaged) || got != "" {
			t.Errorf("%s: %s %v", name, got, err)
		}
	}
}

func TestSleepEndsAfterItsTimeOrWithTheInvocation(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := sleep()
		if !f.Async {
			t.Error("it blocks the VM")
		}
		for ms, want := range map[string]time.Duration{
			"0": 0, "-5": 0, "1": time.Millisecond, "1.5": 1500 * time.Microsecond, "1000": time.Second, "60000": 30 * time.Second,
		} {
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			began := time.Now()
			got, err := f.Run(&bind.Call{Context: ctx}, "["+ms+"]")
			cancel()
			if took := time.Since(began); took != want || got != nil || (err != nil) != (want == 30*time.Second) || err != nil && !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("sleep(%s) took %s, want %s: %s %v", ms, took, want, got, err)
			}
		}
		for _, argument := range []string{"[]", "[null]", `["1"]`, "[{}]"} {
			if _, err := f.Run(&bind.Call{Context: t.Context()}, argument); !errs.Is(err, errs.Invalid) {
				t.Errorf("sleep(%s): %v", argument, err)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if _, err := f.Run(&bind.Call{Context: ctx}, fmt.Sprintf("[%g]", math.MaxFloat64)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a sleep longer than any time ended early: %v", err)
		}
	})
}

// A name that is declared twice would hide the other, and a function without a doc would be missing in the reference.
func TestEveryFunctionHasItsOwnNameAndADoc(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, n := range All(Deps{}) {
		if n.Doc == "" || seen[n.Path] {
			t.Errorf("%s is declared twice or has no doc", n.Path)
		}
		seen[n.Path] = true
		for _, f := range n.Members {
			name := n.Path + "." + f.Name
			if f.Doc == "" || !strings.HasSuffix(f.Doc, ".") || seen[name] {
				t.Errorf("%s is declared twice or has no doc", name)
			}
			seen[name] = true
			for _, p := range f.Params {
				if p.Name == "" || p.Doc == "" || p.Type == "" {
					t.Errorf("%s has the parameter %+v", name, p)
				}
			}
		}
	}
	if len(seen) < 20 {
		t.Errorf("only %d names were checked", len(seen))
	}
}

package op

import (
	"reflect"
	"strings"
	"testing"
)

// shared are the packages outside the API whose types go over the wire. Each declares its fields once, also for others
// than the API, and a new field of theirs is public. All other domain types are converted to types of package op.
var shared = map[string]string{
	"fazt/internal/system":   "limits and settings, from whose tags the API, the commands and the documents derive",
	"fazt/internal/activity": "an entry is stored, exported and followed in one form",
	"fazt/internal/content":  "a hash travels as its text",
}

// If only a tag keeps a secret off the wire, one edit exposes it.
func TestTypesOnTheWireBelongToTheAPIAndHideNothing(t *testing.T) {
	seen := map[reflect.Type]bool{}
	var walk func(r reflect.Type, from string)
	walk = func(r reflect.Type, from string) {
		if seen[r] {
			return
		}
		seen[r] = true
		if pkg := r.PkgPath(); strings.HasPrefix(pkg, "fazt/") && !strings.HasPrefix(pkg, "fazt/internal/api/") && shared[pkg] == "" {
			t.Errorf("%s contains %s: convert it to a type of package op", from, r)
		}
		switch r.Kind() {
		case reflect.Map:
			walk(r.Key(), from)
			walk(r.Elem(), from)
		case reflect.Pointer, reflect.Slice, reflect.Array:
			walk(r.Elem(), from)
		case reflect.Struct:
			for i := range r.NumField() {
				f := r.Field(i)
				if f.Tag.Get("json") == "-" {
					t.Errorf("%s.%s is hidden only by its tag: use a type without it", r, f.Name)
				}
				if f.IsExported() || f.Anonymous {
					walk(f.Type, r.String())
				}
			}
		}
	}
	for _, s := range All() {
		walk(s.Req, s.Name)
		walk(s.Res, s.Name)
	}
	if len(seen) < 100 {
		t.Fatalf("only %d types were checked", len(seen))
	}
}

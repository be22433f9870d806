package op

import (
	"maps"
	"reflect"
	"slices"
	"testing"
)

// hidden are the fields of wire types that JSON leaves out.
var hidden = []string{
	"apps.Arm.Token",              // the cookie of visitors; aliases still travel as their domain type
	"auth.APIKey.Scopes",          // shown with the names of apps instead
	"hosting.Damage.AppID",        // shown by the name of the app
	"hosting.Damage.DeploymentID", // shown by its number
}

// A secret that only a tag keeps from the wire is one edit away from it.
func TestWireTypesHideNoFieldsButTheKnownOnes(t *testing.T) {
	found, seen := map[string]bool{}, map[reflect.Type]bool{}
	var walk func(reflect.Type)
	walk = func(r reflect.Type) {
		switch r.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
			walk(r.Elem())
		case reflect.Struct:
			if seen[r] {
				return
			}
			seen[r] = true
			for i := range r.NumField() {
				f := r.Field(i)
				if f.Tag.Get("json") == "-" {
					found[r.String()+"."+f.Name] = true
				}
				if f.IsExported() || f.Anonymous {
					walk(f.Type)
				}
			}
		}
	}
	for _, s := range All() {
		walk(s.Req)
		walk(s.Res)
	}
	if got := slices.Sorted(maps.Keys(found)); !slices.Equal(got, hidden) {
		t.Errorf("fields that only a tag keeps from the wire: %q, known %q", got, hidden)
	}
}

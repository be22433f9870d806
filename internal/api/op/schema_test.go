package op

import (
	"encoding/json"
	"io"
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"fazt/internal/content"
	"fazt/internal/errs"
	"fazt/internal/system"
)

// asJSON returns a schema in one line.
func asJSON(t *testing.T, schema any) string {
	t.Helper()
	data, err := json.Marshal(schema)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestTheSchemaOfAType(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		t    reflect.Type
		want string
	}{
		{reflect.TypeFor[bool](), `{"type":"boolean"}`},
		{reflect.TypeFor[int](), `{"type":"integer"}`},
		{reflect.TypeFor[int64](), `{"type":"integer"}`},
		{reflect.TypeFor[uint8](), `{"type":"integer"}`},
		{reflect.TypeFor[uint64](), `{"type":"integer"}`},
		{reflect.TypeFor[float64](), `{"type":"number"}`},
		{reflect.TypeFor[string](), `{"type":"string"}`},
		{reflect.TypeFor[*string](), `{"anyOf":[{"type":"string"},{"type":"null"}]}`},
		{reflect.TypeFor[[]int](), `{"items":{"type":"integer"},"type":"array"}`},
		{reflect.TypeFor[[][]string](), `{"items":{"items":{"type":"string"},"type":"array"},"type":"array"}`},
		{reflect.TypeFor[map[string]bool](), `{"additionalProperties":{"type":"boolean"},"type":"object"}`},
		{reflect.TypeFor[time.Time](), `{"format":"date-time","type":"string"}`},
		{reflect.TypeFor[*time.Time](), `{"anyOf":[{"format":"date-time","type":"string"},{"type":"null"}]}`},
		{reflect.TypeFor[json.RawMessage](), `{}`},
		{reflect.TypeFor[io.Reader](), `{}`},
		{reflect.TypeFor[content.Hash](), `{"type":"string"}`},
		{reflect.TypeFor[netip.Addr](), `{"type":"string"}`},
		{reflect.TypeFor[[]netip.Prefix](), `{"items":{"type":"string"},"type":"array"}`},
		{reflect.TypeFor[Usage](), `{"$ref":"#/components/schemas/Usage"}`},
		{reflect.TypeFor[*Usage](), `{"anyOf":[{"$ref":"#/components/schemas/Usage"},{"type":"null"}]}`},
		{reflect.TypeFor[system.Ignored](), `{"$ref":"#/components/schemas/SystemIgnored"}`},
	} {
		g := &generator{schemas: map[string]any{}}
		if got := asJSON(t, g.schema(tt.t)); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.t, got, tt.want)
		}
	}
	func() {
		defer func() {
			if got := recover(); got != "op: type chan int has no place in the API" {
				t.Errorf("a channel: %v", got)
			}
		}()
		(&generator{}).schema(reflect.TypeFor[chan int]())
	}()
}

type node struct {
	List                        // its fields belong to the node
	Name       string           `json:"name" desc:"what it is called"`
	Children   []*node          `json:"children,omitempty"`
	Note       string           `json:"-"`
	Elsewhere  string           `query:"elsewhere"`
	unexported string           //nolint:unused // it must not show
	Named      map[string]*node `json:"named"`
}

// A schema that describes a member that does not travel, or that never ends, would break every client that is generated from it.
func TestTheSchemaOfAStructHasItsMembersAndNoOthers(t *testing.T) {
	t.Parallel()
	g := &generator{schemas: map[string]any{}}
	if got := asJSON(t, g.schema(reflect.TypeFor[node]())); got != `{"$ref":"#/components/schemas/node"}` {
		t.Error(got)
	}
	const child = `{"anyOf":[{"$ref":"#/components/schemas/node"},{"type":"null"}]}`
	want := `{"node":{"properties":{"children":{"items":` + child + `,"type":"array"},"name":{"description":"what it is called","type":"string"},"named":{"additionalProperties":` + child + `,"type":"object"}},"type":"object"}}`
	if got := asJSON(t, g.schemas); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	var names []string
	for _, f := range fields(reflect.TypeFor[node]()) {
		names = append(names, f.Name)
	}
	if want := []string{"Cursor", "Limit", "Name", "Children", "Note", "Elsewhere", "Named"}; !slices.Equal(names, want) {
		t.Errorf("fields %v, want %v", names, want)
	}
}

func TestTheSchemaOfAResponse(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		spec Spec
		want string
	}{
		"one value":  {declare[None, string]("a.b", get, "/api/a", Read, Nothing, "").Spec, `{"application/json":{"schema":{"properties":{"data":{"type":"string"}},"required":["data"],"type":"object"}}}`},
		"a list":     {declare[None, []int]("a.b", get, "/api/a", Read, Nothing, "").Spec, `{"application/json":{"schema":{"properties":{"data":{"items":{"type":"integer"},"type":"array"}},"required":["data"],"type":"object"}}}`},
		"a page":     {declare[List, Page[int]]("a.b", get, "/api/a", Read, Nothing, "").Spec, `{"application/json":{"schema":{"properties":{"data":{"items":{"type":"integer"},"type":"array"},"meta":{"properties":{"next":{"description":"cursor of the next page; absent on the last one","type":"string"}},"type":"object"}},"required":["data"],"type":"object"}}}`},
		"a document": {declare[None, string]("a.b", get, "/api/a", Read, Nothing, "", bare).Spec, `{"application/json":{"schema":{"type":"object"}}}`},
		"a stream":   {declare[None, Stream]("a.b", get, "/api/a", Read, Nothing, "", streams("text/csv")).Spec, `{"text/csv":{}}`},
	} {
		if got := asJSON(t, (&generator{schemas: map[string]any{}}).content(tt.spec)); got != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, tt.want)
		}
	}
}

func TestTheSchemaOfAFormRequiresWhatIsNoPointer(t *testing.T) {
	t.Parallel()
	type form struct {
		App  string    `form:"app" desc:"which app"`
		Note *string   `form:"note" desc:"why"`
		Yes  *bool     `form:"yes"`
		File io.Reader `form:"file" desc:"the bytes"`
	}
	got := (&generator{}).form(reflect.TypeFor[form]())
	want := map[string]any{"type": "object", "required": []string{"app", "file"}, "properties": map[string]any{
		"app":  map[string]any{"type": "string", "description": "which app"},
		"note": map[string]any{"type": "string", "description": "why"},
		"yes":  map[string]any{"type": "boolean", "description": ""},
		"file": map[string]any{"type": "string", "format": "binary", "description": "the bytes"},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestTheSchemaOfAnErrorNamesEveryCode(t *testing.T) {
	t.Parallel()
	schema := asJSON(t, errorSchema())
	for _, k := range errs.Kinds() {
		if !strings.Contains(schema, strconv.Quote(k.Code())) {
			t.Errorf("the code %s is missing", k.Code())
		}
	}
	if !strings.Contains(schema, `"required":["code","message"]`) || !strings.Contains(schema, `"required":["error"]`) {
		t.Error(schema)
	}
}

package bind

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"fazt/internal/errs"
)

func TestTheTypeScriptOfAGoType(t *testing.T) {
	t.Parallel()
	type inner struct {
		A string `json:"a"`
		B *bool  `json:"b,omitempty"`
		C int    `json:"c" optional:"true"`
	}
	for _, tt := range []struct {
		t    reflect.Type
		want string
	}{
		{reflect.TypeFor[string](), "string"},
		{reflect.TypeFor[bool](), "boolean"},
		{reflect.TypeFor[int](), "number"},
		{reflect.TypeFor[int8](), "number"},
		{reflect.TypeFor[uint64](), "number"},
		{reflect.TypeFor[float32](), "number"},
		{reflect.TypeFor[float64](), "number"},
		{reflect.TypeFor[any](), "any"},
		{reflect.TypeFor[json.RawMessage](), "any"},
		{reflect.TypeFor[*string](), "string | undefined"},
		{reflect.TypeFor[[]string](), "string[]"},
		{reflect.TypeFor[[][]int](), "number[][]"},
		{reflect.TypeFor[map[string]int](), "{ [name: string]: number }"},
		{reflect.TypeFor[map[string][]any](), "{ [name: string]: any[] }"},
		{reflect.TypeFor[struct{}](), "void"},
		{reflect.TypeFor[inner](), "{ a: string; b?: boolean | undefined; c?: number }"},
		{reflect.TypeFor[[]inner](), "{ a: string; b?: boolean | undefined; c?: number }[]"},
	} {
		if got := tsType(tt.t); got != tt.want {
			t.Errorf("%s is %s, want %s", tt.t, got, tt.want)
		}
	}
	for _, none := range []reflect.Type{reflect.TypeFor[chan int](), reflect.TypeFor[func()](), reflect.TypeFor[complex64](), reflect.TypeFor[[2]int]()} {
		func() {
			defer func() {
				if text, _ := recover().(string); !strings.HasPrefix(text, "bind: type "+none.String()+" ") {
					t.Errorf("%s: %q", none, text)
				}
			}()
			tsType(none)
		}()
	}
}

func TestTheParametersOfAFunctionAreItsFields(t *testing.T) {
	t.Parallel()
	f := Fn("f", "Does it.", func(_ *Call, _ struct {
		A string         `js:"a" doc:"the first"`
		B map[string]any `js:"b" ts:"Headers"`
		C float64        `js:"c" optional:"true"`
		D bool           `js:"d" optional:"false"`
	}) (bool, error) {
		return true, nil
	})
	want := []Param{{"a", "the first", "string", false}, {"b", "", "Headers", false}, {"c", "", "number", true}, {"d", "", "boolean", false}}
	if diff := cmp.Diff(want, f.Params); diff != "" {
		t.Error(diff)
	}
	if f.Name != "f" || f.Doc != "Does it." || f.Result != "boolean" || f.Async || f.Constant || f.Blocks || f.Paged || !f.Installed() {
		t.Errorf("%+v", f)
	}
	if got, want := f.signature(), "f(a: string, b: Headers, c?: number, d: boolean): boolean"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestWhatAFunctionCanBeDeclaredToDo(t *testing.T) {
	t.Parallel()
	run := func(*Call, struct{}) (int, error) { return 7, nil }
	for name, tt := range map[string]struct {
		f         Func
		signature string
		want      Func // only its switches
	}{
		"a function":           {Fn("f", "", run), "f(): number", Func{}},
		"one that waits":       {Fn("f", "", run).Waits(), "f(): number", Func{Blocks: true}},
		"one with pages":       {Fn("f", "", run).Pages(), "f(): number", Func{Paged: true}},
		"both":                 {Fn("f", "", run).Waits().Pages(), "f(): number", Func{Blocks: true, Paged: true}},
		"another result":       {Fn("f", "", run).Returns("1 | 7"), "f(): 1 | 7", Func{}},
		"a promise":            {Async("f", "", run), "f(): Promise<number>", Func{Async: true}},
		"of another result":    {Async("f", "", run).Returns("Date"), "f(): Promise<Date>", Func{Async: true}},
		"a property":           {Value("f", "", func(*Call) string { return "x" }), "f(): string", Func{Constant: true}},
		"one that Go does not": {Script("f(...x: unknown[]): void", ""), "f(...x: unknown[]): void", Func{}},
	} {
		f := tt.f
		if f.Name != "f" || f.signature() != tt.signature {
			t.Errorf("%s: %s is declared as %s, want %s", name, f.Name, f.signature(), tt.signature)
		}
		if f.Blocks != tt.want.Blocks || f.Paged != tt.want.Paged || f.Async != tt.want.Async || f.Constant != tt.want.Constant {
			t.Errorf("%s: %+v", name, f)
		}
		if got, want := f.Installed(), !strings.Contains(tt.signature, "unknown"); got != want {
			t.Errorf("%s: installed %v", name, got)
		}
	}
	plain := Fn("f", "", run)
	if plain.Waits().Pages().Returns("x"); plain.Blocks || plain.Paged || plain.Result != "number" {
		t.Errorf("a declaration changed the one that it derives from: %+v", plain)
	}
}

// undefined and null differ in JavaScript: a value that is missing must not come back as null.
func TestTheResultOfAFunction(t *testing.T) {
	t.Parallel()
	text := "x"
	for name, tt := range map[string]struct {
		f    Func
		want string // "" = undefined
	}{
		"nothing":           {Fn("f", "", func(*Call, struct{}) (struct{}, error) { return struct{}{}, nil }), ""},
		"no pointer":        {Fn("f", "", func(*Call, struct{}) (*string, error) { return nil, nil }), ""}, // that is the case
		"a pointer":         {Fn("f", "", func(*Call, struct{}) (*string, error) { return &text, nil }), `"x"`},
		"no JSON":           {Fn("f", "", func(*Call, struct{}) (json.RawMessage, error) { return nil, nil }), ""},
		"JSON":              {Fn("f", "", func(*Call, struct{}) (json.RawMessage, error) { return json.RawMessage(`{ "a": 1 }`), nil }), `{ "a": 1 }`},
		"null":              {Fn("f", "", func(*Call, struct{}) (json.RawMessage, error) { return json.RawMessage(`null`), nil }), `null`},
		"no interface":      {Fn("f", "", func(*Call, struct{}) (any, error) { return nil, nil }), ""}, // the same
		"an empty text":     {Fn("f", "", func(*Call, struct{}) (string, error) { return "", nil }), `""`},
		"false":             {Fn("f", "", func(*Call, struct{}) (bool, error) { return false, nil }), `false`},
		"zero":              {Fn("f", "", func(*Call, struct{}) (int, error) { return 0, nil }), `0`},
		"a list":            {Fn("f", "", func(*Call, struct{}) ([]string, error) { return []string{"a"}, nil }), `["a"]`},
		"of the invocation": {Value("f", "", func(c *Call) string { return c.AppID + c.User }), `"app_1usr_1"`},
	} {
		got, err := tt.f.Run(&Call{AppID: "app_1", User: "usr_1"}, "[]")
		if err != nil || string(got) != tt.want || (got == nil) != (tt.want == "") {
			t.Errorf("%s: %q %v, want %q", name, got, err, tt.want)
		}
	}
	broken := errs.New(errs.NotFound, "it is gone")
	fails := Fn("f", "", func(*Call, struct{}) (string, error) { return "half", broken })
	if got, err := fails.Run(&Call{}, "[]"); got != nil || !errors.Is(err, broken) {
		t.Errorf("%q %v", got, err)
	}
	bad := Fn("f", "", func(*Call, struct{}) (any, error) { return make(chan int), nil })
	if got, err := bad.Run(&Call{}, "[]"); got != nil || err == nil {
		t.Errorf("%q %v", got, err)
	}
}

func TestArgumentsOfEveryKind(t *testing.T) {
	t.Parallel()
	type args struct {
		Raw  json.RawMessage `js:"raw"`
		Text *string         `js:"text" optional:"true"`
		List []int           `js:"list" optional:"true"`
	}
	var got args
	f := Fn("f", "", func(_ *Call, a args) (struct{}, error) { got = a; return struct{}{}, nil })
	text := "x"
	for arguments, want := range map[string]args{
		`[null]`:              {Raw: json.RawMessage("null")},
		`[{"b": [1]}]`:        {Raw: json.RawMessage(`{"b": [1]}`)},
		`["a",null,null]`:     {Raw: json.RawMessage(`"a"`)},
		`[1,"x"]`:             {Raw: json.RawMessage("1"), Text: &text},
		`[1,null,[1,2]]`:      {Raw: json.RawMessage("1"), List: []int{1, 2}},
		`[1,null,[],"extra"]`: {Raw: json.RawMessage("1"), List: []int{}},
	} {
		got = args{}
		if _, err := f.Run(&Call{}, arguments); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v %v, want %+v", arguments, got, err, want)
		}
	}
	for arguments, want := range map[string]string{
		``:             "f: invalid arguments",
		`[]`:           "f: raw is missing",
		`null`:         "f: raw is missing",
		`[`:            "f: invalid arguments",
		`"a"`:          "f: invalid arguments",
		`[1,7]`:        "f: text must be string | undefined",
		`[1,"x",7]`:    "f: list must be number[]",
		`[1,"x",[""]]`: "f: list must be number[]",
	} {
		if _, err := f.Run(&Call{}, arguments); !errs.Is(err, errs.Invalid) || errs.Sentence(err) != want {
			t.Errorf("%s: %v, want %s", arguments, err, want)
		}
	}
}

func TestThePreludeKnowsWhatIsRequired(t *testing.T) {
	t.Parallel()
	type none struct{}
	type some struct {
		A string `js:"a"`
		B string `js:"b" optional:"true"`
	}
	type middle struct {
		A string `js:"a" optional:"true"`
		B string `js:"b"`
		C string `js:"c" optional:"true"`
	}
	functions, described := Installed([]Namespace{{Path: "fazt.x", Members: []Func{
		Fn("none", "", func(*Call, none) (struct{}, error) { return struct{}{}, nil }),
		Script("written(): void", ""),
		Async("some", "", func(*Call, some) (struct{}, error) { return struct{}{}, nil }),
		Fn("middle", "", func(*Call, middle) (struct{}, error) { return struct{}{}, nil }).Pages(),
		Value("value", "", func(*Call) int { return 1 }),
	}}})
	want := `[{"path":"fazt.x","name":"none","index":0,"async":false,"constant":false,"page":false,"params":[],"required":0},` +
		`{"path":"fazt.x","name":"some","index":1,"async":true,"constant":false,"page":false,"params":["a","b"],"required":1},` +
		`{"path":"fazt.x","name":"middle","index":2,"async":false,"constant":false,"page":true,"params":["a","b","c"],"required":2},` +
		`{"path":"fazt.x","name":"value","index":3,"async":false,"constant":true,"page":false,"params":[],"required":0}]`
	if described != want || len(functions) != 4 || functions[2].Name != "middle" {
		t.Errorf("%d functions, %s", len(functions), described)
	}
}

func TestNamespacesAreNestedByTheirPaths(t *testing.T) {
	t.Parallel()
	var list []Namespace
	for _, path := range []string{"fazt.b", "fazt", "fazt.a", "fazt.a.deep", "faztx.c", "fazt.ab"} {
		list = append(list, Namespace{Path: path, Doc: "About " + path + "."})
	}
	for path, want := range map[string]string{"fazt": "fazt.a fazt.ab fazt.b", "fazt.a": "fazt.a.deep", "fazt.b": "", "faztx": "faztx.c"} {
		if got := strings.Join(children(path, list), " "); got != want {
			t.Errorf("below %s: %q, want %q", path, got, want)
		}
	}
	for path, want := range map[string]string{"fazt": "Fazt", "fazt.app.kv": "FaztAppKv", "a.b": "AB"} {
		if got := interfaceName(path); got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
	ts := string(TypeScript(list))
	for _, want := range []string{"/** About fazt. */\ninterface Fazt {\n\treadonly a: FaztA;\n\treadonly ab: FaztAb;\n\treadonly b: FaztB;\n}\n", "interface FaztA {\n\treadonly deep: FaztADeep;\n}\n"} {
		if !strings.Contains(ts, want) {
			t.Errorf("missing %q in\n%s", want, ts)
		}
	}
	if !strings.HasSuffix(ts, "}\n") || strings.HasSuffix(ts, "\n\n") {
		t.Errorf("the file ends with %q", ts[len(ts)-5:])
	}
}

func TestAMemberIsDocumented(t *testing.T) {
	t.Parallel()
	f := Fn("f", "Does it.", func(_ *Call, _ struct {
		A string `js:"a" doc:"the first"`
		B string `js:"b"`
	}) (bool, error) {
		return true, nil
	})
	list := []Namespace{{Path: "fazt", Doc: "All of it.", Members: []Func{f, Value("v", "The version.", func(*Call) string { return "" }), Script("s(x: any): void", "In JavaScript.")}}}
	ts := string(TypeScript(list))
	for _, want := range []string{
		"\t/**\n\t * Does it.\n\t * @param a the first\n\t */\n\tf(a: string, b: string): boolean;\n",
		"\t/**\n\t * The version.\n\t */\n\treadonly v: string;\n",
		"\t/**\n\t * In JavaScript.\n\t */\n\ts(x: any): void;\n",
	} {
		if !strings.Contains(ts, want) {
			t.Errorf("missing %q in\n%s", want, ts)
		}
	}
	md := string(Markdown(list, Modules{Node: []string{"fs", "path"}, Standard: []string{"yaml"}}))
	for _, want := range []string{
		"`fs`, `path`", "standard modules: `yaml`\n", "\n### fazt\n\nAll of it.\n",
		"\n#### `fazt.f(a: string, b: string): boolean`\n\nDoes it.\n\n- `a`: the first\n- `b`: \n", "\n#### `fazt.v: string`\n\nThe version.\n", "\n#### `fazt.s(x: any): void`\n\nIn JavaScript.\n",
	} {
		if !strings.Contains(md, want) {
			t.Errorf("missing %q in\n%s", want, md)
		}
	}
	if strings.ContainsAny(md, "^") || strings.Contains(md, "%!") {
		t.Error("the introduction was not filled in")
	}
}

package bind

import (
	"encoding/json"
	"strings"
	"testing"

	"fazt/internal/errs"
)

type args struct {
	Key     string          `js:"key" doc:"a key"`
	Value   json.RawMessage `js:"value"`
	Count   int             `js:"count" optional:"true"`
	Options struct {
		TTL float64 `json:"ttl" optional:"true"`
	} `js:"options" optional:"true"`
}

func sample() Func {
	return Fn("sample", "A sample.", func(_ *Call, a args) (map[string]any, error) {
		return map[string]any{"key": a.Key, "value": a.Value, "count": a.Count, "ttl": a.Options.TTL}, nil
	})
}

func TestArguments(t *testing.T) {
	for name, tt := range map[string]struct{ arguments, want, err string }{
		"all":              {`["k",{"a":1},3,{"ttl":5}]`, `{"count":3,"key":"k","ttl":5,"value":{"a":1}}`, ""},
		"optional left":    {`["k",1]`, `{"count":0,"key":"k","ttl":0,"value":1}`, ""},
		"undefined value":  {`["k",null]`, `{"count":0,"key":"k","ttl":0,"value":null}`, ""},
		"too many":         {`["k",1,2,{},"more"]`, `{"count":2,"key":"k","ttl":0,"value":1}`, ""},
		"missing":          {`[]`, "", "sample: key is missing; it must be string"},
		"null for text":    {`[null]`, "", "sample: key is missing; it must be string"},
		"wrong type":       {`[7,1]`, "", "sample: key must be string"},
		"wrong number":     {`["k",1,"x"]`, "", "sample: count must be number"},
		"unknown option":   {`["k",1,2,{"tll":5}]`, "", "sample: options must be { ttl?: number }"},
		"fraction for int": {`["k",1,1.5]`, "", "sample: count must be number"},
		"not a list":       {`{}`, "", "sample: invalid arguments"},
	} {
		t.Run(name, func(t *testing.T) {
			f := sample()
			got, err := f.Run(&Call{}, tt.arguments)
			if tt.err != "" {
				if !errs.Is(err, errs.Invalid) || !strings.Contains(err.Error(), tt.err) {
					t.Fatalf("got %v, want %q", err, tt.err)
				}
				return
			}
			if err != nil || string(got) != tt.want {
				t.Fatalf("got %s, %v", got, err)
			}
		})
	}
}

func FuzzArguments(f *testing.F) {
	f.Add(`["k",1]`)
	f.Add(`["k",{"a":[]},1e99,{"ttl":-1}]`)
	f.Fuzz(func(t *testing.T, arguments string) {
		fn := sample()
		result, err := fn.Run(&Call{}, arguments)
		if err == nil && !json.Valid(result) {
			t.Fatalf("%s gave %s", arguments, result)
		}
		if err != nil && !errs.Is(err, errs.Invalid) {
			t.Fatalf("%s: %v", arguments, err)
		}
	})
}

func TestDeclarations(t *testing.T) {
	list := []Namespace{
		{Path: "fazt", Doc: "Top.", Members: []Func{Value("version", "Version.", func(*Call) string { return "1" }), sample()}},
		{Path: "fazt.x", Doc: "Below.", Members: []Func{Async("wait", "Wait.", func(*Call, struct{}) (struct{}, error) { return struct{}{}, nil })}},
	}
	ts := string(TypeScript(list))
	for _, want := range []string{"declare const fazt: Fazt;", "readonly version: string;", "sample(key: string, value: any, count?: number, options?: { ttl?: number }): { [name: string]: any };", "readonly x: FaztX;", "wait(): Promise<void>;"} {
		if !strings.Contains(ts, want) {
			t.Errorf("missing %q in\n%s", want, ts)
		}
	}
	if md := string(Markdown(list, Modules{})); !strings.Contains(md, "### `fazt.x.wait(): Promise<void>`") || !strings.Contains(md, "- `key`: a key") {
		t.Error(md)
	}
}

package schema

import (
	"encoding/json"
	"strings"
	"testing"

	"fazt/internal/errs"
)

type sample struct {
	Run struct {
		Timeout int     `json:"timeout" label:"Deadline" desc:"How long" unit:"ms" default:"5000" range:"10,60000" scope:"app"`
		Share   float64 `json:"share" default:"0.5" range:"0,1" live:"false"`
	} `json:"run" label:"Runs" desc:"One run"`
	Name   string            `json:"name,omitempty" range:"2,5" pattern:"^[a-z]+$" required:"true"`
	Mode   string            `json:"mode" enum:"fast|slow" default:"fast"`
	Tags   []string          `json:"tags" range:",2"`
	Spa    *bool             `json:"spa"`
	Labels map[string]string `json:"labels"`
	Fixed  int               `json:"fixed" readonly:"true" default:"7"`
	hidden int
}

func valid() sample {
	v := Defaults[sample]()
	v.Name = "abc"
	return v
}

func TestDefaultsComeFromTheTags(t *testing.T) {
	v := Defaults[sample]()
	if v.Run.Timeout != 5000 || v.Run.Share != 0.5 || v.Mode != "fast" || v.Fixed != 7 || v.Spa != nil || v.hidden != 0 {
		t.Fatalf("got %+v", v)
	}
}

func TestSet(t *testing.T) {
	tests := []struct {
		path, text, wantErr string
	}{
		{"run.timeout", "10", ""},
		{"run.timeout", "9", "run.timeout must be at least 10 ms"},
		{"run.timeout", "60001", "run.timeout must be at most 1 min"},
		{"run.timeout", "1e3", `run.timeout must be a whole number, not "1e3"`},
		{"run.timeout", "99999999999999999999", "must be a whole number"},
		{"run.share", "1.01", "run.share must be at most 1"},
		{"run.share", "x", "run.share must be a number"},
		{"name", "abcdef", "name must be at most 5 characters"},
		{"name", "ab1", `name: "ab1" does not have the form`},
		{"mode", "slow", ""},
		{"mode", "medium", `mode must be one of fast, slow, not "medium"`},
		{"spa", "true", ""},
		{"spa", "yes", `spa must be true or false, not "yes"`},
		{"tags", `["a","b"]`, ""},
		{"tags", `["a","b","c"]`, "tags must be at most 2 entries"},
		{"tags", `"a"`, "tags must be a JSON array"},
		{"labels", `{"a":"b"}`, ""},
		{"fixed", "8", "fixed is read-only"},
		{"run", "8", "no such name: run"},
		{"hidden", "8", "no such name: hidden"},
	}
	for _, tt := range tests {
		t.Run(tt.path+"="+tt.text, func(t *testing.T) {
			v := valid()
			before, _ := json.Marshal(v)
			err := Set(&v, tt.path, tt.text)
			if tt.wantErr == "" {
				if err != nil {
					t.Fatal(err)
				}
				if got, _ := Get(&v, tt.path); got != tt.text {
					t.Fatalf("reads back %q", got)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.wantErr) || !errs.Is(err, errs.Invalid) {
				t.Fatalf("got %v, want %q", err, tt.wantErr)
			}
			if after, _ := json.Marshal(v); string(after) != string(before) {
				t.Fatalf("a refused value changed something: %s", after)
			}
		})
	}
}

func TestValidateNamesThePath(t *testing.T) {
	v := valid()
	if err := Validate(&v); err != nil {
		t.Fatal(err)
	}
	v.Name = ""
	if err := Validate(&v); err == nil || err.Error() != "name is missing" {
		t.Fatalf("got %v", err)
	}
	v = valid()
	v.Run.Timeout = 1
	if err := Validate(&v); err == nil || !strings.Contains(err.Error(), "run.timeout") {
		t.Fatalf("got %v", err)
	}
}

func TestMistakesInTagsAreReported(t *testing.T) {
	mistakes := map[string]func(){
		"unknown tag": func() {
			Of[struct {
				A int `json:"a" dafault:"1"`
			}]()
		},
		"no json tag": func() { Of[struct{ A int }]() },
		"bad default": func() {
			Of[struct {
				A int `json:"a" default:"x"`
			}]()
		},
		"default outside": func() {
			Of[struct {
				A int `json:"a" default:"9" range:"1,5"`
			}]()
		},
		"bad range": func() {
			Of[struct {
				A int `json:"a" range:"5"`
			}]()
		},
		"bad pattern": func() {
			Of[struct {
				A string `json:"a" pattern:"("`
			}]()
		},
		"unsupported type": func() {
			Of[struct {
				A chan int `json:"a"`
			}]()
		},
	}
	for name, f := range mistakes {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Fatal("the mistake was not reported")
				}
			}()
			f()
		})
	}
}

func TestJSONSchema(t *testing.T) {
	got, err := json.Marshal(Of[sample]().JSONSchema("x", "Sample", "A sample"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"timeout":{"default":5000,"description":"How long","maximum":60000,"minimum":10,"title":"Deadline","type":"integer","x-per-app":true,"x-unit":"ms"}`,
		`"name":{"maxLength":5,"minLength":2,"pattern":"^[a-z]+$","type":"string"}`,
		`"mode":{"default":"fast","enum":["fast","slow"],"type":"string"}`,
		`"tags":{"items":{"type":"string"},"maxItems":2,"type":"array"}`,
		`"labels":{"additionalProperties":{"type":"string"},"type":"object"}`,
		`"run":{"additionalProperties":false,"description":"One run"`,
		`"required":["name"]`,
		`"readOnly":true`,
	} {
		if !strings.Contains(string(got), want) {
			t.Errorf("missing %s in\n%s", want, got)
		}
	}
}

func TestAttributes(t *testing.T) {
	s := Of[sample]()
	timeout, _ := s.Field("run.timeout")
	share, _ := s.Field("run.share")
	if !timeout.PerApp || timeout.Restart || !share.Restart || share.PerApp {
		t.Fatalf("timeout %+v, share %+v", timeout, share)
	}
}

func TestAnUnknownPathSuggestsTheNearest(t *testing.T) {
	for path, want := range map[string]string{
		"run.timeout":     "",
		"run.timout":      `there is no limit "run.timout"; did you mean run.timeout?`,
		"timeout":         `there is no limit "timeout"; did you mean run.timeout?`,
		"walk.timeout":    `there is no limit "walk.timeout"; did you mean run.timeout?`,
		"run":             "run is a group; use one limit in it, such as run.timeout",
		"nothing.like.it": `there is no limit "nothing.like.it"`,
		"":                `there is no limit ""`,
	} {
		_, err := Of[sample]().Lookup("limit", path)
		if (err == nil) != (want == "") || err != nil && (err.Error() != want || !errs.Is(err, errs.Invalid)) {
			t.Errorf("%q: %v, want %q", path, err, want)
		}
	}
	if _, err := Of[sample]().Lookup("limit", strings.Repeat("x", 1<<20)); err == nil || len(err.Error()) > 200 {
		t.Error("a path without end is repeated")
	}
}

func TestGroupsKeepTheOrderOfDeclaration(t *testing.T) {
	groups := Of[sample]().Groups()
	if len(groups) != 2 || groups[0].Name != "run" || groups[0].Label != "Runs" || groups[0].Desc != "One run" || len(groups[0].Fields) != 2 || groups[1].Name != "" || groups[1].Fields[0].Path != "name" {
		t.Errorf("%+v", groups)
	}
}

func TestValueReturnsTheValueInTheStruct(t *testing.T) {
	v := valid()
	if Value(&v, "run.timeout") != 5000 || Value(&v, "name") != "abc" || Value(&v, "none") != nil {
		t.Error(Value(&v, "run.timeout"))
	}
}

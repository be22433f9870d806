package main

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTheHeadOfATestSaysHowItRuns(t *testing.T) {
	both := []job{{Path: "x.js"}, {"x.js", true}}
	for _, test := range []struct {
		name, head string
		want       []job
	}{
		{"nothing", "", both},
		{"other flags", "flags: [generated, async]\nfeatures: [Map]\n", both},
		{"strict only", "flags: [onlyStrict]\n", both[1:]},
		{"never strict", "flags:\n  - noStrict\n  - async\n", both[:1]},
		{"as it is", "flags: [raw]\n", both[:1]},
		{"a module", "flags: [module, async]\n", nil},
		{"a feature of browsers", "features: [IsHTMLDDA]\n", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, modes("x.js", "// a comment\n/*---\ndescription: x\n"+test.head+"---*/\n1;")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestATestMayHaveToFail(t *testing.T) {
	m := parseMeta("/*---\nnegative:\n  phase: parse\n  type: SyntaxError\nincludes: [a.js, b.js]\n---*/")
	if diff := cmp.Diff([]string{"a.js", "b.js"}, m.includes); diff != "" {
		t.Error(diff)
	}
	for _, test := range []struct {
		err  error
		good bool
	}{
		{nil, false}, {errNotDone, false}, {errors.New("SyntaxError: x"), true}, {errors.New("SyntaxError"), true},
		{errors.New("SyntaxErrors: x"), false}, {errors.New("TypeError: SyntaxError"), false}, {errors.New("thrown: SyntaxError: x"), true},
	} {
		if got := verdict(m, test.err); (got == nil) != test.good {
			t.Errorf("%v: %v", test.err, got)
		}
	}
	if verdict(meta{}, errNotDone) != nil || verdict(meta{flags: []string{"async"}}, errNotDone) == nil {
		t.Error("an asynchronous test must report its end, another need not")
	}
}

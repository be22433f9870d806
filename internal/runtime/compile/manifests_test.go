package compile

import (
	"io/fs"
	"testing"
)

func TestWhatAPackageSaysOfItsFiles(t *testing.T) {
	t.Parallel()
	all := map[string]string{
		"package.json":                           `{"type":"module"}`,
		"node_modules/none/package.json":         `{"sideEffects":false}`,
		"node_modules/none/esm/package.json":     `{"type":"module"}`,
		"node_modules/some/package.json":         `{"type":"module","sideEffects":["./a.js","*.css","lib/**/*.x.js","b?.js"]}`,
		"node_modules/odd/package.json":          `{"sideEffects":{},"type":1}`,
		"node_modules/broken/package.json":       `{`,
		"node_modules/@s/scoped/package.json":    `{"sideEffects":false}`,
		"node_modules/none/node_modules/q/a.txt": "",
	}
	m := manifests{read: func(name string) ([]byte, error) {
		text, ok := all[name]
		if !ok {
			return nil, fs.ErrNotExist
		}
		return []byte(text), nil
	}}
	for _, tt := range []struct {
		file       string
		pure, node bool
	}{
		{"api/main.js", false, true}, {"api/main.cjs", false, false}, {"api/data.json", false, false}, {"", false, false},
		{"node_modules/none/a.js", true, false}, {"node_modules/none/b/c/a.mjs", true, true}, {"node_modules/none/esm/a.js", false, true},
		{"node_modules/none/node_modules/q/a.js", false, false}, {"node_modules/unknown/a.js", false, false},
		{"node_modules/some/a.js", false, true}, {"node_modules/some/b/a.js", true, true}, {"node_modules/some/deep/x.css", false, false}, {"node_modules/some/lib/y.x.js", false, true},
		{"node_modules/some/lib/1/2/y.x.js", false, true}, {"node_modules/some/lib/y.js", true, true}, {"node_modules/some/b1.js", false, true}, {"node_modules/some/b/.js", true, true},
		{"node_modules/odd/a.js", false, false}, {"node_modules/broken/a.js", false, false}, {"node_modules/@s/scoped/a.js", true, false},
	} {
		if pure, node := m.pure(tt.file), m.node(tt.file); pure != tt.pure || node != tt.node {
			t.Errorf("%s: pure %v, a module %v", tt.file, pure, node)
		}
	}
}

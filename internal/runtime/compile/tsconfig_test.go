package compile

import (
	"encoding/json"
	"io/fs"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTheSettingsOfTypeScript(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		files files
		want  string
	}{
		"none":     {files{}, ""},
		"no code":  {files{"tsconfig.json": `{"compilerOptions":{"strict":true,"outDir":"dist"},"references":[]}`}, ""},
		"broken":   {files{"tsconfig.json": `{"compilerOptions":`}, ""},
		"comments": {files{"tsconfig.json": "// a \"b\n{ /* } */ \"compilerOptions\": { \"jsx\": \"react-jsx\", // x\n \"jsxImportSource\": \"hono//jsx\\\"/*\", }, }"}, `{"jsx":"react-jsx","jsxImportSource":"hono//jsx\"/*"}`},
		"extends":  {files{"tsconfig.json": `{"extends":["./a","@tsconfig/b","@tsconfig/c/x.json"],"compilerOptions":{"target":"ES2022"}}`, "a.json": `{"extends":"./sub/d.json","compilerOptions":{"jsx":"react"}}`, "sub/d.json": `{"compilerOptions":{"jsxFactory":"h","target":"ES5","paths":{"@/*":["../x/*"]}}}`, "node_modules/@tsconfig/b/tsconfig.json": `{"compilerOptions":{"experimentalDecorators":true}}`, "node_modules/@tsconfig/c/x.json": `{"compilerOptions":{"useDefineForClassFields":false}}`}, `{"jsx":"react","jsxFactory":"h","target":"ES2022","experimentalDecorators":true,"useDefineForClassFields":false,"paths":{"@/*":["./x/*"]}}`},
		"a circle": {files{"tsconfig.json": `{"extends":"./tsconfig.json","compilerOptions":{"jsx":"react"}}`}, `{"jsx":"react"}`},
		"base":     {files{"tsconfig.json": `{"compilerOptions":{"baseUrl":"src","paths":{"~/*":["lib/*","../../o/*"],"a":["b.ts"]}}}`}, `{"paths":{"*":["./src/*"],"~/*":["./src/lib/*","../o/*"],"a":["./src/b.ts"]}}`},
		"preserve": {files{"tsconfig.json": `{"compilerOptions":{"jsx":"preserve","jsxImportSource":"solid-js"}}`}, `{"jsx":"react-jsx","jsxImportSource":"solid-js"}`},
		"nearest":  {files{"tsconfig.json": `{"compilerOptions":{"jsx":"react"}}`, "api/tsconfig.json": `{"compilerOptions":{"jsx":"react-jsx"}}`}, `{"jsx":"react-jsx"}`},
	} {
		got := tsconfig(func(name string) ([]byte, error) {
			text, ok := tt.files[name]
			if !ok {
				return nil, fs.ErrNotExist
			}
			return []byte(text), nil
		})
		var have, want struct{ CompilerOptions map[string]any }
		if got != "" {
			if err := json.Unmarshal([]byte(got), &have); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if tt.want != "" {
			if err := json.Unmarshal([]byte(`{"compilerOptions":`+tt.want+`}`), &want); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(want, have); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

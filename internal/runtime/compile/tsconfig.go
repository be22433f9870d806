package compile

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
)

// tsconfig returns the settings of the nearest tsconfig.json of a function that change what its code means, with those of the
// files it extends; "" if there are none. read returns a file of the folder, or of a package in it.
func tsconfig(read func(name string) ([]byte, error)) string {
	for _, name := range []string{"api/tsconfig.json", "tsconfig.json", "api/jsconfig.json", "jsconfig.json"} {
		if data, err := read(name); err == nil {
			options := compilerOptions(bounded(read), name, data, 0)
			if len(options) == 0 {
				return ""
			}
			text, err := json.Marshal(map[string]any{"compilerOptions": options})
			if err != nil {
				return ""
			}
			return string(text)
		}
	}
	return ""
}

// bounded returns a reader of files that reads 50 of them: files can extend each other in more ways than anybody has time for.
func bounded(read func(string) ([]byte, error)) func(string) ([]byte, error) {
	left := 50
	return func(name string) ([]byte, error) {
		if left--; left < 0 {
			return nil, fs.ErrNotExist
		}
		return read(name)
	}
}

// onlySettings returns the settings of a text that came with a deployment, and nothing that would make the bundler read files.
func onlySettings(text []byte) string {
	var given struct{ CompilerOptions map[string]any }
	if json.Unmarshal(text, &given) != nil {
		return ""
	}
	options := map[string]any{}
	for _, key := range settings() {
		switch value := given.CompilerOptions[key].(type) {
		case string, bool:
			options[key] = value
		}
	}
	if len(options) == 0 {
		return ""
	}
	clean, _ := json.Marshal(map[string]any{"compilerOptions": options})
	return string(clean)
}

// settings are the members of compilerOptions that change what code means.
func settings() []string {
	return []string{"jsx", "jsxFactory", "jsxFragmentFactory", "jsxImportSource", "experimentalDecorators", "useDefineForClassFields", "verbatimModuleSyntax", "target"}
}

// compilerOptions returns the settings of a file. Paths in the result are relative to the root of the folder.
func compilerOptions(read func(string) ([]byte, error), name string, data []byte, depth int) map[string]any {
	var file struct {
		Extends         any
		CompilerOptions map[string]any
	}
	options := map[string]any{}
	if json.Unmarshal(PlainJSON(data), &file) != nil || depth > 10 {
		return options // the bundler ignores such a file as well
	}
	bases, _ := file.Extends.([]any)
	if base, ok := file.Extends.(string); ok {
		bases = []any{base}
	}
	for _, base := range bases {
		if text, ok := base.(string); ok {
			if found, data := extended(read, path.Dir(name), text); data != nil {
				maps.Copy(options, compilerOptions(read, found, data, depth+1))
			}
		}
	}
	for _, key := range settings() {
		if value, ok := file.CompilerOptions[key]; ok {
			options[key] = value
		}
	}
	if options["jsx"] == "preserve" { // another tool would transform it
		delete(options, "jsx")
		if options["jsxImportSource"] != nil {
			options["jsx"] = "react-jsx"
		}
	}
	if paths := pathsOf(path.Dir(name), file.CompilerOptions); len(paths) > 0 {
		options["paths"] = paths
	}
	return options
}

// extended returns the file that an "extends" means.
func extended(read func(string) ([]byte, error), dir, name string) (string, []byte) {
	if !isRelative(name) {
		name = path.Join("node_modules", name)
	} else {
		name = path.Join(dir, name)
	}
	for _, name := range []string{name, name + ".json", path.Join(name, "tsconfig.json")} {
		if data, err := read(name); err == nil {
			return name, data
		}
	}
	return "", nil
}

// pathsOf returns where imports are looked for, relative to the root of the folder.
func pathsOf(dir string, options map[string]any) map[string][]string {
	result := map[string][]string{}
	base, hasBase := options["baseUrl"].(string)
	from := path.Join(dir, base)
	place := func(target string) string {
		full := path.Join(from, target)
		if !strings.HasPrefix(full, "../") {
			full = "./" + full
		}
		return full
	}
	paths, _ := options["paths"].(map[string]any)
	for pattern, targets := range paths {
		list, _ := targets.([]any)
		for _, target := range list {
			if text, ok := target.(string); ok {
				result[pattern] = append(result[pattern], place(text))
			}
		}
	}
	if hasBase && result["*"] == nil {
		result["*"] = []string{place("*")}
	}
	return result
}

// PlainJSON removes comments and trailing commas, which the configuration files of tools may have.
func PlainJSON(data []byte) []byte {
	data = slices.Clone(data)
	out := data[:0]
	for i := 0; i < len(data); i++ {
		rest := string(data[i:min(i+2, len(data))])
		switch {
		case data[i] == '"':
			end := i + 1
			for end < len(data)-1 && data[end] != '"' {
				if data[end] == '\\' {
					end++
				}
				end++
			}
			end = min(end, len(data)-1)
			out = append(out, data[i:end+1]...)
			i = end
		case rest == "//":
			for i < len(data)-1 && data[i+1] != '\n' {
				i++
			}
		case rest == "/*":
			end := bytes.Index(data[i+2:], []byte("*/"))
			if end < 0 {
				return out
			}
			i += end + 3
		case data[i] == '}' || data[i] == ']':
			if trimmed := bytes.TrimRight(out, " \t\r\n"); bytes.HasSuffix(trimmed, []byte(",")) {
				out = trimmed[:len(trimmed)-1]
			}
			out = append(out, data[i])
		default:
			out = append(out, data[i])
		}
	}
	return out
}

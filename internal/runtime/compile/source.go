package compile

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"

	"fazt/internal/errs"
)

// Source reads the files of one deployment.
type Source interface {
	// ReadFile returns the content of a file, or an error that is fs.ErrNotExist.
	ReadFile(ctx context.Context, path string) ([]byte, error)
	// Exists reports whether the deployment has the file.
	Exists(path string) bool
}

// Diagnostic is one error in the source, with its position.
type Diagnostic struct {
	File   string   `json:"file"`
	Line   int      `json:"line"`   // from 1
	Column int      `json:"column"` // from 1
	Text   string   `json:"text"`
	Frame  string   `json:"frame"` // the line, with a mark under the position
	Notes  []string `json:"notes,omitempty"`
}

// entries returns the possible entry files of a function; the first that exists is used.
func entries() []string {
	return []string{"api/main.ts", "api/main.tsx", "api/main.js", "api/main.mjs"}
}

// UnusedEntries describes which file is the entry of a function if there are several candidates; otherwise it returns "".
func UnusedEntries(exists func(path string) bool) string {
	found := slices.DeleteFunc(entries(), func(path string) bool { return !exists(path) })
	if len(found) < 2 {
		return ""
	}
	return "the function begins with " + found[0] + "; not used: " + strings.Join(found[1:], ", ")
}

// HasFunction reports whether a deployment has a function.
func HasFunction(src Source) bool { return slices.ContainsFunc(entries(), src.Exists) }

func loader(name string) api.Loader {
	switch path.Ext(name) {
	case ".ts", ".mts", ".cts":
		return api.LoaderTS
	case ".tsx":
		return api.LoaderTSX
	case ".jsx":
		return api.LoaderJSX
	case ".json":
		return api.LoaderJSON
	case ".txt", ".html", ".md", ".css", ".sql", ".svg", ".xml", ".csv", ".yaml", ".yml", ".graphql", ".gql":
		return api.LoaderText
	case ".wasm", ".bin", ".png", ".jpg", ".jpeg", ".gif", ".webp", ".ico", ".ttf", ".otf", ".woff", ".woff2", ".pdf", ".zip", ".gz":
		return api.LoaderBinary
	}
	return api.LoaderJS
}

// probe looks for a file at a path: as it is, with an omitted extension, and as a folder with an index file.
func probe(src Source, full string) (string, bool) {
	extensions := []string{"", ".ts", ".tsx", ".js", ".mjs", ".jsx", ".json"}
	for _, ext := range extensions {
		if src.Exists(full + ext) {
			return full + ext, true
		}
	}
	if stem, ok := strings.CutSuffix(full, ".js"); ok { // TypeScript imports name the compiled file
		for _, ext := range []string{".ts", ".tsx"} {
			if src.Exists(stem + ext) {
				return stem + ext, true
			}
		}
	}
	for _, ext := range extensions[1:] {
		if src.Exists(path.Join(full, "index"+ext)) {
			return path.Join(full, "index"+ext), true
		}
	}
	return "", false
}

// frame returns the line with a mark under the position.
func frame(l *api.Location) string {
	number := fmt.Sprintf("%5d | ", l.Line)
	indent := strings.Map(func(r rune) rune {
		if r == '\t' {
			return r
		}
		return ' '
	}, l.LineText[:min(l.Column, len(l.LineText))])
	return fmt.Sprintf("%s%s\n      | %s%s", number, l.LineText, indent, strings.Repeat("^", max(1, min(l.Length, 60))))
}

func unprocessable(list []Diagnostic) error {
	first := list[0]
	text := first.Text
	if first.File != "" {
		text = fmt.Sprintf("%s:%d:%d: %s", first.File, first.Line, first.Column, first.Text)
	}
	if len(list) > 1 {
		text += fmt.Sprintf(" (and %d more)", len(list)-1)
	}
	return errs.New(errs.Unprocessable, "%s", text).WithDetails(list)
}

func isRelative(name string) bool {
	return strings.HasPrefix(name, "./") || strings.HasPrefix(name, "../") || name == "." || name == ".." || strings.HasPrefix(name, "/")
}

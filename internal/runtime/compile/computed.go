package compile

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// The bundler reads some files directly from the disk of its machine, without asking a plugin: the source map that a
// comment names, and the files that require("./" + name) could mean. The source is changed so that it finds neither.

// mapComment matches the start of a comment that names a source map.
var mapComment = regexp.MustCompile(`[#@]( sourceMappingURL=)`)

// withoutReading returns the source of a file, changed so that only imports with literal names refer to files. Line numbers
// stay the same. import.meta becomes a call of the prelude, because the bundle is not a module.
func withoutReading(name, source string, loader api.Loader, settings string) string {
	switch loader {
	case api.LoaderJS, api.LoaderJSX, api.LoaderTS, api.LoaderTSX:
	default:
		return source
	}
	source = mapComment.ReplaceAllString(source, " $1")
	if !mayCompute(source) {
		return source
	}
	result := api.Transform(source, api.TransformOptions{
		Loader: loader, Format: api.FormatESModule, Target: api.ES2022, Define: defines(), TsconfigRaw: settings, LogLevel: api.LogLevelSilent,
		Supported:   map[string]bool{"import-meta": false},
		LogOverride: map[string]api.LogLevel{computedImport: api.LogLevelError, computedRequire: api.LogLevelError, importMeta: api.LogLevelError},
	})
	return replaceComputed(name, source, result.Errors)
}

// IDs of esbuild's messages about imports with computed names, and about import.meta.
const (
	importMeta      = "empty-import-meta"
	computedImport  = "unsupported-dynamic-import"
	computedRequire = "unsupported-require-call"
)

// literalRequire matches a call of require with a literal name.
var literalRequire = regexp.MustCompile(`(?:^|[^\w$.])require\(\s*(?:"[^"\\\n]*"|'[^'\\\n]*')\s*\)`)

// mayCompute reports whether there could be an import with a computed name. A false positive only costs time.
func mayCompute(source string) bool {
	if strings.Count(source, "require") > len(literalRequire.FindAllString(source, -1)) || strings.Contains(source, `\u`) {
		return true
	}
	for {
		_, rest, found := strings.Cut(source, "import")
		if !found {
			return false
		}
		source = rest
		rest = strings.TrimLeft(rest, " \t")
		if rest == "" || !strings.ContainsRune(`{"'*$_`, rune(rest[0])) && !isLetter(rest[0]) { // otherwise it is a declaration or part of a longer word
			return true
		}
	}
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// replaceComputed replaces import and require with functions of the prelude where the name is computed. Those throw an
// error that explains it.
func replaceComputed(file, source string, messages []api.Message) string {
	lines := lineStarts(source)
	var out strings.Builder
	done := 0
	slices.SortFunc(messages, func(a, b api.Message) int { return cmp.Compare(offset(a, lines), offset(b, lines)) })
	for _, m := range messages {
		name := "__fazt_require"
		switch m.ID {
		case importMeta:
			name = fmt.Sprintf("__fazt_meta(%q)", file)
		case computedImport:
			name = "__fazt_import"
		case computedRequire:
			if !strings.Contains(m.Text, "will not be bundled") {
				continue
			}
		default:
			continue
		}
		at := offset(m, lines)
		if at < done || at+m.Location.Length > len(source) {
			continue
		}
		out.WriteString(source[done:at])
		out.WriteString(name)
		done = at + m.Location.Length
	}
	out.WriteString(source[done:])
	return out.String()
}

// offset returns the position of a message in the source, or -1 if it has none.
func offset(m api.Message, lines []int) int {
	if l := m.Location; l != nil && l.Line >= 1 && l.Line <= len(lines) {
		return lines[l.Line-1] + l.Column
	}
	return -1
}

// lineStarts returns the byte offsets at which the lines of a script start.
func lineStarts(source string) []int {
	starts := []int{0}
	for i, c := range source {
		switch {
		case c == '\r' && i+1 < len(source) && source[i+1] == '\n':
		case c == '\n', c == '\r':
			starts = append(starts, i+1)
		case c == '\u2028', c == '\u2029':
			starts = append(starts, i+3)
		}
	}
	return starts
}

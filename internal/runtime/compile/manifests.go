package compile

import (
	"encoding/json"
	"path"
	"regexp"
	"strings"
	"sync"
)

// manifest is what a package.json says about the files of its package.
type manifest struct {
	dir     string
	module  bool           // "type": "module"
	browser map[string]any // what replaces files and packages in browsers
	pure    bool           // files have no side effects, except
	impure  []*regexp.Regexp
}

// manifests finds and remembers the package.json files of a folder.
type manifests struct {
	read func(name string) ([]byte, error)

	mu    sync.Mutex
	known map[string]*manifest // by directory
}

// of returns the nearest manifest of a file: that of its folder, or of one above it.
func (m *manifests) of(file string) *manifest {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.nearest(path.Dir(file))
}

func (m *manifests) nearest(dir string) *manifest {
	if found, ok := m.known[dir]; ok {
		return found
	}
	var found *manifest
	data, err := m.read(path.Join(dir, "package.json"))
	switch above := path.Dir(dir); {
	case err == nil:
		found = parseManifest(dir, data)
	case above == dir || path.Base(dir) == "node_modules":
		found = &manifest{}
	default:
		found = m.nearest(above)
	}
	if m.known == nil {
		m.known = map[string]*manifest{}
	}
	m.known[dir] = found
	return found
}

// node reports whether Node.js knows that a file is a module.
func (m *manifests) node(file string) bool {
	switch path.Ext(file) {
	case ".mjs", ".mts":
		return true
	case ".js", ".jsx", ".ts", ".tsx":
		return m.of(file).module
	}
	return false
}

// pure reports whether a package declares that a file has no side effects.
func (m *manifests) pure(file string) bool {
	if file == "" {
		return false
	}
	k := m.of(file)
	if !k.pure {
		return false
	}
	below := strings.TrimPrefix(strings.TrimPrefix(file, k.dir), "/")
	for _, pattern := range k.impure {
		if pattern.MatchString(below) {
			return false
		}
	}
	return true
}

// parseManifest reads a package.json. What it cannot read counts as missing, as for Node.js.
func parseManifest(dir string, data []byte) *manifest {
	var raw struct {
		Type        any
		Browser     any
		SideEffects any
	}
	_ = json.Unmarshal(data, &raw) // members of other types are left out
	m := &manifest{dir: strings.TrimPrefix(dir, "."), module: raw.Type == "module"}
	m.browser, _ = raw.Browser.(map[string]any)
	switch effects := raw.SideEffects.(type) {
	case bool:
		m.pure = !effects
	case []any:
		m.pure = true
		for _, e := range effects {
			if text, ok := e.(string); ok {
				m.impure = append(m.impure, glob(text))
			}
		}
	}
	return m
}

// glob returns the expression for a pattern of sideEffects. A pattern without a slash applies in every folder.
func glob(pattern string) *regexp.Regexp {
	if !strings.Contains(pattern, "/") {
		pattern = "**/" + pattern
	}
	pattern = strings.TrimPrefix(pattern, "./")
	text := regexp.QuoteMeta(pattern)
	text = strings.ReplaceAll(text, `\*\*/`, `(?:.*/)?`)
	text = strings.ReplaceAll(text, `\*\*`, `.*`)
	text = strings.ReplaceAll(text, `\*`, `[^/]*`)
	text = strings.ReplaceAll(text, `\?`, `[^/]`)
	return regexp.MustCompile("^" + text + "$")
}

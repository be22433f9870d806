// Package cldr holds what the Unicode Common Locale Data Repository knows about locales: names, patterns and rules, by key.
// The data is made by `make web` (tools/intl) and is unpacked piece by piece when it is first asked for.
package cldr

import (
	"archive/zip"
	"bytes"
	"embed"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"

	"fazt/internal/errs"
)

// files has cldr.zip, and only .gitignore in a fresh checkout.
//
//go:embed all:data
var files embed.FS

// maxUnpacked is how many bytes of unpacked data are kept for the next formatters; those that exist have copies of what they use.
const maxUnpacked = 4 << 20

// Root is the parent of every locale.
const Root = "und"

var archive = sync.OnceValues(func() (map[string]*zip.File, error) { //nolint:gochecknoglobals // a memo of an embedded file
	data, err := files.ReadFile("data/cldr.zip")
	if err != nil {
		return nil, errs.New(errs.Unsupported, "this build of Fazt does not include the data of locales; `make build` includes it")
	}
	r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, err
	}
	entries := make(map[string]*zip.File, len(r.File))
	for _, f := range r.File {
		entries[f.Name] = f
	}
	return entries, nil
})

// Available reports why there is no data, if there is none.
func Available() error {
	_, err := archive()
	return err
}

// block is the values of a locale in a section.
type block struct {
	keys []string // of the section, sorted
	rows []row    // sorted by key
	text string
}

// row is a value: its key, and where it is in the text.
type row struct{ key, from, to int32 }

// unpacked is a memo of entries: keys of sections, and the blocks of the locales of a language.
type unpacked struct {
	sync.Mutex
	keys   map[string][]string
	groups map[string]map[string]block
	size   int
}

var memo = &unpacked{}

// block returns the values of a locale in a section; without rows if there are none.
func (u *unpacked) block(locale, section string) block {
	u.Lock()
	defer u.Unlock()
	language, _, _ := strings.Cut(locale, "-")
	name := language + "/" + section
	group, ok := u.groups[name]
	if !ok {
		text := unpack(name)
		if u.size+len(text) > maxUnpacked || u.groups == nil {
			u.groups, u.keys, u.size = map[string]map[string]block{}, map[string][]string{}, 0
		}
		keys, ok := u.keys[section]
		if !ok {
			all := unpack("keys/" + section)
			keys = strings.Split(all, "\n")
			u.keys[section] = keys
			u.size += len(all)
		}
		group = blocks(text, keys)
		u.groups[name] = group
		u.size += len(text)
	}
	return group[locale]
}

func unpack(name string) string {
	entries, err := archive()
	if err != nil || entries[name] == nil {
		return ""
	}
	r, err := entries[name].Open()
	if err != nil {
		return ""
	}
	var b strings.Builder
	b.Grow(int(entries[name].UncompressedSize64))
	if _, err := io.Copy(&b, r); err != nil {
		return ""
	}
	return b.String()
}

// blocks splits the text of an entry at its locales. tools/intl describes the format.
func blocks(text string, keys []string) map[string]block {
	group := map[string]block{}
	locale, at, key := "", int32(0), int32(0)
	var rows []row
	for line := range strings.Lines(text) {
		from, to := at, at+int32(len(line))-1
		at = to + 1
		switch {
		case line[0] == 2:
			locale, rows, key = strings.TrimSuffix(line[1:], "\n"), nil, 0
		case line[0] == 1:
			n, _ := strconv.Atoi(strings.TrimSuffix(line[1:], "\n"))
			key += int32(n)
		default:
			rows = append(rows, row{key, from, to})
			group[locale] = block{keys, rows, text}
			key++
		}
	}
	return group
}

// Core returns what is not about a locale.
func Core(key string) (string, bool) { return memo.block("core", "core").find(key) }

// deleted is the value of a key that the parent of a locale has and the locale has not.
const deleted = "\x00"

// Get returns the value of a key in a section for a locale or the nearest of its parents that has it.
func Get(locale, section, key string) (string, bool) {
	for at := locale; at != ""; at = Parent(at) {
		if v, ok := memo.block(at, section).find(key); ok {
			return strings.TrimSuffix(v, deleted), v != deleted
		}
	}
	return "", false
}

// Under returns all keys with a prefix, which it cuts off, and their values.
func Under(locale, section, prefix string) map[string]string {
	var chain []string
	for at := locale; at != ""; at = Parent(at) {
		chain = append(chain, at)
	}
	found := map[string]string{}
	for _, at := range slices.Backward(chain) {
		memo.block(at, section).under(prefix, found)
	}
	return found
}

// CoreUnder is Under for what is not about a locale.
func CoreUnder(prefix string) map[string]string {
	found := map[string]string{}
	memo.block("core", "core").under(prefix, found)
	return found
}

// Parent returns the locale whose data a locale inherits, "" for the root.
func Parent(locale string) string {
	if locale == Root {
		return ""
	}
	if p, ok := Core("parent/" + locale); ok {
		return strings.Replace(p, "root", Root, 1)
	}
	if i := strings.LastIndexByte(locale, '-'); i > 0 {
		return locale[:i]
	}
	return Root
}

// find returns the value of a key.
func (b block) find(key string) (string, bool) {
	n, ok := slices.BinarySearch(b.keys, key)
	if !ok {
		return "", false
	}
	i, ok := b.search(n)
	if !ok {
		return "", false
	}
	return b.value(i), true
}

// search returns the first row whose key is not less than the nth.
func (b block) search(n int) (i int, ok bool) {
	return slices.BinarySearchFunc(b.rows, n, func(r row, n int) int { return int(r.key) - n })
}

// value is a copy: the formatter that keeps it does not keep the text.
func (b block) value(i int) string { return strings.Clone(b.text[b.rows[i].from:b.rows[i].to]) }

// under adds the values whose keys have a prefix, and takes out those that are deleted.
func (b block) under(prefix string, to map[string]string) {
	n, _ := slices.BinarySearch(b.keys, prefix)
	for i, _ := b.search(n); i < len(b.rows); i++ {
		key, ok := strings.CutPrefix(b.keys[b.rows[i].key], prefix)
		if !ok {
			return
		}
		if value := b.value(i); value == deleted {
			delete(to, key)
		} else {
			to[key] = value
		}
	}
}

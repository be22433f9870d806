package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// packages of npm have the data of CLDR 48.1, as ICU 78.2 and with it Node.js 20 to 24 have it. Not every release has every package.
var packages = []struct{ name, version, sum string }{
	{"cldr-bcp47", "48.2.0", "sha512-ks3zN+Wbg1zMqvJNeDai1zA0JBGHbAnxv2Ko4rjVohvXscDGmTa7VNy1T+QRlQw3QVPzQcCm2EOiEtAfOU4d+g=="},
	{"cldr-core", "48.1.0", "sha512-Br9lHQHRhFVyQ/4dY2AnTOuJVEwzDSFR9tE4EzaZxdtux4BFZ4V6oY0SiSAe/8H9+CJ6njpBiPJdDv+vdXnvfA=="},
	{"cldr-dates-full", "48.1.0", "sha512-GyVLYFmC8Xsd+awXwAedeAXTr3u9FGnpRTFEf9aYbB6zVzz5CqATPBvyFqLs0+PLPbdHrqhjgxQ6oIf9EAavbw=="},
	{"cldr-localenames-full", "48.1.0", "sha512-KJqpA/7gsBV/Tib0q5dsQ8cpNNxOsVYKYXtklsV2cjDgzAmXJjOz91PBSpveE7f072VfepUTe2ofbk18lhhQ6g=="},
	{"cldr-misc-full", "48.1.0", "sha512-Jq+iihaRjaLoI0u9y3dg4IsYY+f5RIy7l2StBfM4iT891Bj/i/RsvGD/0sBlorJhQPmQ1Tn6R9Y5iztvwAAncw=="},
	{"cldr-numbers-full", "48.1.0", "sha512-Kr0H7GQtuVDZQrSopxLbjv5bv9lk0T/uMsrLqPNzSlAcxqjXUEpa215ebZj/w0Vc5/PwyJmCJlG8rSUJrDpfDA=="},
	{"cldr-units-full", "48.0.0", "sha512-EVHnOIXcn4BAM4HQdMlaNzP/mxjNSg/j83EVkiQEdXhtjaCZQDwP32E4DEVABpIYZPBu9pzg1WzlUBVgt+VvNg=="},
}

// languages returns those whose locales are taken, with every region that CLDR has of them.
func languages() []string {
	return strings.Fields("und ar bg ca cs da de el en es et fi fr he hi hr hu id it ja ko lt lv ms nb nl no pl pt ro ru sk sl sr sv tr uk vi zh")
}

// leftOut returns locales in a script that is not usual for their language.
func leftOut() []string {
	return strings.Fields("en-Dsrt en-Shaw hi-Latn zh-Latn ms-Arab el-polyton")
}

// data writes what package cldr embeds: a zip file. An entry "keys/names" has the keys of a section; "de/names" has the values for
// German and its regions, each of which has only what differs from its parent.
func data(to string) error {
	files := map[string][]byte{}
	for _, p := range packages {
		if err := fetch(p.name, p.version, p.sum, files); err != nil {
			return err
		}
	}
	locales := chosen(files)
	parents := map[string]any{}
	if err := read(files, "supplemental/parentLocales.json", &parents, "supplemental", "parentLocales", "parentLocale"); err != nil {
		return err
	}
	core, err := supplemental(files)
	if err != nil {
		return err
	}
	core["locales"] = strings.Join(locales, " ")
	all := map[string]map[string]map[string]string{"core": {"core": core}}
	for _, section := range sections {
		whole := map[string]map[string]string{}
		for _, locale := range locales {
			whole[locale] = map[string]string{}
			if err := section.read(files, locale, whole[locale]); err != nil {
				return fmt.Errorf("%s of %s: %w", section.name, locale, err)
			}
		}
		own := map[string]map[string]string{}
		for locale, lines := range whole {
			if own[locale] = lines; whole[parentOf(parents, locale)] != nil {
				own[locale] = difference(lines, whole[parentOf(parents, locale)])
			}
		}
		all[section.name] = own
	}
	entries := map[string]string{}
	for section, locales := range all {
		if err := columns(section, locales, entries); err != nil {
			return err
		}
	}
	return pack(filepath.Join(to, "cldr.zip"), entries)
}

// fetch reads the files of a package that are of use.
func fetch(name, version, sum string, files map[string][]byte) error {
	temp, err := os.MkdirTemp("", "fazt-cldr-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	cmd := exec.Command("npm", "pack", "--json", "--loglevel=error", name+"@"+version)
	cmd.Dir, cmd.Stderr = temp, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("npm pack %s: %w", name, err)
	}
	var got []struct{ Filename, Integrity string }
	if err := json.Unmarshal(out, &got); err != nil || len(got) != 1 {
		return fmt.Errorf("npm pack %s says %s: %w", name, out, err)
	}
	if got[0].Integrity != sum {
		return fmt.Errorf("%s@%s has the hash %s, not %s", name, version, got[0].Integrity, sum)
	}
	packed, err := os.Open(filepath.Join(temp, path.Base(got[0].Filename)))
	if err != nil {
		return err
	}
	defer packed.Close()
	unpacked, err := gzip.NewReader(packed)
	if err != nil {
		return err
	}
	for r := tar.NewReader(unpacked); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		file := strings.TrimPrefix(h.Name, "package/")
		if rest, ok := strings.CutPrefix(file, "main/"); ok && !wanted(path.Dir(rest)) {
			continue
		}
		if files[file], err = io.ReadAll(r); err != nil {
			return err
		}
	}
}

func wanted(locale string) bool {
	language, _, _ := strings.Cut(locale, "-")
	return slices.Contains(languages(), language) && !slices.ContainsFunc(leftOut(), func(l string) bool { return strings.HasPrefix(locale, l) })
}

// chosen returns the locales that have every file.
func chosen(files map[string][]byte) []string {
	var list []string
	for file := range files {
		locale, ok := strings.CutSuffix(file, "/ca-gregorian.json")
		if _, named := files[locale+"/languages.json"]; ok && named && files[locale+"/numbers.json"] != nil {
			list = append(list, strings.TrimPrefix(locale, "main/"))
		}
	}
	slices.Sort(list)
	return list
}

func parentOf(parents map[string]any, locale string) string {
	if locale == "und" {
		return ""
	}
	if p, ok := parents[locale].(string); ok {
		return strings.Replace(p, "root", "und", 1)
	}
	if i := strings.LastIndexByte(locale, '-'); i > 0 {
		return locale[:i]
	}
	return "und"
}

// difference returns what a locale has that its parent has not. A key that only the parent has is set to "\x00".
func difference(lines, parent map[string]string) map[string]string {
	d := map[string]string{}
	for key, value := range lines {
		if p, ok := parent[key]; !ok || p != value {
			d[key] = value
		}
	}
	for key := range parent {
		if _, ok := lines[key]; !ok {
			d[key] = "\x00"
		}
	}
	return d
}

// columns adds the entries of a section: its keys, and for each language the values in their order. A line "\x02de" begins a locale,
// and "\x013" skips three keys.
func columns(section string, locales map[string]map[string]string, entries map[string]string) error {
	every := map[string]bool{}
	for _, lines := range locales {
		for key, value := range lines {
			if every[key] = true; strings.ContainsAny(key+value, "\x01\x02\n") {
				return fmt.Errorf("%s: %q has a character that separates lines", section, key)
			}
		}
	}
	keys := slices.Sorted(maps.Keys(every))
	entries["keys/"+section] = strings.Join(keys, "\n")
	for _, locale := range slices.Sorted(maps.Keys(locales)) {
		var b strings.Builder
		fmt.Fprintf(&b, "\x02%s\n", locale)
		next := 0
		for n, key := range keys {
			value, ok := locales[locale][key]
			if !ok {
				continue
			}
			if n > next {
				fmt.Fprintf(&b, "\x01%d\n", n-next)
			}
			b.WriteString(value + "\n")
			next = n + 1
		}
		if next > 0 {
			language, _, _ := strings.Cut(locale, "-")
			entries[language+"/"+section] += b.String()
		}
	}
	return nil
}

func pack(file string, entries map[string]string) error {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	w.RegisterCompressor(zip.Deflate, func(to io.Writer) (io.WriteCloser, error) { return flate.NewWriter(to, flate.BestCompression) })
	for _, name := range slices.Sorted(maps.Keys(entries)) {
		entry, err := w.Create(name)
		if err != nil {
			return err
		}
		if _, err := io.WriteString(entry, entries[name]); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	return os.WriteFile(file, out.Bytes(), 0o600)
}

// read decodes a part of a JSON file.
func read(files map[string][]byte, file string, to any, keys ...string) error {
	text, ok := files[file]
	if !ok {
		return fmt.Errorf("%s is not in the packages", file)
	}
	for _, key := range keys {
		var object map[string]json.RawMessage
		if err := json.Unmarshal(text, &object); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		if text, ok = object[key]; !ok {
			return fmt.Errorf("%s has no %s", file, key)
		}
	}
	return json.Unmarshal(text, to)
}

// flatten adds the texts of a tree, each under the path to it, unless keep changes the path to "".
func flatten(tree map[string]any, prefix string, to map[string]string, keep func(string) string) {
	for key, value := range tree {
		switch v := value.(type) {
		case map[string]any:
			flatten(v, prefix+key+"/", to, keep)
		case string:
			if at := keep(prefix + key); at != "" {
				to[at] = v
			}
		}
	}
}

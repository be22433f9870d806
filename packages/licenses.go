package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// licenses collects the licenses of everything in the binary: the Go modules it is built from and the bundled npm
// packages. `fazt version --licenses` prints them.
func licenses() error {
	parts := map[string]string{} // name and version -> directory
	list := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{if .Version}}{{.Path}} {{.Version}}\t{{.Dir}}{{end}}{{end}}", "./cmd/fazt")
	list.Stderr = os.Stderr
	out, err := list.Output()
	if err != nil {
		return fmt.Errorf("go list: %w", err)
	}
	for line := range strings.Lines(string(out)) {
		if name, dir, ok := strings.Cut(strings.TrimSpace(line), "\t"); ok {
			parts[name] = dir
		}
	}
	data, err := os.ReadFile(filepath.Join(here, "package-lock.json"))
	if err != nil {
		return err
	}
	var lock struct {
		Packages map[string]struct{ Version, License string }
	}
	if err := json.Unmarshal(data, &lock); err != nil {
		return err
	}
	for dir, p := range lock.Packages {
		if dir != "" {
			parts[strings.TrimPrefix(dir, "node_modules/")+" "+p.Version] = filepath.Join(here, filepath.FromSlash(dir))
		}
	}
	// The package of the engine has no notice of what is in it.
	parts["quickjs-ng"] = filepath.Join(here, "notices", "quickjs-ng")
	parts["modernc.org/quickjs/intl"] = filepath.Join(here, "notices", "modernc-intl") // see tools/intl
	parts["Unicode CLDR"] = filepath.Join(here, "notices", "unicode-cldr")
	var text strings.Builder
	text.WriteString("Fazt contains the work of others, under these licences.\n")
	names := make([]string, 0, len(parts))
	for name := range parts {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		found, err := licenseOf(parts[name])
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		fmt.Fprintf(&text, "\n%s\n%s\n\n%s\n", name, strings.Repeat("-", len(name)), strings.TrimSpace(found))
	}
	return os.WriteFile(filepath.Join(dist, "LICENSES.txt"), []byte(text.String()), 0o644)
}

// licenseOf returns the license text in a directory, or the license named in its package.json if there is no text.
func licenseOf(dir string) (string, error) {
	files, err := os.ReadDir(dir)
	if err != nil {
		return "", err
	}
	var text []string
	for _, f := range files {
		name := strings.ToLower(f.Name())
		if f.IsDir() || !strings.HasPrefix(name, "licen") && !strings.HasPrefix(name, "copying") && !strings.HasPrefix(name, "notice") {
			continue
		}
		data, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			return "", err
		}
		text = append(text, strings.TrimSpace(string(data)))
	}
	if len(text) > 0 {
		return strings.Join(text, "\n\n"), nil
	}
	data, err := os.ReadFile(filepath.Join(dir, "package.json"))
	if err != nil {
		return "", fmt.Errorf("it has no license")
	}
	var p struct{ License string }
	if err := json.Unmarshal(data, &p); err != nil || p.License == "" {
		return "", fmt.Errorf("it has no license")
	}
	return "License: " + p.License, nil
}

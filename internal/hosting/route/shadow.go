package route

import (
	"bytes"
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"fazt/internal/errs"
	"fazt/internal/output"
)

// maxRead bounds the sources that are searched, in bytes.
const maxRead = 8 << 20

// Shadowed returns, in sentences, what of a deployment no visitor reaches because its path belongs to the product. If the app
// chose the prefix itself, files below it are an error. paths are all files, read returns the content of one.
func (p Product) Shadowed(ctx context.Context, routes Routes, paths []string, read func(ctx context.Context, path string) ([]byte, error)) ([]string, error) {
	var hidden, all []string
	for _, file := range paths {
		if p.Owns("/" + file) {
			hidden = append(hidden, file)
		}
	}
	if len(hidden) > 0 {
		text := fmt.Sprintf("paths below %s belong to Fazt, so %s is not served. %s", p.roots(), shown(hidden), p.hint())
		if p != "" {
			return nil, errs.New(errs.Unprocessable, "%s", text)
		}
		all = append(all, text)
	}
	named, err := p.named(ctx, routes, paths, read)
	if named != "" {
		all = append(all, fmt.Sprintf("%s: paths below %s belong to Fazt, so the function never gets them. %s", named, p.roots(), p.hint()))
	}
	return all, err
}

// shown lists the first of some files.
func shown(files []string) string {
	text := strings.Join(files[:min(len(files), 3)], ", ")
	if len(files) > 3 {
		text += ", … (" + output.Count(len(files), "file") + ")"
	}
	return text
}

// named returns the first place in the sources of a function that names a path of the product, if the routes of the function
// cover that path.
func (p Product) named(ctx context.Context, routes Routes, paths []string, read func(ctx context.Context, path string) ([]byte, error)) (string, error) {
	roots := []string{string(p)}
	if p == "" {
		roots = []string{signIn, home}
	}
	roots = slices.DeleteFunc(roots, func(root string) bool { return !routes.match(root + "/x") })
	left := maxRead
	for _, file := range paths {
		if len(roots) == 0 || left <= 0 {
			break
		}
		if !strings.HasPrefix(file, "api/") || !slices.Contains([]string{".ts", ".tsx", ".js", ".jsx", ".mjs"}, path.Ext(file)) {
			continue
		}
		text, err := read(ctx, file)
		if err != nil {
			return "", err
		}
		left -= len(text)
		for _, root := range roots {
			if at := literal(text, root); at >= 0 {
				return fmt.Sprintf("%s:%d", file, bytes.Count(text[:at], []byte("\n"))+1), nil
			}
		}
	}
	return "", nil
}

// literal returns where a text of a program begins with a path or with one below it; -1 = nowhere.
func literal(program []byte, root string) int {
	for from := 0; ; {
		at := bytes.Index(program[from:], []byte(root))
		if at < 0 {
			return -1
		}
		at += from
		from = at + len(root)
		if at > 0 && bytes.IndexByte([]byte("\"'`"), program[at-1]) >= 0 && from < len(program) && bytes.IndexByte([]byte("\"'`/"), program[from]) >= 0 {
			return at
		}
	}
}

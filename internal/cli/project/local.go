package project

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"slices"
	"strings"

	"fazt/internal/api/op"
	"fazt/internal/runtime/compile"
)

// local reads the files of a project, for the compiler.
type local struct{ *Project }

func (l local) Exists(path string) bool {
	_, found := slices.BinarySearchFunc(l.Plan.Files, path, func(f op.Announced, path string) int { return strings.Compare(f.Path, path) })
	return found || l.elsewhere(path)
}

// elsewhere reports whether a path is that of a file of a function that does not begin in api/.
func (l local) elsewhere(path string) bool {
	return l.function != nil && strings.HasPrefix(path, compile.SourceFolder) && l.function.Has(path)
}

func (l local) ReadFile(_ context.Context, path string) ([]byte, error) {
	if !l.Exists(path) {
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
	}
	if l.elsewhere(path) {
		return l.function.Look(path)
	}
	r, err := l.Open(path)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(r)
	return data, errors.Join(err, r.Close())
}

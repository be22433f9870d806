package client

import (
	"strings"

	"fazt/internal/api/op"

	"fazt/internal/errs"
	"fazt/internal/hosting"
)

// maxPath is the longest path accepted from an instance, in bytes.
const maxPath = 4096

// checkNames reports an error unless files with these paths can be written unchanged to a folder on any system: each
// path is valid, and no two of them collide where case or accent encoding is ignored. The instance may belong to
// someone else, so its responses are not trusted. Files must be sorted by path, in byte order.
func checkNames(files []op.File) error {
	taken := make(map[string]string, len(files)) // every file and folder, by its folded name
	for i, f := range files {
		if i > 0 && f.Path <= files[i-1].Path {
			return errs.New(errs.Unsupported, "the instance lists its files out of order, or %q twice; nothing was written", f.Path)
		}
		if err := checkName(f.Path); err != nil {
			return err
		}
		for at, c := range f.Path {
			if c != '/' {
				continue
			}
			folder := f.Path[:at]
			if other, ok := taken[hosting.Fold(folder)]; ok && other != folder+"/" {
				return clash(folder, strings.TrimSuffix(other, "/"))
			}
			taken[hosting.Fold(folder)] = folder + "/"
		}
		if other, ok := taken[hosting.Fold(f.Path)]; ok {
			return clash(f.Path, strings.TrimSuffix(other, "/"))
		}
		taken[hosting.Fold(f.Path)] = f.Path
	}
	return nil
}

func clash(a, b string) error {
	return errs.New(errs.Invalid, "%q and %q would be the same file on some systems; nothing was written. `fazt app cat` shows a single file", b, a)
}

// checkName checks one path: as an instance would, and by the Windows rules for file names, which are the strictest
// (learn.microsoft.com/windows/win32/fileio/naming-a-file).
func checkName(path string) error {
	bad := func(err error, why string) error {
		return errs.Wrap(errs.Invalid, err, "the instance has a file %q, which cannot be written: %s; nothing was written. `fazt app cat` shows a single file", path, why)
	}
	if err := hosting.CheckPath(path, maxPath); err != nil {
		return bad(err, errs.Sentence(err))
	}
	for segment := range strings.SplitSeq(path, "/") {
		stem, _, _ := strings.Cut(segment, ".")
		switch {
		case strings.ContainsAny(segment, `<>:"|?*`):
			return bad(errUnportable, "some systems do not allow "+`< > : " | ? *`+" in names")
		case strings.HasSuffix(segment, ".") || strings.HasSuffix(segment, " "):
			return bad(errUnportable, "some systems do not allow a dot or space at the end of a name")
		case reserved(strings.ToUpper(strings.TrimRight(stem, " "))):
			return bad(errUnportable, "Windows reserves the name "+stem+" for a device")
		}
	}
	return nil
}

var errUnportable = errs.New(errs.Invalid, "not a valid name on every system")

func reserved(stem string) bool {
	switch stem {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$":
		return true
	}
	for _, port := range []string{"COM", "LPT"} {
		if rest, ok := strings.CutPrefix(stem, port); ok {
			switch rest {
			case "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "¹", "²", "³":
				return true
			}
		}
	}
	return false
}

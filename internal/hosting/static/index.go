package static

import (
	"strings"

	"golang.org/x/text/unicode/norm"

	"fazt/internal/hosting"
	"fazt/internal/hosting/mediatype"
	"fazt/internal/hosting/siterules"
)

// index holds the files of a deployment that are served. Hidden files are not in it, so no spelling of a request can
// reach them. Files below private/ are a tree of their own, so that a fallback or an error page is never a private file.
type index struct {
	files   tree
	private tree
	rules   siterules.Rules
	weight  int64 // bytes it takes, estimated
}

// tree holds files by path, in the Unicode form NFC: browsers send a name as the page spells it, and macOS stores it as NFD.
type tree map[string]*page

// page is a file with the header values that depend on its name.
type page struct {
	hosting.File
	contentType  []string
	cacheControl []string
	private      bool // lies below private/
}

func newIndex(files []hosting.File) *index {
	x := &index{files: make(tree, len(files)), private: tree{}, weight: 64}
	paths := make([]string, len(files))
	for i, f := range files {
		paths[i] = f.Path
	}
	sources := siterules.SourcesOf(paths)
	for _, f := range files {
		p := &page{File: f, contentType: mediatype.Of(f.Path), cacheControl: revalidate}
		switch {
		case hosting.Private(f.Path):
			p.cacheControl, p.private = noStore, true
			x.private[norm.NFC.String(f.Path)] = p
		case hosting.Hidden(f.Path), sources.Has(f.Path):
			continue
		default:
			if !mediatype.IsHTML(p.contentType) && fingerprinted(f.Path) {
				p.cacheControl = immutable
			}
			x.files[norm.NFC.String(f.Path)] = p
		}
		x.weight += 200 + int64(len(f.Path)) + 40*int64(len(f.Variants))
	}
	return x
}

const (
	indexFile    = "index.html"
	notFoundFile = "404.html"
)

// resolve returns the page of a canonical path, or the path to redirect to, or neither.
//
//	/a       the file a, else a.html, else a redirect to /a/ when there is a/index.html
//	/a/      the file a/index.html, else a redirect to /a when there is a.html
//
// So there is one address for each page, and relative links in it work.
func (x tree) resolve(path string) (p *page, redirect string) {
	name := norm.NFC.String(strings.TrimPrefix(path, "/"))
	if name == "" {
		return x[indexFile], ""
	}
	if folder, ok := strings.CutSuffix(name, "/"); ok {
		if p := x[name+indexFile]; p != nil {
			return p, ""
		}
		if x[folder+".html"] != nil {
			return nil, path[:len(path)-1]
		}
		return nil, ""
	}
	if p := x[name]; p != nil {
		return p, ""
	}
	if p := x[name+".html"]; p != nil {
		return p, ""
	}
	if x[name+"/"+indexFile] != nil {
		return nil, path + "/"
	}
	return nil, ""
}

// fallback returns the page of a single-page app for a path without a file: index.html, unless the last segment has an
// extension, since a missing script or picture is missing. It depends on the path alone, not on what the client accepts,
// so that caches need not distinguish clients.
func (x tree) fallback(path string) *page {
	if hosting.Hidden(strings.TrimSuffix(path, "/")) || strings.Contains(path[strings.LastIndexByte(path, '/')+1:], ".") {
		return nil
	}
	return x[indexFile]
}

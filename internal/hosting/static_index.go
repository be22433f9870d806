package hosting

import (
	"strings"
)

// index is the files of a deployment that visitors may see, by path. Hidden files are not in it at all: whatever a
// request is spelled like, it cannot find them here.
type index struct {
	files  map[string]*page
	weight int64 // bytes it takes, estimated
}

// page is a file with the header values that depend on its name.
type page struct {
	File
	contentType  []string
	cacheControl []string
}

func newIndex(files []File) *index {
	x := &index{files: make(map[string]*page, len(files)), weight: 64}
	for _, f := range files {
		if Hidden(f.Path) {
			continue
		}
		p := &page{File: f, contentType: contentType(f.Path), cacheControl: revalidate}
		if !isHTML(p.contentType) && fingerprinted(f.Path) {
			p.cacheControl = immutable
		}
		x.files[f.Path] = p
		x.weight += 200 + int64(len(f.Path)) + 40*int64(len(f.Variants))
	}
	return x
}

const (
	indexFile    = "index.html"
	notFoundFile = "404.html"
)

// resolve finds what a canonical path leads to: a page, or the path to redirect to, or neither.
//
//	/a       the file a, else a.html, else a redirect to /a/ when there is a/index.html
//	/a/      the file a/index.html, else a redirect to /a when there is a.html
//
// So there is one address for each page, and relative links in it work.
func (x *index) resolve(path string) (p *page, redirect string) {
	name := strings.TrimPrefix(path, "/")
	if name == "" {
		return x.files[indexFile], ""
	}
	if folder, ok := strings.CutSuffix(name, "/"); ok {
		if p := x.files[name+indexFile]; p != nil {
			return p, ""
		}
		if x.files[folder+".html"] != nil {
			return nil, path[:len(path)-1]
		}
		return nil, ""
	}
	if p := x.files[name]; p != nil {
		return p, ""
	}
	if p := x.files[name+".html"]; p != nil {
		return p, ""
	}
	if x.files[name+"/"+indexFile] != nil {
		return nil, path + "/"
	}
	return nil, ""
}

// fallback is the page of a single-page app that answers for a path which leads nowhere: index.html, unless the last
// segment has an extension, since a script or picture that is missing is missing. The path alone decides, not what the
// client accepts, so that a cache needs to know nothing else.
func (x *index) fallback(path string) *page {
	if Hidden(strings.TrimSuffix(path, "/")) || strings.Contains(path[strings.LastIndexByte(path, '/')+1:], ".") {
		return nil
	}
	return x.files[indexFile]
}

package hosting

import (
	"strings"
)

// index is the files of a deployment that are served. Hidden files are not in it at all: whatever a request is spelled
// like, it cannot find them here. What lies below private/ is a tree of its own, so that nothing which looks for a file
// for everybody, a single-page app or an error page, comes upon one that is not.
type index struct {
	files   tree
	private tree
	weight  int64 // bytes it takes, estimated
}

// tree is files by path.
type tree map[string]*page

// page is a file with the header values that depend on its name.
type page struct {
	File
	contentType  []string
	cacheControl []string
	private      bool // lies below private/
}

func newIndex(files []File) *index {
	x := &index{files: make(tree, len(files)), private: tree{}, weight: 64}
	for _, f := range files {
		p := &page{File: f, contentType: contentType(f.Path), cacheControl: revalidate}
		switch below, private := strings.CutPrefix(f.Path, privateFolder); {
		case private && !hiddenName(below):
			p.cacheControl, p.private = noStore, true
			x.private[f.Path] = p
		case Hidden(f.Path):
			continue
		default:
			if !isHTML(p.contentType) && fingerprinted(f.Path) {
				p.cacheControl = immutable
			}
			x.files[f.Path] = p
		}
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
func (x tree) resolve(path string) (p *page, redirect string) {
	name := strings.TrimPrefix(path, "/")
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

// fallback is the page of a single-page app that answers for a path which leads nowhere: index.html, unless the last
// segment has an extension, since a script or picture that is missing is missing. The path alone decides, not what the
// client accepts, so that a cache needs to know nothing else.
func (x tree) fallback(path string) *page {
	if Hidden(strings.TrimSuffix(path, "/")) || strings.Contains(path[strings.LastIndexByte(path, '/')+1:], ".") {
		return nil
	}
	return x[indexFile]
}

// Package template holds the folders that new apps start from. Each is a small complete app that can be deployed unchanged.
package template

import (
	"embed"
	"io/fs"

	"fazt/examples"
	"fazt/internal/errs"
)

//go:embed all:files
var files embed.FS

// Template is a folder to start from.
type Template struct {
	Name  string
	About string // a few words, for a list
	Needs string // what a deploy of it needs besides Fazt; "" = nothing
	Files fs.FS
}

// All returns the templates, the simplest first.
func All() []Template {
	own := func(name string) fs.FS { return sub(files, "files/"+name) }
	return []Template{
		{"static", "pages and a style sheet", "", own("static")},
		{"api", "a function in TypeScript with the key-value store", "", own("api")},
		{"spa", "a single-page app without a build", "", own("spa")},
		{"hono", "a function with the Hono framework from npm", "npm, which fetches hono when it is first deployed", own("hono")},
		{"react", "React with Vite and a function", "npm, which fetches React when it is first deployed", own("react")},
		{"vue", "Vue with Vite and a function", "npm, which fetches Vue when it is first deployed", own("vue")},
		{"svelte", "Svelte with Vite and a function", "npm, which fetches Svelte when it is first deployed", own("svelte")},
		{"astro", "Astro and a function", "npm, which fetches Astro when it is first deployed", own("astro")},
		{"guestbook", "a whole small app: pages, function, store", "", sub(examples.Guestbook, "guestbook")},
	}
}

func sub(f fs.FS, dir string) fs.FS {
	s, err := fs.Sub(f, dir)
	if err != nil {
		panic(err) // the names are constants and valid
	}
	return s
}

// Find returns the template with a name.
func Find(name string) (Template, error) {
	names := ""
	for _, t := range All() {
		if t.Name == name {
			return t, nil
		}
		names += ", " + t.Name
	}
	return Template{}, errs.New(errs.Invalid, "unknown template %q; use %s", name, names[2:])
}

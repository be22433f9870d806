package mediatype

import (
	"mime"
	"strings"
	"testing"
)

func TestTheTypeComesFromTheExtensionOfTheLastElement(t *testing.T) {
	t.Parallel()
	const unknownType, html, text = "application/octet-stream", "text/html; charset=utf-8", "text/plain; charset=utf-8"
	for name, want := range map[string]string{
		"":                     unknownType,
		"/":                    unknownType,
		".":                    unknownType,
		"..":                   unknownType,
		"a/":                   unknownType,
		"a.html/":              unknownType,
		"a.html/b":             unknownType,
		"a.txt/b.html":         html,
		".html":                html,
		"..html":               html,
		"a.htm":                html,
		"A.HtMl":               html,
		"a.html.txt":           text,
		"a.html.":              unknownType,
		"a.html ":              unknownType,
		"a. html":              unknownType,
		"a.html?x":             unknownType,
		"html":                 unknownType,
		"a html":               unknownType,
		"LICENSE":              text,
		"x/LICENSE":            text,
		"license":              unknownType,
		"LICENSE.html":         html,
		"LICENSE.":             unknownType,
		"CNAME":                text,
		"CNAME/x":              unknownType,
		"a.CNAME":              unknownType,
		"a.jsx":                "text/javascript; charset=utf-8",
		"a.js.map":             "application/json",
		"a.webmanifest":        "application/manifest+json",
		"a.\u0130":             unknownType, // a capital letter whose small form is another character
		"a.SVG":                "image/svg+xml; charset=utf-8",
		"a.br":                 unknownType,
		"weird\x00.html":       html,
		"a.html\x00":           unknownType,
		strings.Repeat(".", 9): unknownType,
	} {
		if got := Of(name); len(got) != 1 || got[0] != want {
			t.Errorf("%q is %q, want %q", name, got, want)
		}
	}
}

// A type is written into a header as it stands, and text without a charset is read in the encoding that a browser guesses.
func TestEveryTypeIsAMediaTypeAndTextHasACharset(t *testing.T) {
	t.Parallel()
	all := []map[string][]string{types, bareNames, wellKnown, {"": unknown}}
	for _, table := range all {
		for ext, list := range table {
			if len(list) != 1 {
				t.Errorf("%s has %d types", ext, len(list))
				continue
			}
			media, params, err := mime.ParseMediaType(list[0])
			if err != nil || mime.FormatMediaType(media, params) != list[0] {
				t.Errorf("%s is %q: %v", ext, list[0], err)
			}
			isText := strings.HasPrefix(media, "text/") || strings.HasSuffix(media, "+xml") && strings.Contains(list[0], "charset")
			if got := params["charset"]; isText != (got == "utf-8") {
				t.Errorf("%s is %q, with the charset %q", ext, list[0], got)
			}
			if strings.Contains(media, "json") && len(params) > 0 {
				t.Errorf("%s is %q: JSON has no charset", ext, list[0])
			}
		}
	}
	for ext := range types {
		if ext != strings.ToLower(ext) || strings.ContainsAny(ext, "./ ") {
			t.Errorf("the extension %q is never found", ext)
		}
	}
	for name := range bareNames {
		if strings.ContainsAny(name, "./") {
			t.Errorf("the name %q is never found", name)
		}
	}
}

func TestOnlyHTMLIsHTML(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{"a.html": true, "a.htm": true, "a.xhtml": false, "a.txt": false, "a.svg": false, "a": false, "a.md": false} {
		if got := IsHTML(Of(name)); got != want {
			t.Errorf("%s is HTML: %v", name, got)
		}
	}
}

package server_test

import (
	"strings"
	"testing"

	"fazt/internal/fazttest"
)

const wholeSite = `
-- api/main.js --
export default (request) => new Response("function " + request.method + " " + new URL(request.url).pathname);
-- index.html --
the front page
-- about.html --
about
-- docs/index.html --
docs
-- style.css --
css
-- 404.html --
not found page
-- private/x.txt --
secret
-- node_modules/x.js --
secret
`

func TestAFunctionHandlesThePathsOfItsRoutes(t *testing.T) {
	i := fazttest.New(t)
	deploy := func(name, manifest string) { i.Deploy(name, "-- fazt.json --\n"+manifest+wholeSite) }
	deploy("plain", `{}`)
	deploy("files", `{"routes": ["/*"]}`)
	deploy("function", `{"routes": ["/*"], "first": "function"}`)
	deploy("moved", `{"routes": ["/*"], "product": "/x/cloud"}`)
	deploy("some", `{"routes": ["/hook", "/docs/*"], "spa": true}`)
	i.Deploy("static", "-- fazt.json --\n{\"routes\": [\"/*\"]}\n-- index.html --\nno function\n")

	for _, tt := range []struct{ app, method, path, want string }{
		{"plain", "GET", "/", "200 the front page"},
		{"plain", "GET", "/api/x", "200 function GET /api/x"},
		{"plain", "GET", "/nothing", "404 not found page"},
		{"plain", "POST", "/", "405"},

		{"files", "GET", "/", "200 the front page"},
		{"files", "GET", "/about", "200 about"},
		{"files", "GET", "/docs", "301"},
		{"files", "HEAD", "/style.css", "200 "},
		{"files", "GET", "/nothing", "200 function GET /nothing"},
		{"files", "GET", "/docs/x.png", "200 function GET /docs/x.png"},
		{"files", "POST", "/", "200 function POST /"},
		{"files", "GET", "/api/x", "200 function GET /api/x"},
		{"files", "GET", "/x//y", "301"}, // to the canonical path
		{"files", "GET", "/x/../%70rivate/x.txt", "404"},
		{"files", "GET", "/fazt.json", "200 function GET /fazt.json"},
		{"files", "GET", "/node_modules/x.js", "200 function GET /node_modules/x.js"},
		{"files", "GET", "/private/x.txt", "401"},
		{"files", "GET", "/auth/login", "404"},
		{"files", "GET", "/_fazt/x", "404"},

		{"moved", "GET", "/auth/login", "200 function GET /auth/login"},
		{"moved", "GET", "/_fazt/x", "200 function GET /_fazt/x"},
		{"moved", "GET", "/x/cloud", "404"},
		{"moved", "GET", "/x/cloud/auth/login", "404"},
		{"moved", "GET", "/x", "200 function GET /x"},
		{"moved", "GET", "/private/x.txt", "401"},

		{"function", "GET", "/", "200 function GET /"},
		{"function", "GET", "/style.css", "200 function GET /style.css"},
		{"function", "GET", "/private/x.txt", "401"},

		{"some", "GET", "/hook", "200 function GET /hook"},
		{"some", "GET", "/hook/x", "200 the front page"}, // the single-page app
		{"some", "GET", "/docs/", "200 docs"},
		{"some", "GET", "/docs/x", "200 function GET /docs/x"},
		{"some", "GET", "/api/x", "404"},

		{"static", "GET", "/", "200 no function"},
		{"static", "GET", "/api/x", "404"},
	} {
		got := i.Do(i.Request(tt.method, tt.app, tt.path, ""))
		status, text, _ := strings.Cut(tt.want, " ")
		if got.Status[:3] != status || !strings.HasPrefix(got.Text, text) || strings.Contains(got.Text, "secret") {
			t.Errorf("%s: %s %s: got %s %q, want %s", tt.app, tt.method, tt.path, got.Status, got.Text, tt.want)
		}
	}
}

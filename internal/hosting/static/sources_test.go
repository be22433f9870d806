package static

import "testing"

func TestSourcesOfAProjectAreNotServed(t *testing.T) {
	files := texts("index.html", "home", "src/main.ts", "secret", "yarn.lock", "secret", "app.js", "app", "_worker.js", "secret", "_redirects", "/leak /src/main.ts 200")
	plain := serve(t, files)
	files["package.json"] = []byte("{}")
	project := serve(t, files)
	for path, want := range map[string][2]int{"/": {200, 200}, "/app.js": {200, 200}, "/src/main.ts": {200, 404}, "/yarn.lock": {200, 404},
		"/package.json": {404, 404}, "/_worker.js": {404, 404}, "/leak": {200, 404}} {
		if got := [2]int{plain.ask("GET", path).StatusCode, project.ask("GET", path).StatusCode}; got != want {
			t.Errorf("%s: %v, want %v", path, got, want)
		}
	}
}

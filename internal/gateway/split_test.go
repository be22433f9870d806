package gateway

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"fazt/internal/runtime"
)

func splitOf(weights ...int) *Split {
	s := &Split{}
	for i, w := range weights {
		s.Targets = append(s.Targets, SplitTarget{Target: &Target{AppID: fmt.Sprintf("app_%d", i), AppName: fmt.Sprint(i)}, Weight: w, Token: fmt.Sprintf("arm_%d", i)})
	}
	return s
}

func TestTargetsAreDrawnByWeight(t *testing.T) {
	for _, weights := range [][]int{{90, 10}, {10, 90}, {1, 99}, {50, 30, 20}, {34, 33, 33}, slices.Repeat([]int{1}, 100)} {
		s := splitOf(weights...)
		got := map[string]int{}
		for n := range 100 {
			got[s.pick(n).Token]++
		}
		for i, w := range weights {
			if got[fmt.Sprintf("arm_%d", i)] != w {
				t.Errorf("%v: target %d was drawn %d times of 100", weights, i, got[fmt.Sprintf("arm_%d", i)])
			}
		}
	}
}

// The draws are seeded, so that every run has the same outcome.
func TestVisitorsAreDividedByWeight(t *testing.T) {
	const visitors = 20_000
	source := rand.New(rand.NewPCG(1, 2))
	g := &gateway{draw: source.IntN}
	s := splitOf(70, 25, 5)
	got := map[string]int{}
	for range visitors {
		x := &exchange{ResponseWriter: httptest.NewRecorder()}
		got[g.choose(x, httptest.NewRequest(http.MethodGet, "/", nil), s).AppID]++
	}
	for i, w := range []int{70, 25, 5} {
		n, want := got[fmt.Sprintf("app_%d", i)], visitors*w/100
		if n < want*95/100 || n > want*105/100 {
			t.Errorf("target %d weighs %d and got %d of %d visitors", i, w, n, visitors)
		}
	}
}

// cookies is a function that echoes its cookies and asks every cache to store the response.
type cookies struct{}

func (cookies) Serve(w http.ResponseWriter, r *http.Request, f runtime.Function) {
	h := w.Header()
	h.Set("Set-Cookie", "own=1")
	for _, line := range []string{"Cache-Control: public, S-MaxAge=600", "Cache-Control: max-age=60, s-maxage=9", "Vary: Accept", "CDN-Cache-Control: max-age=600", "Surrogate-Control: max-age=600"} {
		name, value, _ := strings.Cut(line, ": ")
		h.Add(name, value)
	}
	fmt.Fprintf(w, "%s %q", f.AppName, r.Header["Cookie"])
}

func openSplit(t *testing.T) *door {
	d := open(t, "example.com", func(d *door) { d.Functions = cookies{} })
	a := d.deploy(map[string]string{"index.html": "a", "assets/x-3f2a9c1b.js": "a", "docs/index.html": "a"}, Target{AppID: "app_a", AppName: "a", Function: true}, "a")
	b := d.deploy(map[string]string{"index.html": "b", "assets/x-3f2a9c1b.js": "b"}, Target{AppID: "app_b", AppName: "b", Function: true}, "b")
	d.route(&Target{Split: &Split{Targets: []SplitTarget{{&a, 50, "arm_a"}, {&b, 50, "arm_b"}}}}, "x", "root")
	return d
}

func TestASplitIsSticky(t *testing.T) {
	d := openSplit(t)
	seen := map[string]bool{}
	for range 64 { // that all draws agree happens once in 2^63 runs
		first := d.get("x.example.com", "/")
		if first.StatusCode != 200 || len(first.Cookies()) != 1 {
			t.Fatalf("%d %s %v", first.StatusCode, first.text, first.Header)
		}
		seen[first.text] = true
		c := first.Cookies()[0]
		if c.Name != splitCookie || c.Value != "arm_"+first.text || c.Domain != "" || c.Path != "/" || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.MaxAge <= 0 || c.Secure {
			t.Fatalf("%s: %+v", first.text, c)
		}
		for _, path := range []string{"/", "/assets/x-3f2a9c1b.js"} {
			again := d.get("x.example.com", path, "Cookie: a=b; "+c.Name+"="+c.Value)
			if again.text != first.text || len(again.Cookies()) != 0 {
				t.Fatalf("%s: %s, then %s %v", path, first.text, again.text, again.Header)
			}
		}
	}
	if !seen["a"] || !seen["b"] {
		t.Errorf("all visitors met the same app: %v", seen)
	}
}

func TestAnUnknownSplitCookieIsDrawnAgain(t *testing.T) {
	d := openSplit(t)
	for _, value := range []string{"", "arm_c", "arm_", "app_a", "ARM_A", "arm_a x", "arm_a,arm_b", "%61rm_a", "0", strings.Repeat("a", 3000)} {
		got := d.get("x.example.com", "/", "Cookie: "+splitCookie+"="+value)
		if got.StatusCode != 200 || len(got.Cookies()) != 1 || got.Cookies()[0].Value != "arm_"+got.text {
			t.Errorf("%.20q: %d %s %v", value, got.StatusCode, got.text, got.Header)
		}
	}
	// A cookie set by another host alongside ours does not hide it.
	for _, line := range []string{"fazt_split=x; fazt_split=arm_b", "fazt_split=arm_b; fazt_split=x", "fazt_split=x; a=b; fazt_split=arm_b"} {
		if got := d.get("x.example.com", "/", "Cookie: "+line); got.text != "b" || len(got.Cookies()) != 0 {
			t.Errorf("%s: %s %v", line, got.text, got.Header)
		}
	}
}

func TestSharedCachesDoNotMixTheTargetsOfASplit(t *testing.T) {
	d := openSplit(t)
	for path, want := range map[string]string{
		"/":                     "private, no-cache",
		"/assets/x-3f2a9c1b.js": "private, max-age=31536000, immutable",
		"/api/x":                "private, max-age=60",
		"/none":                 "private, no-store",
		"/docs/":                "private, no-cache",
		"/docs":                 "private, no-cache",
	} {
		got := d.get("x.example.com", path, "Cookie: fazt_split=arm_a", "Accept-Encoding: gzip")
		if cc := got.Header.Values("Cache-Control"); len(cc) != 1 || cc[0] != want {
			t.Errorf("%s: Cache-Control %q", path, cc)
		}
		if vary := strings.Join(got.Header.Values("Vary"), ","); !strings.Contains(vary, "Cookie") || path == "/api/x" && !strings.Contains(vary, "Accept") {
			t.Errorf("%s: Vary %q", path, vary)
		}
		if got.Header.Get("CDN-Cache-Control") != "" || got.Header.Get("Surrogate-Control") != "" {
			t.Errorf("%s: %v", path, got.Header)
		}
	}
	for _, header := range []string{"If-None-Match: *", "Range: bytes=0-0"} {
		got := d.get("x.example.com", "/", header)
		if !strings.HasPrefix(got.Header.Get("Cache-Control"), "private") || len(got.Cookies()) != 1 {
			t.Errorf("%s: %d %v", header, got.StatusCode, got.Header)
		}
	}
	// The same files at the app's own host stay public afterwards: the headers are shared.
	if got := d.get("a.example.com", "/assets/x-3f2a9c1b.js"); strings.Contains(got.Header.Get("Cache-Control"), "private") || strings.Contains(got.Header.Get("Vary"), "Cookie") || len(got.Cookies()) != 0 {
		t.Errorf("%v", got.Header)
	}
}

func TestFunctionsDoNotSeeTheSplitCookie(t *testing.T) {
	d := openSplit(t)
	for line, want := range map[string]string{
		"fazt_split=arm_a":      `a []`,
		"fazt_split=arm_a; x=1": `a ["x=1"]`,
		"fazt_split=arm_a; __Host-fazt_session=1; x=1; __secure-FAZT-y=2; faz=3": `a ["x=1; faz=3"]`,
		"x=1;fazt_split=arm_a ; y=2":                   `a ["x=1; y=2"]`,
		"x=1; fazt_split=arm_a; fazt_split=arm_b; z=3": `a ["x=1; z=3"]`,
		"x=fazt_split; fazt_split=arm_a":               `a ["x=fazt_split"]`,
		"split_fazt=y; fazt_other=1; fazt_split=arm_a": `a ["split_fazt=y"]`,
		"fazt_split=arm_a\r\nCookie: q=1; fazt_split":  `a ["q=1"]`,
	} {
		got := d.get("x.example.com", "/api/x", "Cookie: "+line)
		if got.text != want {
			t.Errorf("%q: %s, want %s", line, got.text, want)
		}
	}
	if got := d.get("a.example.com", "/api/x", "Cookie: x=1; fazt_split=arm_a"); got.text != `a ["x=1"]` {
		t.Errorf("at the app's own host: %s", got.text)
	}
	got := d.get("x.example.com", "/api/x")
	if got.Cookies()[0].Name == got.Cookies()[1].Name { // its own, and the split's
		t.Errorf("%v", got.Header)
	}
}

func TestPagesOfASplitReloadWithTheirOwnApp(t *testing.T) {
	s := splitOf(50, 50)
	if s.Member("app_1") != s.Targets[1].Target || s.Member("app_2") != nil {
		t.Error("the wrong target")
	}
}

func TestTheSplitCookieIsSecureOverHTTPS(t *testing.T) {
	g := &gateway{draw: func(int) int { return 0 }}
	x := &exchange{ResponseWriter: httptest.NewRecorder()}
	g.choose(x, httptest.NewRequest(http.MethodGet, "https://x.example.com/", nil), splitOf(50, 50))
	if !strings.HasSuffix(x.splitCookie, "; Secure") {
		t.Error(x.splitCookie)
	}
}

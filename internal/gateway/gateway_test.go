package gateway

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"go.uber.org/goleak"

	"fazt/internal/content"
	"fazt/internal/database"
	"fazt/internal/database/databasetest"
	"fazt/internal/errs"
	"fazt/internal/hosting"
	"fazt/internal/hosting/route"
	"fazt/internal/hosting/static"
	"fazt/internal/runtime"
	"fazt/internal/system"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// door is a gateway behind an HTTP server on the loopback interface, over real deployments.
type door struct {
	testing.TB
	Config
	db      *database.DB
	store   *hosting.Store
	routes  atomic.Pointer[Routes]
	address string
	log     lines
	env     *runtime.Env
}

// lines is a log safe for concurrent writes.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// function responds as an app's function would: with what it was passed.
type function struct{}

func (function) Serve(w http.ResponseWriter, r *http.Request, f runtime.Function) {
	if r.URL.Path == "/api/panic" {
		panic("the function host broke")
	}
	if r.URL.Path == "/api/half" {
		fmt.Fprint(w, "half")
		_ = http.NewResponseController(w).Flush()
		panic("the function host broke")
	}
	fmt.Fprintf(w, "%s %s %s %d %s %s %v %v", f.AppID, f.AppName, r.URL.Path, f.Number, f.RequestID, f.ClientIP, f.Dev, f.Env.Values)
}

func open(t testing.TB, domain string, change ...func(d *door)) *door {
	t.Helper()
	db, err := database.Open(t.Context(), database.Config{Path: databasetest.Path(t)})
	if err != nil {
		t.Fatal(err)
	}
	limits := system.Defaults().Storage
	d := &door{TB: t, db: db, env: &runtime.Env{Values: map[string]string{"A": "b"}}}
	blobs := content.New(content.Config{DB: db})
	d.store = hosting.New(hosting.Config{DB: db, Content: blobs, Limits: func(string) system.Storage { return limits }})
	d.Config = Config{
		Routes: d.routes.Load, Preview: d.preview, Functions: function{}, Log: slog.New(slog.NewTextHandler(&d.log, nil)),
		Static: static.New(static.Config{Deployments: d.store, Content: blobs, CacheBytes: func() int64 { return limits.MaxVFS }}),
		Admin: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/panic" {
				panic("the admin broke")
			}
			fmt.Fprint(w, "admin ", r.URL.Path)
		}),
	}
	d.routes.Store(NewRoutes(Table{Domain: domain}))
	for _, fn := range change {
		fn(d)
	}
	server := httptest.NewServer(New(d.Config))
	d.address = server.Listener.Addr().String()
	t.Cleanup(func() {
		if d.Reload != nil {
			d.Reload.Close()
		}
		server.Close()
		db.Close()
	})
	return d
}

// deploy creates a deployment and points the labels to it.
func (d *door) deploy(files map[string]string, t Target, labels ...string) Target {
	d.Helper()
	err := func() error {
		ctx := d.Context()
		plan := hosting.Plan{}
		texts := map[content.Hash]string{}
		for path, text := range files {
			hash := content.Hash(sha256.Sum256([]byte(text)))
			plan.Files = append(plan.Files, hosting.Announced{Path: path, Hash: hash, Size: int64(len(text))})
			texts[hash] = text
		}
		err := d.db.Write(ctx, func(tx *database.Tx) error {
			return tx.Exec("INSERT INTO apps (id, name, created_at, updated_at) VALUES (?, ?, 1, 1) ON CONFLICT DO NOTHING", t.AppID, t.AppName)
		})
		if err != nil {
			return err
		}
		u, err := d.store.Begin(ctx, t.AppName, t.AppID, plan)
		if err != nil {
			return err
		}
		var stream bytes.Buffer
		z, err := zstd.NewWriter(&stream, zstd.WithWindowSize(1<<20), zstd.WithEncoderConcurrency(1))
		if err != nil {
			return err
		}
		archive := tar.NewWriter(z)
		for _, hash := range u.Missing {
			_ = archive.WriteHeader(&tar.Header{Name: hash.String(), Size: int64(len(texts[hash])), Mode: 0o600})
			_, _ = io.WriteString(archive, texts[hash])
		}
		if err := archive.Close(); err != nil {
			return err
		}
		if err := z.Close(); err != nil {
			return err
		}
		if len(u.Missing) > 0 {
			if _, err := d.store.Receive(ctx, u.ID, &stream); err != nil {
				return err
			}
		}
		if _, err := d.store.Ready(ctx, u.ID); err != nil {
			return err
		}
		return d.db.Write(ctx, func(tx *database.Tx) error {
			made, err := d.store.CommitTx(tx, u.ID, t.AppID, nil)
			t.Deployment, t.Number = made.ID, made.Number
			return err
		})
	}()
	if err != nil {
		d.Fatal(err)
	}
	t.Env = d.env
	d.route(&t, labels...)
	return t
}

// route installs a snapshot in which the labels also lead to t.
func (d *door) route(t *Target, labels ...string) {
	old := d.routes.Load()
	targets := map[string]*Target{}
	maps.Insert(targets, old.Labels())
	for _, label := range labels {
		targets[label] = t
	}
	d.routes.Store(NewRoutes(Table{Domain: old.domain, Labels: targets, Hosts: maps.Collect(old.Hosts())}))
}

func (d *door) preview(ctx context.Context, label string, number int) (*Target, error) {
	t := d.routes.Load().Label(label)
	if t == nil {
		return nil, errs.New(errs.NotFound, "no app")
	}
	if number == 500 {
		return nil, fmt.Errorf("the disk broke")
	}
	found, err := d.store.Deployment(ctx, t.AppID, number)
	if err != nil {
		return nil, err
	}
	return &Target{AppID: t.AppID, AppName: t.AppName, Deployment: found.ID, Number: number, Env: t.Env}, nil
}

// answer is a response that has been read.
type answer struct {
	*http.Response
	text string
}

// raw sends text on its own connection and reads one response. status is 0 if the connection was closed instead.
func (d *door) raw(text string) answer {
	d.Helper()
	c, err := net.Dial("tcp", d.address)
	if err != nil {
		d.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(time.Minute))
	if _, err := io.WriteString(c, text); err != nil {
		d.Fatal(err)
	}
	method, _, _ := strings.Cut(text, " ")
	resp, err := http.ReadResponse(bufio.NewReader(c), &http.Request{Method: method})
	if err != nil {
		return answer{Response: &http.Response{Header: http.Header{}}}
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	return answer{resp, string(body)}
}

// get requests a target exactly as spelled; headers are lines.
func (d *door) get(host, target string, headers ...string) answer {
	d.Helper()
	return d.do("GET", host, target, headers...)
}

func (d *door) do(method, host, target string, headers ...string) answer {
	d.Helper()
	text := method + " " + target + " HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n"
	for _, h := range headers {
		text += h + "\r\n"
	}
	return d.raw(text + "\r\n")
}

var blog = map[string]string{
	"index.html":          "<body>blog</body>",
	"docs/index.html":     "docs",
	"private/secret.txt":  "the secret",
	"private/index.html":  "the secret",
	"api/main.js":         "the function",
	"api/lib.js":          "the library",
	"workers/job.js":      "the worker",
	"fazt.json":           `{"title":"the manifest"}`,
	".env":                "the environment",
	".git/config":         "the repository",
	"node_modules/x/x.js": "the module",
	"auth/index.html":     "the sign-in page of another site",
	"_fazt/x.txt":         "the product's",
}

var secrets = []string{
	"the secret", "the function", "the library", "the worker", "the manifest", "the environment", "the repository", "the module",
	"the sign-in", "the product's",
}

func TestHostsLeadToApps(t *testing.T) {
	d := open(t, "example.com")
	d.deploy(blog, Target{AppID: "app_blog", AppName: "blog"}, "blog", "shop")
	d.route(&Target{Reserved: true}, "kept")
	d.route(&Target{AppID: "app_new", AppName: "new", Env: d.env}, "new")
	for host, want := range map[string]struct {
		status int
		text   string
	}{
		"blog.example.com":                       {200, "blog"},
		"shop.example.com":                       {200, "blog"},
		"BLOG.Example.COM":                       {200, "blog"},
		"blog.example.com.":                      {200, "blog"},
		"blog.example.com:4698":                  {200, "blog"},
		"blog.example.com.:80":                   {200, "blog"},
		"blog.example.com:":                      {200, "blog"},
		"bücher.example.com":                     {400, ""},
		"admin.example.com":                      {200, "admin /"},
		"example.com":                            {200, "This is a Fazt"},
		"www.example.com":                        {200, "This is a Fazt"},
		"none.example.com":                       {404, "No app at none.example.com"},
		"kept.example.com":                       {404, "No app at kept.example.com"},
		"new.example.com":                        {404, "The app new has no live deployment yet"},
		"a.blog.example.com":                     {404, "No app at"},
		"blog.example.com.evil.org":              {404, "No app at"},
		"blogexample.com":                        {404, "No app at"},
		"blogxexample.com":                       {404, "No app at"},
		"xexample.com":                           {404, "No app at"},
		"example.org":                            {404, "No app at"},
		"_x.example.com":                         {404, "No app at"},
		"127.0.0.1":                              {404, "No app at"},
		"[::1]:80":                               {404, "No app at"},
		"xn--bcher-kva.example.com":              {404, "No app at"},
		"":                                       {400, ""},
		"a:b:c":                                  {400, ""},
		"blog.example.com:x":                     {400, ""},
		"blog.example.com:999999":                {400, ""},
		"blog.example.com:65536":                 {400, ""},
		"blog.example.com:99999":                 {400, ""},
		"blog.example.com..":                     {400, ""},
		".blog.example.com":                      {400, ""},
		"blog..example.com":                      {400, ""},
		"blog.example.com/x":                     {400, ""},
		"user@blog.example.com":                  {400, ""},
		"blog.example.com?x":                     {400, ""},
		"blog%2eexample.com":                     {400, ""},
		"[::1":                                   {400, ""},
		"[::1%25lo]":                             {400, ""},
		"[127.0.0.1]":                            {400, ""},
		"[blog.example.com]":                     {400, ""},
		"-blog.example.com":                      {400, ""},
		strings.Repeat("a", 64) + ".example.com": {400, ""},
		strings.Repeat("a.", 130) + "com":        {400, ""},
	} {
		got := d.get(host, "/")
		if got.StatusCode != want.status || !strings.Contains(got.text, want.text) {
			t.Errorf("%q: %d %q", host, got.StatusCode, got.text)
		}
		if got.StatusCode >= 400 && got.Header.Get("Content-Type") == "text/html; charset=utf-8" && got.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%q: the error may be kept: %v", host, got.Header)
		}
	}
}

func TestLocalhostAndLoopbackAddresses(t *testing.T) {
	d := open(t, "localhost")
	d.deploy(blog, Target{AppID: "app_blog", AppName: "blog"}, "blog")
	for host, want := range map[string]string{
		"localhost:4698": "This is a Fazt", "127.0.0.1:4698": "This is a Fazt", "[::1]:4698": "This is a Fazt", "0.0.0.0:4698": "This is a Fazt",
		"blog.localhost:4698": "blog", "192.168.1.2": "No app at 192.168.1.2", "[2001:DB8::1]": "No app at 2001:db8::1",
	} {
		if got := d.get(host, "/"); !strings.Contains(got.text, want) {
			t.Errorf("%q: %d %q", host, got.StatusCode, got.text)
		}
	}
	d.deploy(map[string]string{"index.html": "the root app"}, Target{AppID: "app_root", AppName: "root"}, "root")
	for _, host := range []string{"localhost", "www.localhost", "root.localhost", "127.0.0.1"} {
		if got := d.get(host, "/"); got.text != "the root app" {
			t.Errorf("%q: %d %q", host, got.StatusCode, got.text)
		}
	}
}

func TestPreviews(t *testing.T) {
	d := open(t, "localhost")
	d.deploy(map[string]string{"index.html": "one"}, Target{AppID: "app_blog", AppName: "blog"}, "blog")
	d.deploy(map[string]string{"index.html": "two"}, Target{AppID: "app_blog", AppName: "blog"}, "blog")
	for host, want := range map[string]struct {
		status int
		text   string
	}{
		"1--blog.localhost": {200, "one"}, "2--blog.localhost": {200, "two"}, "blog.localhost": {200, "two"},
		"3--blog.localhost": {404, "No app at 3--blog.localhost"}, "0--blog.localhost": {404, ""}, "01--blog.localhost": {404, ""},
		"-1--blog.localhost": {400, ""}, "1--none.localhost": {404, "No app at 1--none.localhost"}, "1--.localhost": {400, ""},
		"--blog.localhost": {400, ""}, "9999999999--blog.localhost": {404, ""}, "+1--blog.localhost": {400, ""}, "1--1--blog.localhost": {404, ""},
		"500--blog.localhost": {500, "Something went wrong"},
	} {
		got := d.get(host, "/")
		if got.StatusCode != want.status || !strings.Contains(got.text, want.text) {
			t.Errorf("%s: %d %q", host, got.StatusCode, got.text)
		}
		if noindex := got.Header.Get("X-Robots-Tag") == "noindex"; noindex != (got.StatusCode == 200 && host != "blog.localhost") {
			t.Errorf("%s: %v", host, got.Header)
		}
	}
	if !strings.Contains(d.log.String(), "the disk broke") {
		t.Errorf("the log does not know why: %s", d.log.String())
	}
}

// A preview has one address: a number of at most nine digits, without signs and leading zeros, before the name of an app.
func TestOnlyOneSpellingOfAPreviewIsLookedUp(t *testing.T) {
	var asked atomic.Pointer[string]
	d := open(t, "localhost", func(d *door) {
		d.Preview = func(_ context.Context, app string, number int) (*Target, error) {
			text := fmt.Sprintf("%d of %s", number, app)
			asked.Store(&text)
			return nil, errs.New(errs.NotFound, "no such deployment")
		}
	})
	for label, want := range map[string]string{
		"1--blog": "1 of blog", "999999999--blog": "999999999 of blog", "1--1--blog": "1 of 1--blog", "1--2": "1 of 2",
		"1000000000--blog": "", "9999999999--blog": "", "99999999999999999999--blog": "", "0--blog": "", "00--blog": "", "01--blog": "", "1x--blog": "", "x--blog": "", "1-blog": "", "blog--1": "", "blog": "", "1": "",
	} {
		asked.Store(new(string))
		if got := d.get(label+".localhost", "/"); got.StatusCode != 404 || *asked.Load() != want {
			t.Errorf("%s: %d, looked up %q", label, got.StatusCode, *asked.Load())
		}
	}
}

func TestPathsLeadToFilesAndFunctions(t *testing.T) {
	d := open(t, "localhost")
	d.deploy(blog, Target{AppID: "app_blog", AppName: "blog", Function: true}, "blog")
	d.deploy(map[string]string{"index.html": "static"}, Target{AppID: "app_static", AppName: "static"}, "static")
	for _, c := range []struct {
		method, host, target string
		status               int
		text, location       string
	}{
		{"GET", "blog.localhost", "/", 200, "blog", ""},
		{"GET", "blog.localhost", "http://blog.localhost", 200, "blog", ""},
		{"GET", "other.localhost", "http://blog.localhost/", 200, "blog", ""},
		{"GET", "blog.localhost", "/?x=//y", 200, "blog", ""},
		{"GET", "blog.localhost", "/docs?a=b", 301, "", "/docs/?a=b"},
		{"GET", "blog.localhost", "//docs/?a=b", 301, "", "/docs/?a=b"},
		{"HEAD", "blog.localhost", "/x/../docs/", 301, "", "/docs/"},
		{"GET", "blog.localhost", "/docs/.", 301, "", "/docs/"},
		{"GET", "blog.localhost", "/docs/x/..", 301, "", "/docs/"},
		{"GET", "blog.localhost", "/../..", 301, "", "/"},
		{"GET", "blog.localhost", "//evil.com/..", 301, "", "/"},
		{"GET", "blog.localhost", "//evil.com", 301, "", "/evil.com"},
		{"GET", "blog.localhost", "//evil.com//", 301, "", "/evil.com/"},
		{"GET", "blog.localhost", "/.//evil.com", 301, "", "/evil.com"},
		{"GET", "blog.localhost", "/%2e/%2e%2e//evil.com", 301, "", "/evil.com"},
		{"GET", "blog.localhost", "//%5cevil.com", 400, "", ""},
		{"GET", "blog.localhost", "/\tevil.com", 400, "", ""},
		{"GET", "blog.localhost", "/a%0d%0aLocation:%20x/..", 400, "", ""},
		{"POST", "blog.localhost", "//docs/", 400, "use /docs/", ""},
		{"POST", "blog.localhost", "//api/x", 404, "", ""},
		{"GET", "blog.localhost", "/a%2fb", 400, "an encoded slash", ""},
		{"GET", "blog.localhost", "/a%2Fb", 400, "an encoded slash", ""},
		{"GET", "blog.localhost", "/a%5cb", 400, "a backslash", ""},
		{"GET", "blog.localhost", "/a%00b", 400, "a control character", ""},
		{"GET", "blog.localhost", "/a%7fb", 400, "a control character", ""},
		{"GET", "blog.localhost", "/%252e%252e/x", 404, "", ""},
		{"GET", "blog.localhost", "/...", 404, "", ""},
		{"GET", "blog.localhost", "/api", 200, "app_blog blog /api 1 req_", ""},
		{"POST", "blog.localhost", "/api/a/b", 200, "app_blog blog /api/a/b 1 req_", ""},
		{"DELETE", "blog.localhost", "/api/main.js", 200, "/api/main.js", ""},
		{"GET", "blog.localhost", "/api/x", 200, "127.0.0.1 false map[A:b]", ""},
		{"GET", "blog.localhost", "/apix", 404, "", ""},
		{"POST", "blog.localhost", "/docs/", 405, "", ""},
		{"OPTIONS", "blog.localhost", "/docs/", 204, "", ""},
		{"GET", "static.localhost", "/api/x", 404, `{"error":{"code":"NOT_FOUND","message":"this app has no function"}}`, ""},
		{"GET", "blog.localhost", "/auth/", 404, "", ""},
		{"GET", "blog.localhost", "/auth", 404, "", ""},
		{"GET", "blog.localhost", "/_fazt/x.txt", 404, "", ""},
		{"GET", "blog.localhost", "/_fazt/reload", 404, "", ""},
		{"GET", "admin.localhost", "/a/b?c", 200, "admin /a/b", ""},
		{"GET", "admin.localhost", "//a", 301, "", "/a"},
		{"GET", "localhost", "/x", 404, "", ""},
		{"POST", "localhost", "/", 405, "", ""},
	} {
		got := d.do(c.method, c.host, c.target)
		if got.StatusCode != c.status || !strings.Contains(got.text, c.text) || got.Header.Get("Location") != c.location {
			t.Errorf("%s %s %s: %d %q %q", c.method, c.host, c.target, got.StatusCode, got.Header.Get("Location"), got.text)
		}
	}
}

// The predecessor checked the path before making it canonical: //private/x and /./private/x were served to everyone,
// and //api/main.js returned the function's source.
func TestNoSpellingOfAPathReachesHiddenFiles(t *testing.T) {
	d := open(t, "localhost")
	d.deploy(blog, Target{AppID: "app_blog", AppName: "blog"}, "blog")
	d.deploy(blog, Target{AppID: "app_spa", AppName: "spa", SPA: true}, "spa")
	for _, s := range spellings() {
		for _, host := range []string{"blog.localhost", "spa.localhost", "1--blog.localhost"} {
			got := d.get(host, s)
			for hops := 0; got.StatusCode == 301 && hops < 5; hops++ {
				location := got.Header.Get("Location")
				if !strings.HasPrefix(location, "/") || strings.HasPrefix(location, "//") || strings.ContainsAny(location, "\\\r\n") {
					t.Fatalf("%s leads away: %q", s, location)
				}
				got = d.get(host, location)
			}
			for _, secret := range secrets {
				if strings.Contains(got.text, secret) {
					t.Errorf("%s%s shows %q", host, s, secret)
				}
			}
			if got.StatusCode == 301 || got.StatusCode == 0 || got.StatusCode >= 500 {
				t.Errorf("%s%s: %d", host, s, got.StatusCode)
			}
		}
	}
}

func TestHiddenFilesLookNonexistent(t *testing.T) {
	d := open(t, "localhost")
	d.deploy(blog, Target{AppID: "app_blog", AppName: "blog", SPA: true}, "blog")
	missing := d.get("blog.localhost", "/missing.txt")
	for path := range blog {
		if !hosting.Hidden(path) || strings.HasPrefix(path, "api/") || strings.HasPrefix(path, "private/") { // those are another matter
			continue
		}
		for _, spelling := range []string{"/" + path, "//" + path, "/./" + path, "/x/../" + path} {
			if got := d.get("blog.localhost", spelling); got.StatusCode != 404 || got.text != missing.text {
				t.Errorf("%s: %d %s", spelling, got.StatusCode, got.text)
			}
		}
	}
}

func spellings() []string {
	var list []string
	for _, s := range []string{
		"/private/secret.txt", "/private/", "/private", "/api/main.js", "/api/lib.js", "/workers/job.js", "/fazt.json", "/.env", "/.git/config",
		"/node_modules/x/x.js", "/auth/index.html", "/auth/", "/_fazt/x.txt",
	} {
		list = append(list,
			s, "/"+s, "//"+s, "/."+s, "/./."+s, "/y/.."+s, "/y//.."+s, "/../"+s[1:], "/y/%2e%2e"+s, "/%2e"+s, "/%2E"+s, "/%2e%2e"+s,
			"/%2f"+s[1:], "/%2F"+s[1:], "/y/%2e%2e%2f"+s[1:], "/y/..%2f"+s[1:], "/y/..%5c"+s[1:], "/%5c"+s[1:], "/\\"+s[1:], "\\"+s[1:],
			"/y/..\\"+s[1:], "/%252e"+s, "/%252f"+s[1:], "/%c0%af"+s[1:], "/%e0%80%af"+s[1:], "/%ef%bc%8f"+s[1:], "/ſ"+s[1:],
			s+"/", s+"/.", s+"//", s+"/..", s+"%00", s+"%00.html", s+"%20", s+".", s+"%2e", s+"::$DATA", s+";x", s+"%3bx", s+"%2f", s+"%23", s+"?x",
			s+"%3f", s+"#x", s+"%e2%80%8b", s+"%0a", "/"+"%20"+s[1:], "/;x"+s, "/;/.."+s, "/.;"+s, "/..;"+s, "/docs/.."+s, "/docs/../"+s[1:],
			strings.ToUpper(s), strings.ToUpper(s[:2])+s[2:], strings.Replace(s, "i", "ı", 1), strings.Replace(s, "s", "%c5%bf", 1), strings.ReplaceAll(s, "/", "//"),
			strings.ReplaceAll(s, "/", "/./"), strings.ReplaceAll(s, ".", "%2e"), "/"+escapeAll(s[1:], "%%%02x"), "/"+escapeAll(s[1:], "%%25%02x"),
			"/"+escapeAll(s[1:2], "%%%02x")+s[2:], "http://blog.localhost"+s, "http://blog.localhost//"+s, "http://blog.localhost/."+s, "http:"+s,
			"//blog.localhost"+s, "/http://blog.localhost"+s,
		)
	}
	return list
}

func escapeAll(s, format string) string {
	var b strings.Builder
	for i := range len(s) {
		if s[i] == '/' {
			b.WriteByte('/')
		} else {
			fmt.Fprintf(&b, format, s[i])
		}
	}
	return b.String()
}

func TestMalformedRequests(t *testing.T) {
	d := open(t, "localhost")
	d.deploy(blog, Target{AppID: "app_blog", AppName: "blog"}, "blog")
	for text, want := range map[string]int{
		"GET / HTTP/1.1\r\n\r\n":                                                              400,
		"GET / HTTP/1.0\r\n\r\n":                                                              400,
		"GET / HTTP/1.0\r\nHost: blog.localhost\r\n\r\n":                                      200,
		"GET / HTTP/1.1\r\nHost: blog.localhost\r\nHost: x\r\n\r\n":                           400,
		"GET / HTTP/1.1\r\nHost: a b\r\n\r\n":                                                 400,
		"GET / HTTP/1.1\r\nHost: a,b\r\n\r\n":                                                 400,
		"GET / HTTP/1.1\r\nHost: \xff\r\n\r\n":                                                400,
		"GET * HTTP/1.1\r\nHost: blog.localhost\r\n\r\n":                                      400,
		"GET x HTTP/1.1\r\nHost: blog.localhost\r\n\r\n":                                      400,
		"GET /%zz HTTP/1.1\r\nHost: blog.localhost\r\n\r\n":                                   400,
		"GET /\x01 HTTP/1.1\r\nHost: blog.localhost\r\n\r\n":                                  400,
		"OPTIONS * HTTP/1.1\r\nHost: blog.localhost\r\nConnection: close\r\n\r\n":             200,
		"CONNECT blog.localhost:80 HTTP/1.1\r\nHost: blog.localhost\r\n\r\n":                  405,
		"CONNECT evil.com:443 HTTP/1.1\r\nHost: evil.com\r\n\r\n":                             405,
		"GET http://[::1/ HTTP/1.1\r\nHost: x\r\n\r\n":                                        400,
		"GET http://user:pw@blog.localhost/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n": 200,
	} {
		if got := d.raw(text); got.StatusCode != want {
			t.Errorf("%q: %d %q", text, got.StatusCode, got.text)
		}
	}
}

func TestErrorsAsPagesAndAsJSON(t *testing.T) {
	d := open(t, "localhost")
	d.deploy(blog, Target{AppID: "app_blog", AppName: "blog"}, "blog")
	page := d.get("blog.localhost", "/missing", "Accept: text/html,application/json;q=0.9")
	for name, want := range map[string]string{
		"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
		"Content-Security-Policy": policy, "X-Request-Id": "",
	} {
		if got := page.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if !strings.Contains(page.text, "<h1>Not found</h1>") || strings.Contains(page.text, "http") {
		t.Error(page.text)
	}
	if got := d.do("HEAD", "blog.localhost", "/missing"); got.StatusCode != 404 || got.text != "" || got.ContentLength != int64(len(page.text)) {
		t.Errorf("HEAD: %d %v", got.StatusCode, got.Header)
	}
	program := d.get("blog.localhost", "/missing", "Accept: application/json")
	var f failure
	if err := json.Unmarshal([]byte(program.text), &f); err != nil || program.Header.Get("Content-Type") != "application/json" || f.Error.Code != "NOT_FOUND" {
		t.Error(program.text, err)
	}
	if got := d.get("<script>.localhost", "/"); strings.Contains(got.text, "<script>") {
		t.Error(got.text)
	}
}

func TestAPanicIsA500WithARequestID(t *testing.T) {
	var events []Event
	var mu sync.Mutex
	d := open(t, "localhost", func(d *door) {
		d.Access = func(e Event) {
			mu.Lock()
			defer mu.Unlock()
			events = append(events, e)
		}
	})
	d.deploy(blog, Target{AppID: "app_blog", AppName: "blog", Function: true}, "blog")
	for _, c := range [][2]string{{"blog.localhost", "/api/panic"}, {"admin.localhost", "/panic"}} {
		got := d.get(c[0], c[1])
		id := got.Header.Get("X-Request-Id")
		if got.StatusCode != 500 || !strings.HasPrefix(id, "req_") || !strings.Contains(got.text, id) || strings.Contains(got.text, "broke") {
			t.Errorf("%v: %d %v %q", c, got.StatusCode, got.Header, got.text)
		}
		if log := d.log.String(); !strings.Contains(log, id) || !strings.Contains(log, "broke") || !strings.Contains(log, "gateway_test.go") {
			t.Errorf("%v: the log does not tell: %s", c, log)
		}
	}
	// Part of the response was sent: the client must notice that the rest is missing.
	if got := d.raw("GET /api/half HTTP/1.1\r\nHost: blog.localhost\r\n\r\n"); got.StatusCode != 200 || got.text != "half" || got.Close {
		t.Errorf("half: %d %q", got.StatusCode, got.text)
	}
	c, err := net.Dial("tcp", d.address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	fmt.Fprint(c, "GET /api/half HTTP/1.1\r\nHost: blog.localhost\r\n\r\n")
	if all, _ := io.ReadAll(c); bytes.Contains(all, []byte("0\r\n\r\n")) || bytes.Contains(all, []byte("went wrong")) {
		t.Errorf("a truncated response looks complete: %q", all)
	}
	if got := d.get("blog.localhost", "/"); got.StatusCode != 200 {
		t.Errorf("afterwards: %d", got.StatusCode)
	}
	mu.Lock()
	defer mu.Unlock()
	if len(events) < 3 || events[0].Status != 500 || events[0].AppID != "app_blog" || events[0].RequestID == "" || events[0].Path != "/api/panic" {
		t.Errorf("%+v", events)
	}
	if e := events[len(events)-1]; e.Status != 200 || e.Bytes != int64(len(blog["index.html"])) || e.Host != "blog.localhost" || e.ClientIP != "127.0.0.1" {
		t.Errorf("%+v", e)
	}
}

func TestRequestIDsFromClientsAreIgnored(t *testing.T) {
	d := open(t, "localhost")
	d.deploy(blog, Target{AppID: "app_blog", AppName: "blog", Function: true}, "blog")
	got := d.get("blog.localhost", "/api/x", "X-Request-Id: mine", "X-Forwarded-For: 8.8.8.8")
	if id := got.Header.Get("X-Request-Id"); !strings.HasPrefix(id, "req_") || !strings.Contains(got.text, id) || strings.Contains(got.text, "8.8.8.8") {
		t.Errorf("%v %q", got.Header, got.text)
	}
	w := httptest.NewRecorder()
	WithRequestID(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, w.Header().Get("X-Request-Id"))
	})).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if id := w.Header().Get("X-Request-Id"); !strings.HasPrefix(id, "req_") || w.Body.String() != id {
		t.Errorf("%q %q", id, w.Body.String())
	}
}

func TestOpenPagesReloadOnANewDeployment(t *testing.T) {
	d := open(t, "localhost", func(d *door) { d.Reload = NewReloader() })
	first := d.deploy(blog, Target{AppID: "app_blog", AppName: "blog"}, "blog")
	page := d.get("blog.localhost", "/")
	if want := `<body>blog<script src="/_fazt/reload.js?` + first.Deployment + `" async></script></body>`; page.text != want || page.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%q %v", page.text, page.Header)
	}
	if got := d.get("blog.localhost", "/_fazt/reload.js?x"); got.text != string(reloadScript) || got.Header.Get("Content-Type") != "text/javascript; charset=utf-8" {
		t.Errorf("%d %q", got.StatusCode, got.text)
	}
	next := d.reloads("blog.localhost")
	if got := next(); got != first.Deployment {
		t.Errorf("%q", got)
	}
	second := d.deploy(map[string]string{"index.html": "new"}, Target{AppID: "app_blog", AppName: "blog"}, "blog")
	d.Reload.Changed("app_other")
	d.Reload.Changed("app_blog")
	if got := next(); got != second.Deployment {
		t.Errorf("%q", got)
	}
	d.Reload.Close()
	d.Reload.Close()
	if got := next(); got != "end" {
		t.Errorf("%q after the end", got)
	}
}

// An app may have paths that otherwise are the product's. The prefix belongs to the deployment, so a rollback restores it.
func TestAnAppMovesThePathsOfTheProduct(t *testing.T) {
	d := open(t, "localhost", func(d *door) { d.Reload = NewReloader() })
	files := map[string]string{"index.html": "<body>own</body>", "auth/login.html": "own sign-in", "_fazt/a.txt": "own file"}
	moved := d.deploy(files, Target{AppID: "app_blog", AppName: "blog", Product: "/_cloud", Function: true, Routes: route.Routes{"/*"}}, "blog", "before")
	for _, tt := range []struct {
		path   string
		status int
		text   string
	}{
		{"/", 200, `<script src="/_cloud/reload.js?` + moved.Deployment + `" async>`},
		{"/auth/login.html", 200, "own sign-in"},
		{"/_fazt/a.txt", 200, "own file"},
		{"/auth/other", 200, "app_blog blog /auth/other"},
		{"/_cloud/reload.js?x", 200, "EventSource"},
		{"/_cloud/auth/login", 404, "Paths below /_cloud belong to Fazt"},
		{"/_CLOUD", 404, "Paths below /_cloud belong to Fazt"},
	} {
		if got := d.get("blog.localhost", tt.path); got.StatusCode != tt.status || !strings.Contains(got.text, tt.text) {
			t.Errorf("%s: %d %q, want %d %q", tt.path, got.StatusCode, got.text, tt.status, tt.text)
		}
	}
	files["index.html"] = "<body>new</body>"
	d.deploy(files, Target{AppID: "app_blog", AppName: "blog", Function: true, Routes: route.Routes{"/*"}}, "blog")
	for path, want := range map[string]int{"/auth/login.html": 404, "/auth/other": 404, "/_fazt/reload.js": 200, "/_cloud/reload.js": 200} {
		got := d.get("blog.localhost", path)
		if got.StatusCode != want || path == "/_cloud/reload.js" && !strings.HasPrefix(got.text, "app_blog") {
			t.Errorf("not moved: %s: %d %q", path, got.StatusCode, got.text)
		}
	}
	d.routes.Store(NewRoutes(Table{Domain: "localhost", Labels: map[string]*Target{"blog": &moved}}))
	if got := d.get("blog.localhost", "/auth/login.html"); !strings.HasPrefix(got.text, "own sign-in") {
		t.Errorf("after a rollback: %q", got.text)
	}
}

// reloads opens the stream of a page and returns a function that returns its next message, "end" if there is none.
func (d *door) reloads(host string) (next func() string) {
	d.Helper()
	c, err := net.Dial("tcp", d.address)
	if err != nil {
		d.Fatal(err)
	}
	_ = c.SetDeadline(time.Now().Add(time.Minute))
	fmt.Fprintf(c, "GET /_fazt/reload HTTP/1.1\r\nHost: %s\r\n\r\n", host)
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil || resp.Header.Get("Content-Type") != "text/event-stream" {
		d.Fatal(resp, err)
	}
	d.Cleanup(func() {
		c.Close() // first: closing the body reads its rest, and it has no end
		resp.Body.Close()
	})
	stream := bufio.NewScanner(resp.Body)
	return func() string {
		for stream.Scan() {
			if data, ok := strings.CutPrefix(stream.Text(), "data: "); ok {
				return data
			}
		}
		return "end"
	}
}

// An open page learns of every change of its host: to nothing, to a page of the product, to a split with and without its app.
func TestAnOpenPageFollowsItsHost(t *testing.T) {
	d := open(t, "localhost", func(d *door) { d.Reload = NewReloader() })
	own := d.deploy(blog, Target{AppID: "app_blog", AppName: "blog"}, "root")
	other := d.deploy(map[string]string{"index.html": "other"}, Target{AppID: "app_other", AppName: "other"}, "other")
	next := d.reloads("localhost")
	if got := next(); got != own.Deployment {
		t.Errorf("%q", got)
	}
	for name, tt := range map[string]struct {
		root *Target // where the host leads
		want string
	}{
		"another app's deployment": {&other, other.Deployment},
		"a page of the product":    {nil, ""},
		"reserved":                 {&Target{Reserved: true}, ""},
		"a split with the app":     {&Target{Split: &Split{[]SplitTarget{{Target: &other, Weight: 50, Token: "a"}, {Target: &own, Weight: 50, Token: "b"}}}}, own.Deployment},
		"a split without the app":  {&Target{Split: &Split{[]SplitTarget{{Target: &other, Weight: 100, Token: "a"}}}}, ""},
	} {
		d.routes.Store(NewRoutes(Table{Domain: "localhost", Labels: map[string]*Target{"root": tt.root}}))
		d.Reload.Changed("app_blog")
		if got := next(); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

func TestInternationalHosts(t *testing.T) {
	for raw, want := range map[string]string{
		"bücher.example.com": "xn--bcher-kva.example.com", "BÜCHER.Example.com:80": "xn--bcher-kva.example.com",
		"ｂｌｏｇ。example。com。": "blog.example.com", "xn--bcher-kva.example.com": "xn--bcher-kva.example.com",
		"a\u200db.example.com": "", "a\u2024b.com": "", "ex℀mple.com": "", "\xff.com": "",
	} {
		got, err := canonicalHost(raw)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q %v", raw, got, err)
		}
	}
}

func TestCanonicalHostDoesNotAllocate(t *testing.T) {
	r := NewRoutes(Table{Domain: "localhost", Labels: map[string]*Target{"blog": {}}})
	if n := testing.AllocsPerRun(100, func() {
		host, err := canonicalHost("blog.localhost:4698")
		if label, ok := r.label(host); err != nil || !ok || r.Label(label) == nil {
			t.Fatal(host, err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

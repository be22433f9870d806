package client

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"fazt/internal/api/op"
	"fazt/internal/content"
	"fazt/internal/errs"
)

const token = "fazt_0123456789ab_0123456789abcdefghjkmnpqrstvwxyz0123456789abcdefghjk"

// peerAt returns a client for a test server.
func peerAt(t *testing.T, h http.HandlerFunc) *Client {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	c, err := OpenPeer(Peer{Name: "it", URL: s.URL, Token: token})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// Regression: the documented address led to a host that did not serve the API, and errors were swallowed.
func TestRequestsGoToTheAdminHost(t *testing.T) {
	for _, tt := range []struct{ url, host, base, dial string }{
		{"https://admin.example.com", "", "https://admin.example.com", "admin.example.com:443"},
		{"https://example.com", "", "https://admin.example.com", "admin.example.com:443"},
		{"https://Example.com:8443/", "", "https://admin.example.com:8443", "admin.example.com:8443"},
		{"http://localhost:4698", "", "http://admin.localhost:4698", "localhost:4698"},
		{"http://admin.localhost:4698", "", "http://admin.localhost:4698", "localhost:4698"},
		{"http://127.0.0.1:4698", "", "http://admin.localhost:4698", "127.0.0.1:4698"},
		{"http://[::1]:4698", "", "http://admin.localhost:4698", "[::1]:4698"},
		{"https://192.0.2.7", "admin.example.com", "https://admin.example.com", "192.0.2.7:443"},
	} {
		where, err := Peer{URL: tt.url, Host: tt.host}.route()
		if err != nil || where.base != tt.base || where.dial != tt.dial {
			t.Errorf("%s: %+v %v", tt.url, where, err)
		}
	}
}

func TestURLsThatWouldLeakTheKey(t *testing.T) {
	for url, want := range map[string]string{
		"http://example.com": "not encrypted", "http://192.0.2.7": "not encrypted", "https://192.0.2.7": "--host", "ftp://example.com": "not an instance URL", "example.com": "not an instance URL",
		"https://": "not an instance URL", "https://a:b@example.com": "nothing else", "https://example.com/x": "nothing else", "https://example.com?x=1": "nothing else", "http://localhost.example.com": "not encrypted",
	} {
		if err := (Peer{URL: url}).Check(); !errs.Is(err, errs.Invalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", url, err)
		}
	}
	if err := (Peer{URL: "http://example.com", PlainHTTP: true}).Check(); err != nil {
		t.Error(err)
	}
}

func TestTheKeyGoesToThePeerAndFollowsNoRedirect(t *testing.T) {
	var leaked atomic.Bool
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { leaked.Store(true) }))
	defer other.Close()
	c := peerAt(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+token || r.Host != "admin.localhost:"+port(r) {
			t.Errorf("%s %v", r.Host, r.Header)
		}
		http.Redirect(w, r, other.URL+r.URL.Path, http.StatusTemporaryRedirect)
	})
	_, err := Call(t.Context(), c, op.AppList, op.List{})
	if !errs.Is(err, errs.Unsupported) || !strings.Contains(err.Error(), "redirects to") || leaked.Load() {
		t.Errorf("%v, leaked %v", err, leaked.Load())
	}
}

func port(r *http.Request) string {
	_, port, _ := net.SplitHostPort(r.Context().Value(http.LocalAddrContextKey).(net.Addr).String())
	return port
}

func TestAnUntrustedCertificateDoesNotGetTheKey(t *testing.T) {
	var asked atomic.Bool
	s := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Store(true) }))
	defer s.Close()
	s.Config.ErrorLog = nil
	c, err := OpenPeer(Peer{Name: "it", URL: s.URL, Token: token})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := Call(t.Context(), c, op.AppList, op.List{}); !errs.Is(err, errs.Forbidden) || !strings.Contains(err.Error(), "is not trusted") || asked.Load() {
		t.Errorf("%v", err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	if c, err = openPeer(Peer{Name: "it", URL: s.URL, Host: "example.com", Token: token}, roots); err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := Call(t.Context(), c, op.AppList, op.List{}); !asked.Load() {
		t.Errorf("a trusted certificate: %v", err)
	}
}

func TestACallIsRetriedUntilThePeerRespondsAndRunsOnce(t *testing.T) {
	for name, fail := range map[string]http.HandlerFunc{
		"busy":            func(w http.ResponseWriter, _ *http.Request) { op.WriteError(w, errs.New(errs.Unavailable, "busy"), "") },
		"too often":       func(w http.ResponseWriter, _ *http.Request) { op.WriteError(w, errs.New(errs.RateLimited, "slow"), "") },
		"connection lost": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"response cut off": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "99")
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(200)
		},
		"a proxy in front": func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "<p>bad gateway", http.StatusBadGateway) },
	} {
		t.Run(name, func(t *testing.T) {
			keys := map[string]bool{}
			n := 0
			c := peerAt(t, func(w http.ResponseWriter, r *http.Request) {
				keys[r.Header.Get("Idempotency-Key")] = true
				if n++; n == 1 {
					fail(w, r)
					return
				}
				_ = op.AppRemove.Spec.WriteResult(w, op.Removal{})
			})
			if _, err := Call(t.Context(), c, op.AppRemove, op.AppRef{App: "x"}); err != nil || n != 2 || len(keys) != 1 || keys[""] {
				t.Errorf("%d requests with the keys %v: %v", n, keys, err)
			}
		})
	}
}

func TestRefusalsAreNotRetried(t *testing.T) {
	for _, kind := range []errs.Kind{errs.Unauthorized, errs.Forbidden, errs.NotFound, errs.Conflict, errs.Internal} {
		n := 0
		c := peerAt(t, func(w http.ResponseWriter, _ *http.Request) { n++; op.WriteError(w, errs.New(kind, "no"), "") })
		if _, err := Call(t.Context(), c, op.AppList, op.List{}); !errs.Is(err, kind) || n != 1 {
			t.Errorf("%v: asked %d times, %v", kind, n, err)
		}
	}
	n := 0
	c := peerAt(t, func(w http.ResponseWriter, _ *http.Request) {
		n++
		op.WriteError(w, &errs.Error{Kind: errs.RateLimited, Message: "no", Retry: 3600e9}, "")
	})
	if _, err := Call(t.Context(), c, op.AppList, op.List{}); !errs.Is(err, errs.RateLimited) || n != 1 {
		t.Errorf("asked to wait for an hour: asked %d times, %v", n, err)
	}
}

func TestAPeerOfAnotherVersionIsASentence(t *testing.T) {
	answer := func(status int, body string) *Client {
		return peerAt(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		})
	}
	for name, tt := range map[string]struct {
		c    *Client
		kind errs.Kind
		want string
	}{
		"unknown operation": {answer(404, `{"error":{"code":"UNKNOWN_OPERATION","message":"no operation at /api/apps"}}`), errs.Unsupported, "does not know the operation app.list"},
		"unknown code":      {answer(409, `{"error":{"code":"BRAND_NEW","message":"a new sort of conflict"}}`), errs.Conflict, "a new sort of conflict"},
		"another shape":     {answer(200, `{"data":{"a":1}}`), errs.Unsupported, "another version of Fazt"},
		"a string as error": {answer(401, `{"error":"unauthorized"}`), errs.Unsupported, "another version of Fazt"},
	} {
		if _, err := Call(t.Context(), tt.c, op.AppList, op.List{}); !errs.Is(err, tt.kind) || !strings.Contains(errs.Sentence(err), tt.want) {
			t.Errorf("%s: %v (%v)", name, err, errs.KindOf(err))
		}
	}
	c := answer(200, `{"data":[{"name":"a","invented":{"later":true}}],"more":1}`)
	if page, err := Call(t.Context(), c, op.AppList, op.List{}); err != nil || page.Items[0].Name != "a" {
		t.Errorf("members that this version does not know: %+v %v", page, err)
	}
}

func TestAnEndlessResponseDoesNotExhaustMemory(t *testing.T) {
	c := peerAt(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		for piece := bytes.Repeat([]byte("["), 1<<20); ; {
			if _, err := w.Write(piece); err != nil {
				return
			}
		}
	})
	if _, err := Call(t.Context(), c, op.AppList, op.List{}); !errs.Is(err, errs.Unsupported) || !strings.Contains(errs.Sentence(err), "larger than 64 MB") {
		t.Error(err)
	}
}

// texts is content for an upload.
type texts map[string]string

func (x texts) Open(path string) (io.ReadCloser, error) {
	return io.NopCloser(strings.NewReader(x[path])), nil
}

func TestAnInterruptedUploadResumes(t *testing.T) {
	files := texts{"a": "one", "b": "two"}
	var plan op.Plan
	var missing []content.Hash
	for path, text := range files {
		h := content.Hash(sha256.Sum256([]byte(text)))
		plan.Files = append(plan.Files, op.Announced{Path: path, Hash: h, Size: int64(len(text))})
		missing = append(missing, h)
	}
	begun, sent := 0, 0
	c := peerAt(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasSuffix(r.URL.Path, "/uploads"):
			u := op.Upload{ID: "upl_1", Missing: missing[min(begun, 1):], MissingBytes: int64(3 * (2 - min(begun, 1)))}
			begun++
			_ = op.UploadBegin.Spec.WriteResult(w, u)
		case strings.HasSuffix(r.URL.Path, "/content"):
			if sent++; sent == 1 {
				panic(http.ErrAbortHandler)
			}
			_, _ = io.Copy(io.Discard, r.Body)
			_ = op.UploadSend.Spec.WriteResult(w, op.Received{})
		default:
			_ = op.UploadCommit.Spec.WriteResult(w, op.Deployed{})
		}
	})
	d, err := Deploy(t.Context(), c, "app", plan, files, false, nil)
	if err != nil || d.Deployed == nil || begun != 2 || sent != 2 || len(d.Upload.Missing) != 1 {
		t.Errorf("begun %d, sent %d, %+v, %v", begun, sent, d.Upload, err)
	}
}

// Regression: tokens appeared in lists, in errors and in the shell's history.
func TestAKeyCannotBePrintedOrEncoded(t *testing.T) {
	p := Peer{Name: "it", URL: "http://127.0.0.1:1", Token: token}
	encoded, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	c, err := OpenPeer(p)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, failed := Call(t.Context(), c, op.ServerStop, op.None{})
	for _, text := range []string{string(encoded), fmt.Sprint(p), fmt.Sprintf("%+v %#v %q", p, p, p.Token), failed.Error()} {
		if strings.Contains(text, token[18:]) {
			t.Errorf("the key is in %s", text)
		}
	}
}

func TestThePeersFileIsPrivate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "deep", "peers.json")
	p, err := OpenPeers(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"b", "a"} {
		if err := p.Add(Peer{Name: name, URL: "https://" + name + ".example", Token: token}); err != nil {
			t.Fatal(err)
		}
	}
	p.Default = "b"
	if err := p.Save(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v %v", info.Mode(), err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".peers-*")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
	if p, err = OpenPeers(path); err != nil || p.Default != "b" || strings.Join(p.Names(), " ") != "a b" || p.List[0].Token != token {
		t.Fatalf("%+v %v", p, err)
	}
	if err := p.Add(Peer{Name: "a"}); !errs.Is(err, errs.Conflict) {
		t.Error(err)
	}
	for _, name := range []string{"", "local", "A", "a b", "-a", "../x", strings.Repeat("a", 64)} {
		if err := p.Add(Peer{Name: name}); !errs.Is(err, errs.Invalid) {
			t.Errorf("%q: %v", name, err)
		}
	}
	if p.Remove("b"); p.Default != "" || len(p.List) != 1 {
		t.Errorf("%+v", p)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenPeers(path); !errs.Is(err, errs.Forbidden) || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("others can read it: %v", err)
	}
	if err := os.WriteFile(path, bytes.Repeat([]byte("{"), 3), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenPeers(path); !errs.Is(err, errs.Invalid) {
		t.Errorf("damaged: %v", err)
	}
}

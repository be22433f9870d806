package egress

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"fazt/internal/egress/rules"
)

// seen records the requests that servers received.
type seen struct {
	mu   sync.Mutex
	list []*http.Request
	body []string
}

func (s *seen) note(r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list, s.body = append(s.list, r), append(s.body, string(body))
}

// two starts plain HTTP servers for example.com and other.test: /to redirects to the parameter l, with the status in s.
func two(t testing.TB) (*world, *seen) {
	w, s := newWorld(t), &seen{}
	handler := func(rw http.ResponseWriter, r *http.Request) {
		s.note(r)
		if r.URL.Path != "/to" {
			io.WriteString(rw, "end")
			return
		}
		q := r.URL.Query()
		status := map[string]int{"": 302, "301": 301, "302": 302, "303": 303, "307": 307, "308": 308}[q.Get("s")]
		rw.Header()["Location"] = q["l"]
		rw.WriteHeader(status)
	}
	server := w.serve("example.com", handler)
	w.place("other.test", "93.184.215.15", 80, server.Listener.Addr())
	w.place("example.com", public, 8080, server.Listener.Addr())
	w.allow(rules.Entry{Domain: "example.com", HTTP: true, Ports: []int{80, 8080}})
	w.allow(rules.Entry{Domain: "other.test", HTTP: true})
	return w, s
}

func TestRedirectsGoThroughAllChecks(t *testing.T) {
	w, _ := two(t)
	w.names["inside.test"] = []string{"10.0.0.1"}
	w.allow(rules.Entry{Domain: "inside.test", HTTP: true})
	tests := []struct{ name, location, want, end string }{
		{"a path", "/end", "", "http://example.com/end"},
		{"a relative path", "end?a=b", "", "http://example.com/end?a=b"},
		{"a query", "?a", "", "http://example.com/to?a"},
		{"another host", "http://other.test/end", "", "http://other.test/end"},
		{"another host, scheme left out", "//other.test/end", "", "http://other.test/end"},
		{"another port", "http://example.com:8080/end", "", "http://example.com:8080/end"},
		{"a port that is not granted", "http://other.test:8080/", CodeBlocked, ""},
		{"a host that is not allowed", "http://evil.test/", CodeBlocked, ""},
		{"a literal", "http://127.0.0.1/", CodeBlocked, ""},
		{"a literal, scheme left out", "//127.0.0.1/", CodeBlocked, ""},
		{"metadata", "http://169.254.169.254/latest/meta-data/", CodeBlocked, ""},
		{"an integer", "http://2130706433/", CodeBlocked, ""},
		{"IPv6", "http://[::1]/", CodeBlocked, ""},
		{"a name that leads inside", "http://inside.test/", CodeBlocked, ""},
		{"a file", "file:///etc/passwd", CodeBlocked, ""},
		{"gopher", "gopher://example.com/", CodeBlocked, ""},
		{"one slash", "http:/other.test", CodeBlocked, ""},
		{"backslashes", `\\evil.test`, CodeBlocked, ""},
		{"a slash and a backslash", `/\evil.test`, CodeBlocked, ""},
		{"a user", "http://example.com@evil.test/", CodeBlocked, ""},
		{"a user of the same host", "http://user:pw@example.com/", CodeBlocked, ""},
		{"a tab", "/\t/evil.test", CodeBlocked, ""},
		{"itself, again and again", "http://example.com/to?l=http://example.com/to", "", "http://example.com/to"},
		{"three hops", "/to?l=" + "/to%3Fl=/end", "", "http://example.com/end"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, _, err := w.get("http://example.com/to?l=" + strings.NewReplacer("\\", "%5C", "\t", "%09", "%", "%25").Replace(tt.location))
			if code(err) != tt.want {
				t.Fatalf("got %v (%s)", err, w.last().Reason)
			}
			if err == nil && (a.URL != tt.end || !a.Redirected) {
				t.Errorf("ended at %s", a.URL)
			}
		})
	}
	w.free()
}

func TestRedirectsAreLimitedRefusedOrReturned(t *testing.T) {
	w, _ := two(t)
	w.limits.MaxRedirects = 1
	if _, _, err := w.get("http://example.com/to?l=/end"); err != nil {
		t.Error(err)
	}
	before := len(w.attempts())
	if _, _, err := w.get("http://example.com/to?l=/to%3Fl=/end"); code(err) != CodeError {
		t.Errorf("one too many: %v", err)
	}
	hops := w.attempts()[before:]
	if len(hops) != 2 || hops[0].Hop != 0 || hops[0].Status != 302 || hops[0].Code != "" || hops[1].Hop != 1 || hops[1].Code != CodeError {
		t.Errorf("logged %+v", hops)
	}
	if _, _, err := w.do(Call{URL: "http://example.com/to?l=/end", Redirect: "error"}); code(err) != CodeError {
		t.Errorf("error: %v", err)
	}
	if a, _ := w.must(Call{URL: "http://example.com/to?l=http://evil.test/", Redirect: "manual"}); a.Status != 302 || a.Header.Get("Location") != "http://evil.test/" || a.Redirected {
		t.Errorf("manual: %+v", a)
	}
	if a, _ := w.must(Call{URL: "http://example.com/to"}); a.Status != 302 {
		t.Errorf("without a place: %+v", a)
	}
	if _, _, err := w.get("http://example.com/to?l=/a&l=/b"); code(err) != CodeError {
		t.Errorf("to two places: %v", err)
	}
	w.limits.MaxRedirects = 0
	if _, _, err := w.get("http://example.com/to?l=/end"); code(err) != CodeError {
		t.Errorf("none at all: %v", err)
	}
	w.free()
}

func TestARedirectFromHTTPSToHTTPIsBlocked(t *testing.T) {
	w := newWorld(t)
	w.serveTLS(func(rw http.ResponseWriter, r *http.Request) { http.Redirect(rw, r, "http://example.com/", 302) })
	w.place("example.com", public, 80, w.serve("x.test", hello).Listener.Addr())
	w.allow(rules.Entry{Domain: "example.com", HTTP: true})
	if _, _, err := w.get("https://example.com/"); code(err) != CodeBlocked || !strings.Contains(w.last().Reason, "from HTTPS to HTTP") {
		t.Errorf("got %v", err)
	}
}

func TestRedirectsChangeTheMethodAsBrowsersDo(t *testing.T) {
	w, s := two(t)
	for _, tt := range []struct{ status, method, want, body string }{
		{"301", "POST", "GET", ""}, {"302", "POST", "GET", ""}, {"303", "POST", "GET", ""}, {"303", "PUT", "GET", ""}, {"303", "HEAD", "HEAD", ""},
		{"301", "PUT", "PUT", "body"}, {"302", "DELETE", "DELETE", "body"}, {"307", "POST", "POST", "body"}, {"308", "PATCH", "PATCH", "body"}, {"307", "GET", "GET", ""},
	} {
		c := Call{Method: tt.method, URL: "http://example.com/to?l=/end&s=" + tt.status, Header: http.Header{"Content-Type": {"text/x"}, "X-A": {"a"}}}
		if tt.method != "GET" && tt.method != "HEAD" {
			c.Body, c.Size = strings.NewReader("body"), 4
		}
		w.must(c)
		r, body := s.list[len(s.list)-1], s.body[len(s.body)-1]
		if r.Method != tt.want || body != tt.body || (r.Header.Get("Content-Type") != "") != (tt.body != "") || r.Header.Get("X-A") != "a" {
			t.Errorf("%s %s: %s %q %v", tt.status, tt.method, r.Method, body, r.Header)
		}
	}
	// A stream can be sent again if it was short enough to keep.
	w.must(Call{Method: "POST", URL: "http://example.com/to?l=/end&s=307", Body: io.MultiReader(strings.NewReader("str"), strings.NewReader("eam")), Size: -1})
	if got := s.body[len(s.body)-1]; got != "stream" {
		t.Errorf("sent again: %q", got)
	}
	w.limits.MaxReqBody = 4 << 20
	if _, _, err := w.do(Call{Method: "POST", URL: "http://example.com/to?l=/end&s=307", Body: strings.NewReader(strings.Repeat("a", 2<<20)), Size: -1}); code(err) != CodeError || !strings.Contains(w.last().Reason, "at most 1 MiB") {
		t.Errorf("a stream too long to keep: %v", err)
	}
	for _, status := range []string{"307", "308"} {
		if _, _, err := w.do(Call{Method: "POST", URL: "http://example.com/to?l=http://other.test/end&s=" + status, Body: strings.NewReader("body"), Size: 4}); code(err) != CodeBlocked {
			t.Errorf("%s with a body to another origin: %v", status, err)
		}
	}
	w.free()
}

func TestTheConnectionOfARedirectWithAShortBodyIsReused(t *testing.T) {
	for name, tt := range map[string]struct {
		size  int
		flush bool
		dials int
	}{
		"none":                    {0, false, 1},
		"short":                   {2 << 10, false, 1},
		"long":                    {2<<10 + 1, false, 2},
		"short of unknown length": {100, true, 1},
		"long of unknown length":  {64 << 10, true, 2},
	} {
		w := newWorld(t)
		w.serve("example.com", func(rw http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/end" {
				return
			}
			rw.Header().Set("Location", "/end")
			if !tt.flush {
				rw.Header().Set("Content-Length", strconv.Itoa(tt.size))
			}
			rw.WriteHeader(302)
			if tt.flush {
				rw.(http.Flusher).Flush()
			}
			_, _ = io.WriteString(rw, strings.Repeat("x", tt.size))
		})
		w.allow(rules.Entry{Domain: "example.com", HTTP: true})
		if a, _ := w.must(Call{URL: "http://example.com/"}); a.URL != "http://example.com/end" || len(w.dials) != tt.dials {
			t.Errorf("%s: ended at %s over %d connections, want %d", name, a.URL, len(w.dials), tt.dials)
		}
		w.free()
	}
}

func TestTheLogCountsTheBodyOnlyOfHopsThatSendIt(t *testing.T) {
	w, _ := two(t)
	w.must(Call{Method: "POST", URL: "http://example.com/to?l=/end&s=303", Body: strings.NewReader("body"), Size: 4})
	hops := w.attempts()
	if len(hops) != 2 || hops[0].Sent != 4 || hops[1].Sent != 0 {
		t.Errorf("logged %+v", hops)
	}
}

// A redirect with 200 bytes of HTML failed if the limit was 100.
func TestTheBodyOfAFollowedRedirectIsNotLimited(t *testing.T) {
	w := newWorld(t)
	var endless atomic.Bool
	w.serve("example.com", func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/end" {
			_, _ = io.WriteString(rw, "end")
			return
		}
		rw.Header().Set("Content-Encoding", "nonsense")
		rw.Header().Set("Location", "/end")
		if endless.Load() {
			rw.WriteHeader(http.StatusFound)
			for r.Context().Err() == nil {
				_, _ = rw.Write(make([]byte, 1<<16))
			}
			return
		}
		rw.Header().Set("Content-Length", "200")
		rw.WriteHeader(http.StatusFound)
		_, _ = rw.Write(make([]byte, 200))
	})
	w.allow(rules.Entry{Domain: "example.com", HTTP: true, MaxResponse: 100})
	for _, is := range []bool{false, true} {
		endless.Store(is)
		if a, text := w.must(Call{URL: "http://example.com/"}); text != "end" || !a.Redirected {
			t.Errorf("%d %s", a.Status, text)
		}
	}
	endless.Store(false)
	for _, how := range []string{"manual", "error"} { // the answer is the function's, and counts
		if _, _, err := w.do(Call{URL: "http://example.com/", Redirect: how}); (code(err) == CodeSize) != (how == "manual") {
			t.Errorf("%s: %v", how, err)
		}
	}
	w.free()
}

// An empty Location was followed to the same URL until net.max_redirects, and failed. Node does that 21 times; Chromium, curl
// and net/http return the response.
func TestARedirectWithoutALocationIsReturned(t *testing.T) {
	for name, locations := range map[string][]string{"none": nil, "empty": {""}, "empty twice": {"", ""}} {
		w := newWorld(t)
		asked := 0
		w.serve("example.com", func(rw http.ResponseWriter, _ *http.Request) {
			asked++
			if rw.Header()["Location"] = locations; locations == nil {
				delete(rw.Header(), "Location")
			}
			rw.WriteHeader(http.StatusFound)
			_, _ = io.WriteString(rw, "choose")
		})
		w.allow(rules.Entry{Domain: "example.com", HTTP: true})
		for _, how := range []string{"follow", "error", "manual"} {
			asked = 0
			if a, text := w.must(Call{URL: "http://example.com/", Redirect: how}); a.Status != 302 || text != "choose" || a.Redirected || asked != 1 {
				t.Errorf("%s, %s: %d %q after %d requests", name, how, a.Status, text, asked)
			}
		}
	}
}

// curl CVE-2022-27774 and -27776, Go CVE-2023-45289 and CVE-2024-45336, undici CVE-2023-45143 and CVE-2024-30260: headers
// that identify the caller were sent on redirects to another host, port or subdomain, and again on the way back.
func TestCredentialsStayWithTheirOrigin(t *testing.T) {
	w, s := two(t)
	w.serve("sub.example.com", func(_ http.ResponseWriter, r *http.Request) { s.note(r) })
	w.allow(rules.Entry{Domain: "sub.example.com", HTTP: true})
	own := http.Header{"Authorization": {"Bearer mine"}, "Cookie": {"a=b"}, "Proxy-Authorization": {"p"}, "X-Api-Key": {"k"}, "Accept": {"text/x"}, "Referer": {"http://example.com/secret"}, "Origin": {"http://example.com"}}
	for name, location := range map[string]string{
		"another host": "http://other.test/end", "another port": "http://example.com:8080/end", "a subdomain": "http://sub.example.com/end",
		"back after a detour": "http://other.test/to%3Fl=http://example.com/end", "further on the other host": "http://other.test/to%3Fl=/end",
	} {
		w.must(Call{URL: "http://example.com/to?l=" + location, Header: own})
		r := s.list[len(s.list)-1]
		for _, h := range []string{"Authorization", "Cookie", "Proxy-Authorization", "X-Api-Key", "Referer", "Origin"} {
			if r.Header.Get(h) != "" {
				t.Errorf("%s: %s was sent", name, h)
			}
		}
		if r.Header.Get("Accept") != "text/x" {
			t.Errorf("%s: sent %v", name, r.Header)
		}
	}
	w.must(Call{URL: "http://example.com/to?l=/end", Header: own})
	if r := s.list[len(s.list)-1]; r.Header.Get("Authorization") == "" || r.Header.Get("X-Api-Key") == "" {
		t.Errorf("to the same origin: %v", r.Header)
	}
	// No hop sends a Referer on its own.
	w.must(Call{URL: "http://example.com/to?l=/end&key=private"})
	if r := s.list[len(s.list)-1]; r.Header.Get("Referer") != "" {
		t.Errorf("a Referer was made up: %v", r.Header)
	}
}

// The predecessor sent a secret in a header to the other host as well, and one in the query in Referer.
func TestSecretsDoNotFollowRedirectsToAnotherHost(t *testing.T) {
	w, s := two(t)
	for _, secret := range []rules.Secret{
		{Name: "B", As: rules.AsBearer}, {Name: "H", As: rules.AsHeader, Key: "X-Key"}, {Name: "Q", As: rules.AsQuery, Key: "key"}, {Name: "P", As: rules.AsBasic},
	} {
		secret.Domain, secret.Value = "example.com", "user:s3cret-value"
		w.secret(secret)
		for _, location := range []string{"http://other.test/end", "http://example.com:8080/end", "http://other.test/to%3Fl=http://example.com/end"} {
			w.must(Call{URL: "http://example.com/to?l=" + location, Auth: secret.Name})
			for i, r := range s.list {
				carries := strings.Contains(r.URL.RawQuery+r.Header.Get("Authorization")+r.Header.Get("X-Key")+r.Header.Get("Referer"), "s3cret-value") || r.Header.Get("Authorization") != ""
				if carries != (i == 0) {
					t.Errorf("%s to %s: hop %d: %v %v", secret.Name, location, i, r.URL, r.Header)
				}
			}
			s.list = nil
		}
		w.must(Call{URL: "http://example.com/to?l=/end", Auth: secret.Name})
		if r := s.list[1]; !strings.Contains(r.URL.RawQuery+r.Header.Get("Authorization")+r.Header.Get("X-Key"), "s3cret") && r.Header.Get("Authorization") == "" {
			t.Errorf("%s was not sent to the same origin", secret.Name)
		}
		s.list = nil
	}
	// A server that puts the secret into its Location does not get it sent there.
	if _, _, err := w.do(Call{URL: "http://example.com/to?l=http://other.test/%3Fk=user:s3cret-value", Auth: "B"}); code(err) != CodeBlocked {
		t.Errorf("got %v", err)
	}
}

// The last response quotes the secret of the first hop, which the owner changed in between.
func TestASecretThatChangesDuringACallIsReplacedInItsResponse(t *testing.T) {
	w := newWorld(t)
	w.allow(rules.Entry{Domain: "example.com", HTTP: true})
	w.secret(rules.Secret{Name: "K", Domain: "example.com", As: rules.AsBearer, Value: "the-former-value"})
	w.serve("example.com", func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/end" {
			_, _ = io.WriteString(rw, "the-former-value, "+r.Header.Get("Authorization"))
			return
		}
		w.secrets[0].Value = "the-present-value"
		w.apply()
		http.Redirect(rw, r, "/end", http.StatusFound)
	})
	if _, text := w.must(Call{URL: "http://example.com/", Auth: "K"}); text != "[secret K], Bearer [secret K]" {
		t.Error(text)
	}
}

func TestHostsWithAnUnderscoreCanBeAllowed(t *testing.T) {
	w := newWorld(t)
	for _, host := range []string{"my_app.example.com", "_dmarc.example.com"} {
		w.serve(host, hello)
	}
	w.allow(rules.Entry{Domain: "*.example.com", HTTP: true})
	for _, url := range []string{"http://my_app.example.com/", "http://_DMARC.example.com/"} {
		if _, text := w.must(Call{URL: url}); text != "hello" {
			t.Errorf("%s: %q", url, text)
		}
	}
	if _, err := rules.ParseDomain("my_app.example.com"); err != nil {
		t.Errorf("allowed by its name: %v", err)
	}
}

func TestMalformedCallsAreLogged(t *testing.T) {
	w := newWorld(t)
	w.allow(rules.Entry{Domain: "example.com"})
	w.limits.MaxCalls = 6
	r := w.gate.Begin("app_1", "req_1")
	for _, c := range []struct {
		call                       Call
		err                        error
		method, host, code, reason string
	}{
		{Call{URL: "nonsense"}, errors.New("x"), "", "", CodeError, "the URL must begin with https:// or http://"},
		{Call{URL: "https://u:s3cret@example.com/"}, errors.New("x"), "", "", CodeError, "the URL contains a user name or password; use a secret instead"},
		{Call{Method: "put", URL: "https://example.com/x?s3cret"}, errors.New("no header"), "PUT", "example.com", CodeError, "no header"},
		{Call{Method: "s3cret", URL: "https://example.com/"}, errors.New("no method"), "", "example.com", CodeError, "no method"},
		{Call{Method: "GET", URL: "https://example.com/"}, noBudget("x").err, "GET", "example.com", CodeBudget, noBudget("x").err.Message},
	} {
		r.Refuse(c.call, c.err)
		a := w.last()
		if a.Method != c.method || a.Host != c.host || a.Code != c.code || a.Reason != c.reason || strings.Contains(a.Path, "s3cret") {
			t.Errorf("%+v: logged %+v", c.call, a)
		}
	}
	for range 5 {
		r.Refuse(Call{URL: "nonsense"}, errors.New("x"))
	}
	if n := len(w.attempts()); n != 7 {
		t.Errorf("%d are logged: a loop around a call that cannot be made would push others out", n)
	}
}

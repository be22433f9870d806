package kit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"fazt/internal/api/op"
	"fazt/internal/errs"
)

// fakePeer is an instance that responds with prepared texts, and records the requests.
type fakePeer struct {
	home     string
	requests []string
}

// newFakePeer starts an instance that answers a request line with the first response for it whose cursor fits.
func newFakePeer(t *testing.T, responses map[string]string) *fakePeer {
	t.Helper()
	p := &fakePeer{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		line := r.Method + " " + r.URL.RequestURI()
		p.requests = append(p.requests, strings.TrimSpace(line+" "+string(body)))
		text, ok := responses[line]
		w.Header().Set("Content-Type", "application/json")
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			text = `{"error":{"code":"NOT_FOUND","message":"there is nothing at ` + r.URL.Path + `"}}`
		}
		fmt.Fprint(w, text)
	}))
	t.Cleanup(server.Close)
	p.home = peersIn(t, fmt.Sprintf(`{"peers": [{"name": "home", "url": %q, "token": "t"}]}`, server.URL))
	return p
}

// run calls a command of a table on the peer, and returns its output and notes.
func (p *fakePeer) run(t *testing.T, table []Plain, line ...string) (out, notes string, err error) {
	t.Helper()
	c, told := cliAt(t, p.home, nil)
	c.Peer = "@home"
	var shown bytes.Buffer
	c.Stdout = &shown
	root := &cobra.Command{Use: "fazt", SilenceErrors: true, SilenceUsage: true}
	root.PersistentFlags().StringVar(&c.Format, "format", "table", "")
	root.AddCommand(Group("key", ""), Group("env", ""), Group("domain", ""), Group("alias", ""), Group("app", ""))
	Add(c, root, table)
	root.SetArgs(line)
	p.requests = nil
	err = root.Execute()
	return shown.String(), told.String(), err
}

func TestAPlainCommandCallsItsOperation(t *testing.T) {
	p := newFakePeer(t, map[string]string{
		"GET /api/keys?limit=1000":            `{"data":[{"name":"laptop","scopes":["admin"]}],"meta":{"next":"two"}}`,
		"GET /api/keys?cursor=two&limit=1000": `{"data":[{"name":"ci","scopes":["deploy:blog","read"]}]}`,
		"DELETE /api/keys/laptop":             `{"data":{"name":"laptop"}}`,
		"GET /api/domains?limit=1000":         `{"data":[]}`,
		"PUT /api/domains/a.example":          `{"data":{"host":"a.example","app":"blog","address":"http://a.example"}}`,
		"POST /api/apps/blog/rollback":        `{"data":{"number":3}}`,
	})
	table := []Plain{
		Derive(op.KeyList, "key list", "name, scopes", Empty("There are no keys.")),
		Derive(op.KeyRevoke, "key revoke KEY", "revoked=name", Ask("revoking the key %s", "its users are refused")),
		Derive(op.DomainList, "domain list", "host", Empty("There are no domains.")),
		Derive(op.DomainAdd, "domain add HOST --app APP", "domain=host, app, next", Cell("next", func(d op.Domain) string { return "check " + d.Host })),
		Derive(op.AppRollback, "app rollback APP", "app=APP, live=number", Then(func(c *CLI, d op.Deployment) error {
			fmt.Fprintf(c.Stderr, "note: %d\n", d.Number)
			return errs.New(errs.Conflict, "then failed")
		})),
	}
	for name, tt := range map[string]struct {
		line     string
		out      string
		requests string
		err      string
	}{
		"all pages": {
			"key list", "NAME    SCOPES\nlaptop  admin\nci      deploy:blog, read\n",
			"GET /api/keys?limit=1000; GET /api/keys?cursor=two&limit=1000", "",
		},
		"Markdown": {
			"key list --format markdown", "| name | scopes |\n|---|---|\n| laptop | admin |\n| ci | deploy:blog, read |\n",
			"GET /api/keys?limit=1000; GET /api/keys?cursor=two&limit=1000", "",
		},
		"an empty list":         {"domain list", "There are no domains.\n", "GET /api/domains?limit=1000", ""},
		"an empty list in JSON": {"domain list --format json", "[]\n", "GET /api/domains?limit=1000", ""},
		"a flag of the use":     {"domain add a.example --app blog", "domain  a.example\napp     blog\nnext    check a.example\n", `PUT /api/domains/a.example {"app":"blog"}`, ""},
		"the flag first":        {"domain add --app blog a.example", "domain  a.example\napp     blog\nnext    check a.example\n", `PUT /api/domains/a.example {"app":"blog"}`, ""},
		"without the flag":      {"domain add a.example", "", "", "--app is missing"},
		"without the argument":  {"domain add --app blog", "", "", "the host name is missing"},
		"a question":            {"key revoke laptop", "", "", "revoking the key laptop: its users are refused; without a terminal it needs --yes"},
		"yes":                   {"key revoke laptop --yes", "revoked  laptop\n", "DELETE /api/keys/laptop", ""},
		"yes first":             {"key revoke --yes laptop", "revoked  laptop\n", "DELETE /api/keys/laptop", ""},
		"an argument too many":  {"key revoke laptop ci --yes", "", "", `"ci" is one argument too many`},
		"a refusal":             {"key revoke tablet --yes", "", "DELETE /api/keys/tablet", "there is nothing at /api/keys/tablet"},
		"a number":              {"app rollback blog --to 3", "app   blog\nlive  3\n", `POST /api/apps/blog/rollback {"to":3}`, "then failed"},
		"a number too small":    {"app rollback blog --to 0", "", "", "--to must be at least 1"},
		"an unknown flag":       {"key list --limit 3", "", "", "unknown flag: --limit"},
	} {
		out, notes, err := p.run(t, table, strings.Fields(tt.line)...)
		got := ""
		if err != nil {
			got = said(err)
			if usage := (*Usage)(nil); errors.As(err, &usage) || !errors.As(err, new(*errs.Error)) {
				got = err.Error()
			}
		}
		if out != tt.out || got != tt.err {
			t.Errorf("%s: %q, %q\nwant %q, %q", name, out, got, tt.out, tt.err)
		}
		if requests := strings.Join(p.requests, "; "); requests != tt.requests {
			t.Errorf("%s: %s\nwant %s", name, requests, tt.requests)
		}
		if want := map[string]string{"a number": "note: 3\n"}[name]; notes != want {
			t.Errorf("%s: notes %q, want %q", name, notes, want)
		}
	}
	out, _, err := p.run(t, table, "key", "list", "--format", "json")
	var keys []op.Key
	if err != nil || json.Unmarshal([]byte(out), &keys) != nil || len(keys) != 2 || keys[1].Name != "ci" {
		t.Errorf("%s %v", out, err)
	}
}

func TestTheLastArgumentTakesTheRestIfItIsAList(t *testing.T) {
	p := newFakePeer(t, nil)
	table := []Plain{Derive(op.EnvUnset, "env unset APP NAME", "app=APP, removed=NAME")}
	for line, want := range map[string]struct{ request, err string }{
		"env unset":           {"", "the name or id of the app is missing"},
		"env unset blog":      {"", "the name of the variable is missing"},
		"env unset blog A":    {"DELETE /api/apps/blog/env?name=A", "there is nothing at /api/apps/blog/env"},
		"env unset blog A B":  {"DELETE /api/apps/blog/env?name=A&name=B", "there is nothing at /api/apps/blog/env"},
		"env unset ü/.. A=&B": {"DELETE /api/apps/%C3%BC%2F../env?name=A%3D%26B", "there is nothing at /api/apps/ü/../env"},
	} {
		_, _, err := p.run(t, table, strings.Fields(line)...)
		got := fmt.Sprint(err)
		if usage := (*Usage)(nil); !errors.As(err, &usage) {
			got = said(err)
		}
		if request := strings.Join(p.requests, "; "); request != want.request || got != want.err {
			t.Errorf("%q: %q, %q, want %q, %q", line, request, got, want.request, want.err)
		}
	}
}

func TestThePartsOfAUse(t *testing.T) {
	for use, want := range map[string]struct{ parents, name, line string }{
		"key list":                    {"", "list", "list"},
		"net cache show":              {"", "show", "show"},
		"key revoke KEY":              {"KEY", "revoke", "revoke KEY"},
		"env unset APP NAME":          {"APP NAME", "unset", "unset APP NAME…"},
		"domain add HOST --app APP":   {"HOST APP", "add", "add HOST --app APP"},
		"alias swap A=alias B=with":   {"A B", "swap", "swap A B"},
		"app rename OLD=app NEW=name": {"OLD NEW", "rename", "rename OLD NEW"},
	} {
		var p Plain
		switch {
		case strings.HasPrefix(use, "key revoke"):
			p.spec = op.KeyRevoke.Spec
		case strings.HasPrefix(use, "env"):
			p.spec = op.EnvUnset.Spec
		case strings.HasPrefix(use, "domain"):
			p.spec = op.DomainAdd.Spec
		case strings.HasPrefix(use, "alias"):
			p.spec = op.AliasSwap.Spec
		case strings.HasPrefix(use, "app"):
			p.spec = op.AppRename.Spec
		default:
			p.spec = op.KeyList.Spec
		}
		p.parseUse(use)
		var shown []string
		for _, w := range p.words {
			shown = append(shown, w.shown)
		}
		line := arguments{words: p.words}.use(p.name)
		if p.name != want.name || strings.Join(shown, " ") != want.parents || line != want.line {
			t.Errorf("%q: %s, %q, %q", use, p.name, shown, line)
		}
		if path := strings.Join(append(p.parents, p.name), " "); !strings.HasPrefix(use, path) {
			t.Errorf("%q: the path is %q", use, path)
		}
	}
}

func TestAFlagTakesOnlyTheValuesOfItsField(t *testing.T) {
	type request struct {
		Keep  string `json:"keep" enum:"alias|redirect"`
		Count int    `json:"count" range:"2,5"`
		Least int    `json:"least_of" range:"1,"`
		Any   int    `json:"any"`
	}
	for line, want := range map[string]string{
		"":                       "",
		"--keep alias":           "",
		"--keep redirect":        "",
		"--keep both":            `--keep is alias or redirect, not "both"`,
		"--keep=":                `--keep is alias or redirect, not ""`,
		"--count 1":              "--count must be from 2 to 5",
		"--count 2 --count 5":    "",
		"--count 6":              "--count must be from 2 to 5",
		"--least-of 0":           "--least-of must be at least 1",
		"--least-of 99999":       "",
		"--any -3":               "",
		"--count 9 --keep alias": "--count must be from 2 to 5",
	} {
		var req request
		cmd := &cobra.Command{}
		check := Flags(cmd, &req)
		err := cmd.ParseFlags(strings.Fields(line))
		if err == nil {
			err = check()
		}
		if got := fmt.Sprint(err); got != want && (err != nil || want != "") {
			t.Errorf("%q: %v, want %q", line, err, want)
		}
	}
}

func TestVerboseReportsEveryOperationByItsName(t *testing.T) {
	p := newFakePeer(t, map[string]string{"GET /api/keys?limit=1000": `{"data":[]}`})
	c, notes := cliAt(t, p.home, nil)
	c.Peer, c.Verbose = "@home", true
	root := &cobra.Command{Use: "fazt", SilenceErrors: true, SilenceUsage: true}
	root.AddCommand(Group("key", ""))
	Add(c, root, []Plain{Derive(op.KeyList, "key list", "name"), Derive(op.KeyRevoke, "key revoke KEY", "name")})
	for _, line := range [][]string{{"key", "list"}, {"key", "revoke", "x"}} {
		root.SetArgs(line)
		_ = root.Execute() // one of them fails
	}
	lines := strings.Split(strings.TrimSpace(notes.String()), "\n")
	if len(lines) != 2 || !strings.HasPrefix(lines[0], "key.list through http://admin.localhost:") || !strings.Contains(lines[0], ": 200 in ") || !strings.HasPrefix(lines[1], "key.revoke ") || !strings.Contains(lines[1], ": 404 in ") {
		t.Errorf("%q", lines)
	}
}

func TestAStreamThatTheServerEndsIsAFailure(t *testing.T) {
	events := func(text string) op.Stream {
		return op.Stream{Body: io.NopCloser(strings.NewReader(text))}
	}
	c, _ := cliAt(t, t.TempDir(), nil)
	var got []string
	collect := func(data []byte) error {
		got = append(got, string(data))
		return nil
	}
	two := string(op.AppendEvent(op.AppendEvent(nil, op.Event{ID: "1", Data: []byte(`{"a":1}`)}), op.Event{Data: []byte("2")}))
	err := c.Live(events(two), "the log ended", collect)
	if !errs.Is(err, errs.Unavailable) || said(err) != "the log ended" || strings.Join(got, " ") != `{"a":1} 2` {
		t.Errorf("%q, %v", got, err)
	}
	stop := errors.New("stop")
	if err := c.Live(events(two), "the log ended", func([]byte) error { return stop }); !errors.Is(err, stop) {
		t.Error(err)
	}
	if err := DecodeLine([]byte("<html>"), new(op.LogLine)); said(err) != "the response cannot be read; the server may be another version of Fazt" {
		t.Error(err)
	}
	var line op.LogLine
	if err := DecodeLine([]byte(`{"message":"ü","new_field":1}`), &line); err != nil || line.Message != "ü" {
		t.Errorf("%+v, %v", line, err)
	}
}

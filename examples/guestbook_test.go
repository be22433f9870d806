package examples

import (
	"context"
	"encoding/json"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"

	"fazt/internal/client"
	"fazt/internal/fazttest"
)

// guestbook deploys the example on an instance.
func guestbook(t *testing.T, options ...fazttest.Option) *fazttest.Instance {
	t.Helper()
	i := fazttest.New(t, options...)
	files := fazttest.Folder{}
	root := os.DirFS("guestbook")
	err := fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files[path], err = fs.ReadFile(root, path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Deploy(t.Context(), i.Client, "guestbook", files.Plan(), files, false, nil); err != nil {
		t.Fatal(err)
	}
	return i
}

type entry struct{ Name, Message, At string }

func sign(t *testing.T, i *fazttest.Instance, body string) fazttest.Response {
	t.Helper()
	r := i.Request(http.MethodPost, "guestbook", "/api/entries", body)
	r.Header.Set("Content-Type", "application/json")
	return i.Do(r)
}

// page returns the entries of one page and the cursor of the next.
func page(t *testing.T, i *fazttest.Instance, query string) ([]entry, string) {
	t.Helper()
	got := i.Get("guestbook", "/api/entries"+query)
	var p struct {
		Entries []entry
		Next    string
	}
	if got.StatusCode != http.StatusOK {
		t.Fatalf("status %d: %s", got.StatusCode, got.Text)
	}
	if err := json.Unmarshal([]byte(got.Text), &p); err != nil {
		t.Fatalf("%v: %s", err, got.Text)
	}
	return p.Entries, p.Next
}

func TestGuestbookEntriesSurviveARestart(t *testing.T) {
	i := guestbook(t)
	if got := sign(t, i, `{"name":"  Ada \n Lovelace ","message":" I was here. \r\n👋 "}`); got.StatusCode != http.StatusCreated {
		t.Fatalf("status %d: %s", got.StatusCode, got.Text)
	}
	i.Stop()

	entries, next := page(t, fazttest.New(t, fazttest.At(i.Path)), "")
	if len(entries) != 1 || next != "" {
		t.Fatalf("got %+v, next %q", entries, next)
	}
	want := entry{"Ada Lovelace", "I was here. \n👋", entries[0].At}
	if diff := cmp.Diff(want, entries[0]); diff != "" {
		t.Error(diff)
	}
}

func TestGuestbookPagesHoldEveryEntryOnceNewestFirst(t *testing.T) {
	i := guestbook(t)
	const total, limit = 7, "3"
	for n := range total {
		if got := sign(t, i, `{"name":"Guest `+string(rune('A'+n))+`","message":"hello"}`); got.StatusCode != http.StatusCreated {
			t.Fatalf("status %d: %s", got.StatusCode, got.Text)
		}
	}
	seen := map[string]bool{}
	before, sizes := "9999", []int{}
	for cursor := ""; ; {
		entries, next := page(t, i, "?limit="+limit+"&cursor="+cursor)
		sizes = append(sizes, len(entries))
		for _, e := range entries {
			if seen[e.Name] {
				t.Errorf("%s is on two pages", e.Name)
			}
			if e.At > before {
				t.Errorf("%s, written at %s, comes after an entry of %s", e.Name, e.At, before)
			}
			seen[e.Name], before = true, e.At
		}
		if next == "" || len(sizes) > total {
			break
		}
		cursor = next
	}
	if diff := cmp.Diff([]int{3, 3, 1}, sizes); diff != "" {
		t.Errorf("sizes of the pages: %s", diff)
	}
	if len(seen) != total {
		t.Errorf("%d entries were shown, %d written", len(seen), total)
	}
}

func TestGuestbookErrorsHaveMessages(t *testing.T) {
	i := guestbook(t)
	tests := []struct {
		name, method, target, body string
		status                     int
		want                       string // in the response
	}{
		{"no name", "POST", "/api/entries", `{"name":"  ","message":"x"}`, 400, `"field":"name"`},
		{"long name", "POST", "/api/entries", `{"name":"` + strings.Repeat("👋", 41) + `","message":"x"}`, 400, "at most 40 characters, this has 41"},
		{"no message", "POST", "/api/entries", `{"name":"x"}`, 400, `"field":"message"`},
		{"long message", "POST", "/api/entries", `{"name":"x","message":"` + strings.Repeat("é", 501) + `"}`, 400, "this has 501"},
		{"not text", "POST", "/api/entries", `{"name":"x","message":{}}`, 400, "as text"},
		{"not an object", "POST", "/api/entries", `[]`, 400, "JSON object"},
		{"not JSON", "POST", "/api/entries", `{`, 400, "must be JSON"},
		{"nothing", "POST", "/api/entries", ``, 400, "must be JSON"},
		{"bad limit", "GET", "/api/entries?limit=1000", ``, 400, "limit must be 1 to 100"},
		{"deleting", "DELETE", "/api/entries", ``, 405, "error"},
		{"elsewhere", "GET", "/api/other", ``, 404, "nothing at this address"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := i.Do(i.Request(tt.method, "guestbook", tt.target, tt.body))
			if got.StatusCode != tt.status || !strings.Contains(got.Text, tt.want) {
				t.Errorf("got %d %s; want %d and %q", got.StatusCode, got.Text, tt.status, tt.want)
			}
		})
	}
	if entries, _ := page(t, i, ""); len(entries) != 0 {
		t.Errorf("something was stored: %+v", entries)
	}
}

// A visitor signs in a real browser with markup as their name. It must come back as text, even after a reload.
func TestGuestbookInABrowserShowsMarkupAsText(t *testing.T) {
	program, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("chromium is missing; make test installs it")
		}
		t.Skip("chromium is missing; make test installs it")
	}
	i := guestbook(t)
	ctx := browser(t, program)

	const name, message = "<b>Eve</b>", "<img src=x onerror=\"document.title='owned'\">"
	_, port, _ := strings.Cut(i.Address, ":")
	err = chromedp.Do(ctx,
		chromedp.Navigate("http://guestbook.localhost:"+port+"/"),
		chromedp.WaitVisible("#empty"),
		chromedp.SendKeys("#name", name),
		chromedp.SendKeys("#message", message),
		chromedp.Click("#form button"),
		chromedp.WaitVisible("#list .entry.new"),
	)
	if err != nil {
		t.Fatal(err)
	}
	for _, when := range []string{"after signing", "after a reload"} {
		if got := read(t, ctx, chromedp.Text("#list .entry .name")); got != name {
			t.Errorf("%s: name is %q", when, got)
		}
		if got := read(t, ctx, chromedp.Text("#list .entry .message")); got != message {
			t.Errorf("%s: message is %q", when, got)
		}
		if got := read(t, ctx, chromedp.Title()); got != "Guestbook" {
			t.Errorf("%s: title is %q", when, got)
		}
		if err := chromedp.Do(ctx, chromedp.Reload(), chromedp.WaitVisible("#list .entry .message")); err != nil {
			t.Fatal(err)
		}
	}
}

func read(t *testing.T, ctx context.Context, what chromedp.Action[string]) string {
	t.Helper()
	text, err := chromedp.Run(ctx, what)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// browser starts Chromium with a fresh profile; it ends with the test.
func browser(t *testing.T, program string) context.Context {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program),
		chromedp.NoSandbox, // there is no sandbox as root in a container
		chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.UserDataDir(filepath.Join(t.TempDir(), "profile")),
	)
	ctx, stopAllocator := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(stopAllocator)
	ctx, stopBrowser := chromedp.NewContext(ctx)
	t.Cleanup(stopBrowser)
	if err := chromedp.Do(ctx); err != nil { // the browser lives as long as the context of the first call
		t.Fatal(err)
	}
	ctx, stopWaiting := context.WithTimeout(ctx, time.Minute)
	t.Cleanup(stopWaiting)
	return ctx
}

package server_test

import (
	"net/http"
	"strings"
	"testing"

	"fazt/internal/api/op"
	"fazt/internal/client"
	"fazt/internal/errs"
	"fazt/internal/fazttest"
)

// A stopped deployment stays stopped in the next process, explains why, and runs again when it is resumed or replaced.
func TestAStoppedDeploymentStaysStoppedUntilItIsResumedOrReplaced(t *testing.T) {
	i := fazttest.New(t)
	const hello, again = "-- index.html --\npage\n-- api/main.js --\nrespond('hello')\n", "-- api/main.js --\nrespond('again')\n"
	d := i.Deploy("app", hello)
	if _, err := client.Call(t.Context(), i.Client, op.AppResume, op.AppRef{App: "app"}); !errs.Is(err, errs.Conflict) {
		t.Errorf("a running one was resumed: %v", err)
	}
	if err := i.Hosting.Stop(t.Context(), d.Deployment.ID); err != nil {
		t.Fatal(err)
	}
	i.Stop()
	i = fazttest.New(t, fazttest.At(i.Path))
	if r := i.Get("app", "/api/x"); r.StatusCode != http.StatusServiceUnavailable || !strings.Contains(r.Text, "fazt app resume") {
		t.Errorf("%d %s", r.StatusCode, r.Text)
	}
	if r := i.Get("app", "/"); r.StatusCode != http.StatusOK {
		t.Errorf("its pages: %d %s", r.StatusCode, r.Text)
	}
	a, err := client.Call(t.Context(), i.Client, op.AppGet, op.AppRef{App: "app"})
	if err != nil || a.Live.StoppedAt == nil {
		t.Errorf("%+v %v", a.Live, err)
	}
	list, err := client.Call(t.Context(), i.Client, op.AppList, op.List{})
	if err != nil || list.Items[0].Live.StoppedAt == nil {
		t.Errorf("%+v %v", list, err)
	}
	a, err = client.Call(t.Context(), i.Client, op.AppResume, op.AppRef{App: "app"})
	if err != nil || a.Live.StoppedAt != nil {
		t.Errorf("%+v %v", a.Live, err)
	}
	if r := i.Get("app", "/api/x"); r.Text != "hello" {
		t.Errorf("%d %s", r.StatusCode, r.Text)
	}
	if err := i.Hosting.Stop(t.Context(), d.Deployment.ID); err != nil {
		t.Fatal(err)
	}
	i.Deploy("app", again)
	if r := i.Get("app", "/api/x"); r.Text != "again" {
		t.Errorf("%d %s", r.StatusCode, r.Text)
	}
}

func TestAServerThatCannotReplaceItselfSaysSo(t *testing.T) {
	i := fazttest.New(t)
	if _, err := client.Call(t.Context(), i.Client, op.ServerRestart, op.None{}); !errs.Is(err, errs.Unsupported) {
		t.Errorf("%v", err)
	}
}

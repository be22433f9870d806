package domain

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"fazt/internal/activity"
	"fazt/internal/api/call"
	"fazt/internal/api/op"
	"fazt/internal/apps"
	"fazt/internal/database"
	"fazt/internal/database/databasetest"
	"fazt/internal/errs"
)

// open returns the operations of the instance example.com, which has the apps blog and shop. names are what DNS knows.
func open(t *testing.T, names map[string]string) *API {
	t.Helper()
	db, err := database.Open(t.Context(), database.Config{Path: databasetest.Path(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	store := apps.New(db)
	for _, name := range []string{"blog", "shop"} {
		if err := db.Write(t.Context(), func(tx *database.Tx) error { _, err := store.EnsureTx(tx, name, ""); return err }); err != nil {
			t.Fatal(err)
		}
	}
	return &API{
		Apps: store, Domain: "example.com", HostURL: func(host string) string { return "https://" + host },
		Lookup: func(_ context.Context, host string) (list []netip.Addr, err error) {
			host, rooted := strings.CutSuffix(host, ".")
			if !rooted {
				t.Errorf("%s is looked up without its root", host)
			}
			for _, text := range strings.Fields(names[host]) {
				list = append(list, netip.MustParseAddr(text))
			}
			if list == nil {
				err = errors.New("no such host")
			}
			return list, err
		},
	}
}

func TestADomainLeadsToItsApp(t *testing.T) {
	t.Parallel()
	a := open(t, nil)
	d := call.NewDraft(activity.Entry{})
	ctx := d.With(t.Context())
	added, err := a.Add(ctx, op.DomainTarget{Host: "WWW.Blog.example.", App: "blog"})
	if err != nil || added.Host != "www.blog.example" || added.App != "blog" || added.Address != "https://www.blog.example" || added.CreatedAt.IsZero() {
		t.Fatalf("%+v %v", added, err)
	}
	if entry, _ := d.Finish(); entry.Resource != "www.blog.example" || entry.AppID != added.AppID {
		t.Errorf("the log has %+v", entry)
	}
	for _, name := range []string{"www.blog.example", "WWW.BLOG.EXAMPLE", "www.blog.example."} {
		got, err := a.Get(ctx, op.DomainRef{Host: name})
		if err != nil || got.Host != added.Host || got.AppID != added.AppID || got.Only {
			t.Errorf("%s: %+v %v", name, got, err)
		}
	}
	again, err := a.Add(ctx, op.DomainTarget{Host: "www.blog.example", App: "blog"})
	if err != nil || !again.CreatedAt.Equal(added.CreatedAt) {
		t.Errorf("the same again: %+v %v", again, err)
	}
	gone, err := a.Remove(ctx, op.DomainDrop{Host: "www.blog.example"})
	if err != nil || gone.Host != "www.blog.example" || len(gone.Unreachable) != 0 {
		t.Errorf("%+v %v", gone, err)
	}
	if _, err := a.Get(ctx, op.DomainRef{Host: "www.blog.example"}); !errs.Is(err, errs.NotFound) {
		t.Error(err)
	}
}

func TestWhichDomainsCannotBeAdded(t *testing.T) {
	t.Parallel()
	a := open(t, nil)
	if _, err := a.Add(t.Context(), op.DomainTarget{Host: "taken.example", App: "shop"}); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		host, app string
		kind      errs.Kind
		want      string
	}{
		{"", "blog", errs.Invalid, "the domain is missing"},
		{"https://a.example/", "blog", errs.Invalid, "it is a URL"},
		{"*.a.example", "blog", errs.Invalid, "wildcards are not supported"},
		{"me@a.example", "blog", errs.Invalid, "it is an email address"},
		{"a.example:8080", "blog", errs.Invalid, "it has a port"},
		{"127.0.0.1", "blog", errs.Invalid, "it is an IP address"},
		{"[::1]", "blog", errs.Invalid, "it is an IP address"},
		{"a..example", "blog", errs.Invalid, "it is not a host name"},
		{"example.com", "blog", errs.Invalid, "it is the instance's own domain"},
		{"EXAMPLE.com.", "blog", errs.Invalid, "it is the instance's own domain"},
		{"a.example.com", "blog", errs.Invalid, "it is below the instance's own domain"},
		{"taken.example", "blog", errs.Conflict, "taken.example already points to shop"},
		{"a.example", "none", errs.NotFound, ""},
		{"a.example", "", errs.NotFound, ""},
	} {
		got, err := a.Add(t.Context(), op.DomainTarget{Host: tt.host, App: tt.app})
		if !errs.Is(err, tt.kind) && !(tt.app == "" && errs.Is(err, errs.Invalid)) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q for %q: %+v %v", tt.host, tt.app, got, err)
		}
	}
	if page, err := a.List(t.Context(), op.List{}); err != nil || len(page.Items) != 1 {
		t.Errorf("%d domains, %v", len(page.Items), err)
	}
}

func TestDomainsAreListedByPages(t *testing.T) {
	t.Parallel()
	a := open(t, nil)
	want := []string{"a.example", "b.example", "c.example"}
	for _, host := range []string{"c.example", "a.example", "b.example"} {
		if _, err := a.Add(t.Context(), op.DomainTarget{Host: host, App: "blog"}); err != nil {
			t.Fatal(err)
		}
	}
	for _, limit := range []int{1, 2, 3, 1000} {
		var got []string
		for req := (op.List{Limit: limit}); ; {
			page, err := a.List(t.Context(), req)
			if err != nil || len(page.Items) > limit {
				t.Fatal(page, err)
			}
			for _, d := range page.Items {
				got = append(got, d.Host)
			}
			if req.Cursor = page.Next; req.Cursor == "" {
				break
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%d at a time: %v", limit, got)
		}
	}
	for _, limit := range []int{-1, 1001} {
		if _, err := a.List(t.Context(), op.List{Limit: limit}); !errs.Is(err, errs.Invalid) {
			t.Errorf("limit %d: %v", limit, err)
		}
	}
}

// The last address of an app goes only on purpose.
func TestTheOnlyAddressOfAnAppIsKept(t *testing.T) {
	t.Parallel()
	a := open(t, nil)
	if _, err := a.Add(t.Context(), op.DomainTarget{Host: "a.example", App: "blog"}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := a.Apps.RemoveAlias(t.Context(), "blog", true); err != nil {
		t.Fatal(err)
	}
	if got, err := a.Get(t.Context(), op.DomainRef{Host: "a.example"}); err != nil || !got.Only {
		t.Errorf("%+v %v", got, err)
	}
	if _, err := a.Remove(t.Context(), op.DomainDrop{Host: "a.example"}); !errs.Is(err, errs.Conflict) {
		t.Errorf("without force: %v", err)
	}
	gone, err := a.Remove(t.Context(), op.DomainDrop{Host: "a.example", Force: true})
	if err != nil || !slices.Equal(gone.Unreachable, []string{"blog"}) {
		t.Errorf("%+v %v", gone, err)
	}
}

func TestADomainIsCheckedByDNS(t *testing.T) {
	t.Parallel()
	names := map[string]string{"example.com": "203.0.113.9", "here.example": "203.0.113.9", "away.example": "198.51.100.7"}
	a := open(t, names)
	for host, here := range map[string]bool{"here.example": true, "away.example": false, "missing.example": false} {
		if _, err := a.Add(t.Context(), op.DomainTarget{Host: host, App: "blog"}); err != nil {
			t.Fatal(err)
		}
		got, err := a.Check(t.Context(), op.DomainRef{Host: host})
		if err != nil || got.Here != here || got.Domain.Host != host || got.Say == "" || (got.Do == "") != here {
			t.Errorf("%s: %+v %v", host, got, err)
		}
		if !slices.Contains(got.Instance, "203.0.113.9") {
			t.Errorf("%s: the instance has %v, without the address of its own domain", host, got.Instance)
		}
	}
	if _, err := a.Check(t.Context(), op.DomainRef{Host: "none.example"}); !errs.Is(err, errs.NotFound) {
		t.Error(err)
	}
	a.Domain = "localhost" // has no address to look up
	if got, err := a.Check(t.Context(), op.DomainRef{Host: "here.example"}); err != nil || got.Here || slices.Contains(got.Instance, "203.0.113.9") {
		t.Errorf("%+v %v", got, err)
	}
	a.Domain = "here.example" // it became the domain of the instance
	got, err := a.Check(t.Context(), op.DomainRef{Host: "here.example"})
	if err != nil || got.Here || got.Do != "fazt domain remove here.example" || !strings.Contains(got.Say, "the instance's own domain") || got.Addresses == nil || got.Instance == nil {
		t.Errorf("%+v %v", got, err)
	}
}

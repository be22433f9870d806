package server

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"fazt/internal/api/op"
	"fazt/internal/client"
	"fazt/internal/gateway"
)

// outline returns everything in a snapshot as text, for comparison. It fails the test if two names that should share a
// target do not.
func outline(t *testing.T, r *gateway.Routes) string {
	t.Helper()
	var lines []string
	say := func(kind, name string, to *gateway.Target) {
		text := fmt.Sprintf("%s %s: %s %s %s %d", kind, name, to.AppID, to.AppName, to.Deployment, to.Number)
		if to.Env != nil {
			text += fmt.Sprint(" ", to.Env.Values)
		}
		if to.Redirect != nil {
			text += fmt.Sprint(" ", to.Redirect.URL, to.Redirect.Status, to.Redirect.KeepPath)
		}
		if to.Reserved {
			text += " reserved"
		}
		if to.AppID != "" && r.AppByID(to.AppID) != to {
			t.Errorf("%s %s has a target of its own", kind, name)
		}
		if to.Split != nil {
			for _, arm := range to.Split.Targets {
				text += fmt.Sprintf(" %s %d %s", arm.Target.AppID, arm.Weight, arm.Token)
				if r.AppByID(arm.Target.AppID) != arm.Target {
					t.Errorf("a target of %s has a target of its own", name)
				}
			}
		}
		lines = append(lines, text)
	}
	for app := range r.Apps() {
		say("app", app.AppName, app)
	}
	for name, to := range r.Labels() {
		say("label", name, to)
	}
	for name, to := range r.Hosts() {
		say("host", name, to)
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// Whatever is done, and in whatever order: the snapshot that was changed step by step equals one that is built from
// scratch.
func TestRoutesChangedStepByStepEqualRoutesBuiltFromScratch(t *testing.T) {
	i, err := Open(t.Context(), Config{Database: filepath.Join(t.TempDir(), "data.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer i.Close()
	cl := client.NewInProcess(i.API())
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 7))
	steps := 400
	if testing.Short() {
		steps = 80
	}
	// Which steps succeed is random too, so go on until enough kinds have.
	const kinds = 12
	done := map[string]int{}
	for n := 0; n < steps || len(done) < kinds; n++ {
		if n == 10_000 {
			t.Fatalf("only %v ever succeeded", slices.Sorted(maps.Keys(done)))
		}
		name, err := step(t.Context(), cl, random, n)
		if err == nil {
			done[name]++
		}
		whole, err := i.readRoutes(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(outline(t, whole), outline(t, i.routes.Load())); diff != "" {
			t.Fatalf("after %s, step %d (-whole +changed):\n%s", name, n, diff)
		}
	}
	t.Log(done)
}

// step does something at random. It may be refused, and then must change nothing.
func step(ctx context.Context, cl *client.Client, random *rand.Rand, n int) (string, error) {
	app := func() string { return fmt.Sprintf("app%d", random.IntN(8)) }
	label := func() string { return fmt.Sprintf("label%d", random.IntN(6)) }
	host := func() string { return fmt.Sprintf("www%d.example.org", random.IntN(5)) }
	sql := func(statement string) error {
		_, err := client.Call(ctx, cl, op.SQLWrite, op.Statement{SQL: statement})
		return err
	}
	switch random.IntN(15) {
	case 0, 1, 2:
		folder := page(fmt.Sprintf("<p>%d", n))
		plan := folder.plan()
		plan.Preview = random.IntN(4) == 0
		_, err := client.Deploy(ctx, cl, app(), plan, folder, false, nil)
		return "deploy", err
	case 3:
		_, err := client.Call(ctx, cl, op.AliasSet, op.AliasTarget{Alias: label(), App: app(), Force: true})
		return "alias", err
	case 4:
		_, err := client.Call(ctx, cl, op.AliasSet, op.AliasTarget{Alias: label(), Redirect: fmt.Sprintf("https://example.com/%d", n), Force: true})
		return "redirect", err
	case 5:
		_, err := client.Call(ctx, cl, op.AliasRemove, op.AliasDrop{Alias: label(), Force: true})
		return "alias remove", err
	case 6:
		_, err := client.Call(ctx, cl, op.AliasSet, op.AliasTarget{Alias: label(), Split: []op.Share{{App: app(), Weight: 30}, {App: app(), Weight: 70}}, Force: true})
		return "split", err
	case 7:
		_, err := client.Call(ctx, cl, op.DomainAdd, op.DomainTarget{Host: host(), App: app()})
		return "domain", err
	case 8:
		_, err := client.Call(ctx, cl, op.DomainRemove, op.DomainDrop{Host: host(), Force: true})
		return "domain remove", err
	case 9:
		_, err := client.Call(ctx, cl, op.EnvSet, op.EnvValues{App: app(), Values: map[string]string{"N": fmt.Sprint(n)}})
		return "env", err
	case 10:
		_, err := client.Call(ctx, cl, op.AppRename, op.AppNewName{App: app(), Name: app(), Keep: []string{"", "alias", "redirect"}[random.IntN(3)]})
		return "rename", err
	case 11:
		_, err := client.Call(ctx, cl, op.AppRemove, op.AppRef{App: app()})
		return "remove", err
	case 12:
		_, err := client.Call(ctx, cl, op.AppFork, op.Fork{App: app(), Name: app(), WithData: random.IntN(2) == 0})
		return "fork", err
	}
	if random.IntN(4) == 0 {
		return "sql", sql("UPDATE env SET value = 'by hand'")
	}
	_, err := client.Call(ctx, cl, op.AppRollback, op.Rollback{App: app()})
	return "rollback", err
}

// page is a folder with one file.
type page string

func (p page) plan() op.Plan {
	return op.Plan{Files: []op.Announced{{Path: "index.html", Hash: sha256.Sum256([]byte(p)), Size: int64(len(p))}}}
}

func (p page) Open(string) (io.ReadCloser, error) {
	return io.NopCloser(strings.NewReader(string(p))), nil
}

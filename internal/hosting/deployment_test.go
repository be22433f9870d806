package hosting

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"fazt/internal/database"
	"fazt/internal/errs"
	"fazt/internal/fazttest/await"
	"fazt/internal/system"
)

func (b *bench) rollback(to int) (d Deployment, err error) {
	err = b.db.Write(b.Context(), func(tx *database.Tx) (err error) {
		d, err = b.RollbackTx(tx, testApp, to)
		return err
	})
	return d, err
}

func TestRollback(t *testing.T) {
	b := open(t)
	_, err := b.rollback(0)
	wantError(t, err, errs.Conflict, "no deployment of the app is live")
	for i := range 4 {
		b.deploy(testApp, texts("index.html", fmt.Sprint(i+1)))
	}
	b.deploy(otherApp, texts("index.html", "other"))
	for _, step := range []struct {
		to, want int // want 0 = refused
		kind     errs.Kind
		text     string
	}{
		{0, 3, 0, ""}, {0, 2, 0, ""}, {4, 4, 0, ""}, {4, 4, 0, ""}, {1, 1, 0, ""},
		{0, 0, errs.Conflict, "deployment 1 is live, and there is no earlier deployment to roll back to"},
		{9, 0, errs.NotFound, "the app has no deployment 9"},
		{-1, 0, errs.NotFound, "the app has no deployment -1"},
	} {
		d, err := b.rollback(step.to)
		if step.want == 0 {
			wantError(t, err, step.kind, step.text)
			continue
		}
		live, liveErr := b.Live(t.Context(), testApp)
		if err != nil || liveErr != nil || d.Number != step.want || !d.Live || live.ID != d.ID {
			t.Errorf("to %d: %+v, live %+v, %v %v", step.to, d, live, err, liveErr)
		}
		b.wantContent(live, texts("index.html", fmt.Sprint(step.want)))
	}
	if other, err := b.Live(t.Context(), otherApp); err != nil || other.Number != 1 {
		t.Errorf("the other app: %+v, %v", other, err)
	}
	if d := b.deploy(testApp, texts("index.html", "5")); d.Number != 5 {
		t.Errorf("the next deployment has number %d", d.Number)
	}
	b.sound()
}

// A rollback used to go to the deployment with the next lower number, even if that was a preview that had never been
// live.
func TestRollbackGoesToThePreviousDeployment(t *testing.T) {
	const deploy, preview, back = 0, -1, -2 // a positive step is a rollback to that number
	for _, c := range []struct {
		name  string
		steps []int
		want  []int // live afterwards, then after each further rollback until it is refused
	}{
		{"a preview was never live", []int{deploy, preview, deploy}, []int{3, 1}},
		{"a rollback after a rollback goes further back", []int{deploy, deploy, deploy, back}, []int{2, 1}},
		{"a deployment that was rolled back is skipped", []int{deploy, deploy, deploy, back, deploy}, []int{4, 2, 1}},
		{"a preview that was put live", []int{deploy, preview, preview, 2}, []int{2, 1}},
		{"an earlier deployment by its number, then further back", []int{deploy, deploy, deploy, deploy, 2}, []int{2, 1}},
		{"a later deployment by its number", []int{deploy, deploy, deploy, 1, 3}, []int{3, 1}},
		{"there and back again", []int{deploy, deploy, 1, 2, 1, 2}, []int{2, 1}},
		{"the live one by its number", []int{deploy, deploy, 2}, []int{2, 1}},
		{"only previews are left", []int{preview, deploy, preview}, []int{2}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := open(t)
			for i, step := range c.steps {
				switch step {
				case deploy, preview:
					b.deployAs(step == preview, fmt.Sprint(i))
				case back:
					step = 0
					fallthrough
				default:
					if _, err := b.rollback(step); err != nil {
						t.Fatal(err)
					}
				}
			}
			var got []int
			for {
				live, err := b.Live(t.Context(), testApp)
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, live.Number)
				b.wantPrevious(c.want, len(got))
				if _, err := b.rollback(0); err != nil {
					wantError(t, err, errs.Conflict, "there is no earlier deployment to roll back to")
					break
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// deployAs deploys a text, as a preview or live.
func (b *bench) deployAs(preview bool, text string) {
	b.Helper()
	f := texts("index.html", text)
	p := f.plan()
	p.Preview = preview
	if _, err := b.tryDeploy(testApp, f, p); err != nil {
		b.Fatal(err)
	}
}

// wantPrevious checks that the list of deployments marks chain[n] as the target of a rollback.
func (b *bench) wantPrevious(chain []int, n int) {
	b.Helper()
	page, _, err := b.List(b.Context(), testApp, "", 100)
	if err != nil {
		b.Fatal(err)
	}
	for _, d := range page {
		if want := n < len(chain) && chain[n] == d.Number; d.Previous != want {
			b.Errorf("deployment %d: previous is %v", d.Number, d.Previous)
		}
	}
}

func TestDeploymentRecordsWhenItWentLive(t *testing.T) {
	b := open(t)
	b.deploy(testApp, texts("index.html", "1"))
	b.deployAs(true, "2")
	b.deploy(testApp, texts("index.html", "3"))
	at := func(number int) *time.Time {
		d, err := b.Deployment(t.Context(), testApp, number)
		if err != nil {
			t.Fatal(err)
		}
		return d.LiveAt
	}
	first, preview, third := at(1), at(2), at(3)
	if first == nil || third == nil || third.Before(*first) || preview != nil {
		t.Fatalf("%v %v %v", first, preview, third)
	}
	await.Until(t, "the next millisecond", func() bool { return time.Now().UnixMilli() > third.UnixMilli() }) // times are stored in milliseconds
	d, err := b.rollback(0)
	if again := at(1); err != nil || !again.After(*third) || !d.LiveAt.Equal(*again) || !at(3).Equal(*third) {
		t.Errorf("after the rollback: %v, %v, %v", again, d.LiveAt, err)
	}
}

func TestRollbackSkipsRemovedDeployments(t *testing.T) {
	b := open(t)
	for i := range 3 {
		b.deploy(testApp, texts("index.html", fmt.Sprint(i)))
	}
	if _, err := b.rollback(1); err != nil {
		t.Fatal(err)
	}
	b.deploy(testApp, texts("index.html", "4")) // after 1
	if _, err := b.rollback(2); err != nil {    // after 4
		t.Fatal(err)
	}
	b.deploy(testApp, texts("index.html", "5")) // after 2
	b.change(func(l *system.Storage) { l.KeepDeployments = 2 })
	b.settle()
	if _, err := b.Prune(t.Context(), testApp); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int{5, 4}, b.numbers()); diff != "" {
		t.Fatal(diff)
	}
	if d, err := b.rollback(0); err != nil || d.Number != 4 {
		t.Errorf("%d, %v", d.Number, err)
	}
	_, err := b.rollback(0)
	wantError(t, err, errs.Conflict, "deployment 4 is live, and there is no earlier deployment to roll back to")
	b.sound()
}

// In the predecessor, the counts and sizes of every deployed app were 0, because they came from a column that deploying
// did not fill.
func TestCountsAndSizesMatchWhatIsStored(t *testing.T) {
	b := open(t)
	if got, err := b.Stats(t.Context(), testApp); err != nil || got != (Stats{}) {
		t.Errorf("before the first deployment: %+v, %v", got, err)
	}
	a, c := noise("a", 1000), noise("c", 2000)
	b.deploy(testApp, folder{"a": a, "copy": a, "empty": nil})
	b.deploy(testApp, folder{"a": a, "c": c})
	b.deploy(otherApp, folder{"a": a})
	got, err := b.Stats(t.Context(), testApp)
	if diff := cmp.Diff(Stats{Deployments: 2, Files: 2, Bytes: 3000, Stored: 3000}, got); diff != "" || err != nil {
		t.Error(err, diff)
	}
	first, err := b.Deployment(t.Context(), testApp, 1)
	if err != nil || first.Files != 3 || first.Bytes != 2000 {
		t.Errorf("%+v, %v", first, err)
	}
	text := make([]byte, 5000) // shrinks to almost nothing; its compressed forms count too
	b.deploy(otherApp, folder{"zeros.txt": text})
	got, err = b.Stats(t.Context(), otherApp)
	forms := b.count("SELECT sum(size) FROM blobs WHERE id IN (SELECT variant_id FROM variants)")
	if diff := cmp.Diff(Stats{Deployments: 2, Files: 1, Bytes: 5000, Stored: int64(6000 + forms)}, got); diff != "" || err != nil || forms == 0 {
		t.Error(err, diff)
	}
}

func TestListIsNewestFirst(t *testing.T) {
	b := open(t)
	if page, next, err := b.List(t.Context(), testApp, "", 10); err != nil || page == nil || len(page) != 0 || next != "" {
		t.Errorf("empty: %v %q %v", page, next, err)
	}
	for i := range 5 {
		b.deploy(testApp, texts("index.html", fmt.Sprint(i)))
	}
	var numbers []int
	cursor, pages := "", 0
	for {
		page, next, err := b.List(t.Context(), testApp, cursor, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range page {
			numbers = append(numbers, d.Number)
			if d.Live != (d.Number == 5) {
				t.Errorf("deployment %d: live is %v", d.Number, d.Live)
			}
		}
		pages++
		if cursor = next; next == "" {
			break
		}
	}
	if diff := cmp.Diff([]int{5, 4, 3, 2, 1}, numbers); diff != "" || pages != 3 {
		t.Error(pages, diff)
	}
	_, _, err := b.List(t.Context(), testApp, "x", 2)
	wantError(t, err, errs.Invalid, "not a cursor")
}

func TestMissingThingsAreNotFound(t *testing.T) {
	b := open(t)
	_, err := b.Live(t.Context(), testApp)
	wantError(t, err, errs.NotFound, "no deployment of the app is live")
	_, err = b.Deployment(t.Context(), testApp, 1)
	wantError(t, err, errs.NotFound, "no deployment 1")
	_, err = b.Files(t.Context(), "dep_none")
	wantError(t, err, errs.NotFound, "no such deployment")
	_, err = b.Program(t.Context(), "dep_none")
	wantError(t, err, errs.NotFound, "no function")
}

func TestAllLive(t *testing.T) {
	b := open(t)
	b.deploy(testApp, texts("index.html", "1"))
	b.deploy(testApp, texts("index.html", "2"))
	other := b.deploy(otherApp, texts("index.html", "3"))
	all, err := b.AllLive(t.Context())
	if err != nil || len(all) != 2 || all[testApp].Number != 2 || all[otherApp].ID != other.ID {
		t.Errorf("%+v, %v", all, err)
	}
}

func TestRemovingAnAppRemovesItsDeployments(t *testing.T) {
	b := open(t)
	b.deploy(testApp, folder{"a": noise("a", 2<<20), "shared": []byte("shared")})
	other := b.deploy(otherApp, folder{"shared": []byte("shared")})
	b.write(func(tx *database.Tx) error { return tx.Exec("DELETE FROM apps WHERE id = ?", testApp) })
	got, err := b.Collect(t.Context())
	if err != nil || got.Blobs != 1 || got.Bytes != 2<<20 {
		t.Errorf("%+v, %v", got, err)
	}
	b.wantContent(other, texts("shared", "shared"))
	b.sound()
}

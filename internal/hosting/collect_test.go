package hosting

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"fazt/internal/content"
	"fazt/internal/database"
	"fazt/internal/system"
)

// settle makes recently replaced deployments count as replaced long ago.
func (b *bench) settle() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for id := range b.replaced {
		b.replaced[id] = time.Now().Add(-2 * replacedKept)
	}
}

func (b *bench) collect() Collected {
	b.Helper()
	got, err := b.Collect(context.Background())
	if err != nil {
		b.Fatal(err)
	}
	return got
}

// wantNothingMarked checks that no blob is still marked as arriving: the collector would never remove a blob that
// reuses its row.
func (b *bench) wantNothingMarked() {
	b.Helper()
	b.write(func(tx *database.Tx) error {
		return tx.Exec("WITH RECURSIVE n (id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n LIMIT 500) INSERT INTO blobs (id, hash, size, created_at) SELECT id, NULL, 0, 1 FROM n WHERE id NOT IN (SELECT id FROM blobs)")
	})
	b.collect()
	if n := b.count("SELECT count(*) FROM blobs WHERE hash IS NULL"); n != 0 {
		b.Errorf("%d blobs are still marked as arriving", n)
	}
}

func (b *bench) numbers() (list []int) {
	b.Helper()
	page, _, err := b.List(context.Background(), testApp, "", 1000)
	if err != nil {
		b.Fatal(err)
	}
	for _, d := range page {
		list = append(list, d.Number)
	}
	return list
}

func TestRetentionKeepsTheNewestAndTheLive(t *testing.T) {
	b := open(t)
	b.change(func(l *system.Storage) { l.KeepDeployments = 3 })
	for i := range 6 {
		b.deploy(testApp, folder{"same": []byte("same"), "own": noise(fmt.Sprint(i), 1000)})
	}
	if _, err := b.rollback(2); err != nil {
		t.Fatal(err)
	}
	b.settle()
	removed, err := b.Prune(t.Context(), testApp)
	if err != nil || len(removed) != 2 {
		t.Errorf("removed %v, %v", removed, err)
	}
	if diff := cmp.Diff([]int{6, 5, 4, 2}, b.numbers()); diff != "" {
		t.Error(diff)
	}
	if got := b.collect(); got.Blobs != 2 || got.Bytes != 2000 || got.Deployments != 0 {
		t.Errorf("collected %+v", got)
	}
	for _, n := range b.numbers() {
		d, err := b.Deployment(t.Context(), testApp, n)
		if err != nil {
			t.Fatal(err)
		}
		b.wantContent(d, folder{"same": []byte("same"), "own": noise(fmt.Sprint(n-1), 1000)})
	}
	// The live one stays when everything else is removed, and numbering continues.
	b.change(func(l *system.Storage) { l.KeepDeployments = 1 })
	b.settle()
	if got := b.collect(); got.Deployments != 2 || got.Blobs != 2 {
		t.Errorf("collected %+v", got)
	}
	if diff := cmp.Diff([]int{6, 2}, b.numbers()); diff != "" {
		t.Error(diff)
	}
	if d := b.deploy(testApp, texts("index.html", "7")); d.Number != 7 {
		t.Errorf("the next deployment has number %d", d.Number)
	}
	b.sound()
}

// A request that was routed to a deployment continues to read it after another one went live.
func TestARecentlyReplacedDeploymentIsNotRemoved(t *testing.T) {
	b := open(t)
	b.change(func(l *system.Storage) { l.KeepDeployments = 1 })
	first := b.deploy(testApp, texts("index.html", "one"))
	b.deploy(testApp, texts("index.html", "two"))
	if got := b.collect(); got.Deployments != 0 {
		t.Errorf("collected %+v", got)
	}
	b.wantContent(first, texts("index.html", "one"))
	b.settle()
	if got := b.collect(); got.Deployments != 1 || got.Blobs != 1 {
		t.Errorf("later: collected %+v", got)
	}
	if len(b.replaced) != 0 {
		t.Errorf("still remembered: %v", b.replaced)
	}
}

func TestAnnouncedContentIsNotCollected(t *testing.T) {
	b := open(t)
	f := folder{"small": []byte("small"), "large": noise("large", 2<<20)}
	old := b.deploy(testApp, f)
	// The content is stored, so this upload will not send it. Then its only owner is removed.
	u := b.begin(otherApp, f.plan())
	if len(u.Missing) != 0 {
		t.Fatalf("missing %v", u.Missing)
	}
	b.write(func(tx *database.Tx) error { return tx.Exec("DELETE FROM apps WHERE id = ?", testApp) })
	if got := b.collect(); got.Blobs != 0 {
		t.Errorf("collected %+v", got)
	}
	if _, err := b.Files(t.Context(), old.ID); err == nil {
		t.Error("the app's deployment is still there")
	}
	d, err := b.commit(otherApp, u.ID, nil)
	if err != nil {
		t.Fatal(err)
	}
	b.wantContent(d, f)
}

func TestExpiredUploadsAreCollected(t *testing.T) {
	b := open(t)
	f := folder{"a": noise("a", 3<<20), "b": []byte("b")}
	u := b.begin(testApp, f.plan())
	if _, err := b.Receive(t.Context(), u.ID, bytes.NewReader(f.stream(u.Missing))); err != nil {
		t.Fatal(err)
	}
	if got := b.collect(); got != (Collected{}) {
		t.Errorf("while it is open: %+v", got)
	}
	b.write(func(tx *database.Tx) error { return tx.Exec("UPDATE uploads SET expires_at = 1") })
	if got := b.collect(); got.Uploads != 1 || got.Blobs != 2 || got.Bytes != 3<<20+1 {
		t.Errorf("once it is over: %+v", got)
	}
	if n := b.count("SELECT (SELECT count(*) FROM blobs) + (SELECT count(*) FROM chunks) + (SELECT count(*) FROM upload_files)"); n != 0 {
		t.Errorf("%d rows are left", n)
	}
}

func TestProgressKeepsAnUploadOpen(t *testing.T) {
	b := open(t)
	f := many(3, 2<<20)
	u := b.begin(testApp, f.plan())
	old := func() {
		b.write(func(tx *database.Tx) error {
			return tx.Exec("UPDATE uploads SET expires_at = ?", time.Now().Add(time.Minute))
		})
	}
	fresh := func(what string) {
		t.Helper()
		if b.count("SELECT count(*) FROM uploads WHERE expires_at < ?", time.Now().Add(50*time.Minute)) > 0 {
			t.Errorf("%s did not renew the upload's lifetime", what)
		}
	}
	old()
	if b.begin(testApp, f.plan()).ID != u.ID {
		t.Error("not resumed")
	}
	fresh("announcing again")
	old()
	if _, err := b.Receive(t.Context(), u.ID, bytes.NewReader(f.stream(u.Missing))); err != nil {
		t.Fatal(err)
	}
	fresh("receiving")
	old()
	if _, err := b.Ready(t.Context(), u.ID); err != nil {
		t.Fatal(err)
	}
	fresh("asking whether it is ready")
}

// A crash leaves content without a hash, which nothing completes after the next start.
func TestLeftoversOfACrashAreCollected(t *testing.T) {
	b := open(t)
	a := b.blobs.Arrive()
	b.write(func(tx *database.Tx) error {
		for range 40 {
			if _, err := a.Add(func(fn func(*database.Tx) error) error { return fn(tx) }, noise("crash", content.ChunkSize), nil); err != nil {
				return err
			}
		}
		return nil
	})
	b.restart()
	if got := b.collect(); got.Blobs != 1 || got.Bytes != 40<<20 {
		t.Errorf("collected %+v", got)
	}
}

func TestFreePagesAreReturnedToTheDisk(t *testing.T) {
	b := open(t)
	b.deploy(testApp, folder{"a": noise("a", 12<<20)})
	pages := b.count("PRAGMA page_count")
	b.write(func(tx *database.Tx) error { return tx.Exec("DELETE FROM apps WHERE id = ?", testApp) })
	got := b.collect()
	left := b.count("PRAGMA page_count")
	if got.Pages < 1500 || left != pages-got.Pages || b.count("PRAGMA freelist_count") > database.SparePages {
		t.Errorf("of %d pages %d were returned, %d are left", pages, got.Pages, left)
	}
	b.sound()
}

// The collector runs without pause alongside uploads, whose content has no owner before the commit. Their apps are
// removed again and again, which leaves content without an owner. No upload may lose content that it sent, or that the
// server said it has.
func TestCollectorRacesUploads(t *testing.T) {
	b := open(t)
	b.change(func(l *system.Storage) { l.KeepDeployments = 1 })
	uploaders, rounds := 4, 6
	if testing.Short() {
		rounds = 3
	}
	var work, collector sync.WaitGroup
	var collected atomic.Int64
	stop := make(chan struct{})
	collector.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			b.settle()
			got, err := b.Collect(context.Background())
			if err != nil {
				t.Error(err)
				return
			}
			collected.Add(int64(got.Blobs))
		}
	})
	for n := range uploaders {
		work.Go(func() {
			app := fmt.Sprintf("app_%d", n)
			for round := range rounds {
				b.write(func(tx *database.Tx) error {
					return tx.Exec("INSERT INTO apps (id, name, created_at, updated_at) VALUES (?, ?, 1, 1)", app, app)
				})
				// Small and large content, some of its own, some shared with the other uploaders' rounds.
				f := folder{
					"own":    noise(fmt.Sprint(n, round), 3000),
					"shared": noise(fmt.Sprint("shared", round%3), 2000),
					"large":  noise(fmt.Sprint("large", round%2), content.ChunkSize+77),
					"text":   bytes.Repeat([]byte(fmt.Sprint("text ", round%3)), 400),
				}
				d, err := b.tryDeploy(app, f, f.plan())
				if err != nil {
					t.Errorf("round %d: %v", round, err)
					return
				}
				b.wantContent(d, f)
				b.write(func(tx *database.Tx) error { return tx.Exec("DELETE FROM apps WHERE id = ?", app) })
			}
		})
	}
	work.Wait()
	close(stop)
	collector.Wait()
	if collected.Load() == 0 {
		t.Error("the collector found nothing; this test tests nothing")
	}
	b.sound()
	b.collect()
	if n := b.count("SELECT count(*) FROM blobs"); n != 0 {
		t.Errorf("%d blobs are left", n)
	}
	b.wantNothingMarked()
}

// The collector takes no chunks of a file that is still arriving, however long that takes.
func TestCollectorLeavesArrivingContentAlone(t *testing.T) {
	b := open(t)
	f := folder{"large": noise("large", 6<<20)}
	u := b.begin(testApp, f.plan())
	body := f.stream(u.Missing)
	collect := action(func() {
		if n := b.count("SELECT count(*) FROM chunks"); n == 0 {
			t.Error("nothing has arrived yet; this test tests nothing")
		}
		if got := b.collect(); got.Blobs != 0 || got.Bytes != 0 {
			t.Errorf("collected %+v", got)
		}
	})
	middle := len(body) / 2
	stream := io.MultiReader(bytes.NewReader(body[:middle]), collect, bytes.NewReader(body[middle:]))
	if _, err := b.Receive(t.Context(), u.ID, stream); err != nil {
		t.Fatal(err)
	}
	d, err := b.commit(testApp, u.ID, nil)
	if err != nil {
		t.Fatal(err)
	}
	b.wantContent(d, f)
}

func TestRunEndsWithItsContext(t *testing.T) {
	b := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- b.Run(ctx) }()
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestVariantsAreRemovedWithTheirContent(t *testing.T) {
	b := open(t)
	text := bytes.Repeat([]byte("so much text "), 1000)
	d := b.deploy(testApp, folder{"a.txt": text})
	files, err := b.Files(t.Context(), d.ID)
	if err != nil || len(files[0].Variants) != 3 {
		t.Fatalf("%+v, %v", files, err)
	}
	if got := b.collect(); got.Blobs != 0 {
		t.Errorf("while it is deployed: %+v", got)
	}
	b.write(func(tx *database.Tx) error { return tx.Exec("DELETE FROM apps WHERE id = ?", testApp) })
	if got := b.collect(); got.Blobs != 4 {
		t.Errorf("afterwards: %+v", got)
	}
	if slices.Max([]int{b.count("SELECT count(*) FROM blobs"), b.count("SELECT count(*) FROM variants"), b.count("SELECT count(*) FROM chunks")}) != 0 {
		t.Error("something is left")
	}
}

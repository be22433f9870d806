package hosting

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"fazt/internal/content"
	"fazt/internal/database"
	"fazt/internal/errs"
	"fazt/internal/system"
)

// maxRows is how many rows one write may change: a batch, plus a few rows that go with it.
const maxRows = 2 * stepRows

// fill provides all contents of a folder.
func (f folder) fill(take func(hash content.Hash, content io.Reader) error) error {
	for _, data := range f {
		if err := take(sha256.Sum256(data), bytes.NewReader(data)); err != nil {
			return err
		}
	}
	return nil
}

func (f folder) without(path string) folder {
	rest := maps.Clone(f)
	delete(rest, path)
	return rest
}

// copies returns n files with the same content.
func copies(n int) folder {
	f := folder{}
	for i := range n {
		f[fmt.Sprintf("pages/%05d.html", i)] = []byte("same")
	}
	return f
}

func (b *bench) wantSmallWrites(what string) {
	b.Helper()
	if n := b.db.Stats().MaxRows; n > maxRows {
		b.Errorf("%s: one write changed %d rows, want at most %d", what, n, maxRows)
	}
}

// neighbor writes without pause until it is stopped, and returns how long its writes waited.
func (b *bench) neighbor() (stop func() []time.Duration) {
	var waits []time.Duration
	var end atomic.Bool
	var work sync.WaitGroup
	work.Go(func() {
		for !end.Load() {
			began := time.Now()
			err := b.db.Write(context.Background(), func(tx *database.Tx) error {
				return tx.Exec("UPDATE apps SET updated_at = updated_at + 1 WHERE id = ?", otherApp)
			})
			if err != nil {
				b.Error(err)
				return
			}
			waits = append(waits, time.Since(began))
		}
	})
	return func() []time.Duration {
		end.Store(true)
		work.Wait()
		slices.Sort(waits)
		return waits
	}
}

// The rows of 20,000 files used to be stored, copied and removed in one write each, and every other write waited for
// it.
func TestOthersCanWriteDuringADeployOf20000Files(t *testing.T) {
	slowUnderRace(t)
	b := open(t)
	const files = 20_000
	b.change(func(l *system.Storage) { l.MaxSiteFiles, l.KeepDeployments = files, 1 })
	stop := b.neighbor()
	d := b.deploy(testApp, copies(files))
	if d.Files != files || d.Bytes != 4*files {
		t.Errorf("got %d files of %d bytes", d.Files, d.Bytes)
	}
	waits := stop()
	b.wantSmallWrites("deploy")
	if len(waits) < 20 {
		t.Errorf("the neighbor had %d turns", len(waits))
	}
	t.Logf("%d writes of a neighbor, the longest wait %v", len(waits), waits[len(waits)-1])

	fork := b.fork(testApp, otherApp)
	b.wantSmallWrites("fork")
	b.write(func(tx *database.Tx) error { return tx.Exec("DELETE FROM apps WHERE id = ?", testApp) })
	b.wantSmallWrites("removal of the app")
	b.deploy(otherApp, texts("index.html", "new"))
	b.settle()
	if got := b.collect(); got.Deployments != 1 || got.Blobs != 1 {
		t.Errorf("collected %+v", got)
	}
	b.wantSmallWrites("collection")
	if n := b.count("SELECT (SELECT count(*) FROM deployment_files) + (SELECT count(*) FROM upload_files)"); n != 1 {
		t.Errorf("%d rows are left, want that of the one file", n)
	}
	if _, err := b.Files(t.Context(), fork.ID); !errs.Is(err, errs.NotFound) {
		t.Errorf("the fork that was removed: %v", err)
	}
	b.sound()
}

// fork makes the live deployment of one app that of another.
func (b *bench) fork(from, to string) (d Deployment) {
	b.Helper()
	ctx := context.Background()
	f, err := b.Fork(ctx, from)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close(ctx)
	b.write(func(tx *database.Tx) (err error) {
		d, err = b.ForkTx(tx, f, to, "")
		return err
	})
	return d
}

// wantUnseen fails the test if anything shows files of a deployment that does not exist.
func (b *bench) wantUnseen(deployment, path string) {
	b.Helper()
	ctx := context.Background()
	if _, err := b.Files(ctx, deployment); !errs.Is(err, errs.NotFound) {
		b.Errorf("its files: %v", err)
	}
	if _, err := b.File(ctx, deployment, path); !errs.Is(err, errs.NotFound) {
		b.Errorf("a file: %v", err)
	}
	if page, _, err := b.FilePage(ctx, deployment, "", 10); err != nil || len(page) > 0 {
		b.Errorf("a page of them: %v, %v", page, err)
	}
	if list, err := b.PrivateFiles(ctx, deployment); err != nil || len(list) > 0 {
		b.Errorf("the private ones: %v, %v", list, err)
	}
}

// A deploy that ends between its batches, by a crash or because its upload expires, shows nothing, keeps its content
// while it may continue, and leaves nothing behind.
func TestADeployThatEndsMidwayIsNeverSeen(t *testing.T) {
	b := open(t)
	old := texts("index.html", "old")
	b.deploy(testApp, old)
	f := copies(3 * stepRows)
	f["private/key"] = []byte("secret")
	u := b.begin(testApp, f.plan())
	if _, err := b.Fill(t.Context(), u.ID, f.fill); err != nil {
		t.Fatal(err)
	}
	// One batch is stored, and the process ends.
	stage := ""
	b.write(func(tx *database.Tx) (err error) {
		if stage, err = stageOf(tx, u.ID); err != nil {
			return err
		}
		return tx.Exec(`INSERT INTO deployment_files SELECT ?, f.path, b.id FROM upload_files f JOIN blobs b ON b.hash = f.hash
			WHERE f.upload_id = ? ORDER BY f.path LIMIT ?`, stage, u.ID, stepRows)
	})
	b.restart()
	b.collect()
	if n := b.count("SELECT count(*) FROM deployment_files WHERE deployment_id = ?", stage); n != stepRows {
		t.Errorf("%d rows of the stored batch are left", n)
	}
	b.wantUnseen(stage, "pages/00000.html")
	if live, err := b.Live(t.Context(), testApp); err != nil {
		t.Error(err)
	} else {
		b.wantContent(live, old)
	}
	err := b.db.Write(t.Context(), func(tx *database.Tx) error {
		_, err := b.CommitTx(tx, u.ID, testApp, nil)
		return err
	})
	wantError(t, err, errs.Conflict, "not all stored yet")

	// It continues where it ended.
	d, err := b.commit(testApp, u.ID, nil)
	if err != nil || d.ID != stage {
		t.Fatalf("%+v, %v", d, err)
	}
	b.wantContent(d, f)

	// Another deploy ends for good after all of it is stored.
	f["pages/new.html"] = []byte("new")
	u = b.begin(testApp, f.plan())
	if _, err := b.Fill(t.Context(), u.ID, f.fill); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Ready(t.Context(), u.ID); err != nil {
		t.Fatal(err)
	}
	b.write(func(tx *database.Tx) error { return tx.Exec("UPDATE uploads SET expires_at = 1 WHERE id = ?", u.ID) })
	if got := b.collect(); got.Uploads != 1 || got.Blobs != 1 {
		t.Errorf("collected %+v", got)
	}
	if n := b.count("SELECT count(*) FROM deployment_files WHERE NOT EXISTS (SELECT 1 FROM deployments WHERE id = deployment_id)"); n > 0 {
		t.Errorf("%d rows are left", n)
	}
	b.wantContent(d, f.without("pages/new.html"))
	b.wantSmallWrites("all of it")
	b.sound()
}

// A plan that was cut off while it was being stored is neither resumed nor kept.
func TestAnAnnouncementThatEndsMidwayIsNotResumed(t *testing.T) {
	b := open(t)
	p := copies(10).plan()
	u := b.begin(testApp, p)
	b.write(func(tx *database.Tx) error {
		if err := tx.Exec("UPDATE uploads SET announced = 0"); err != nil {
			return err
		}
		return tx.Exec("DELETE FROM upload_files WHERE path > 'pages/00004.html'")
	})
	if _, err := b.Ready(t.Context(), u.ID); !errs.Is(err, errs.NotFound) {
		t.Errorf("half a plan is ready: %v", err)
	}
	if again := b.begin(testApp, p); again.ID == u.ID {
		t.Error("half a plan was taken for a complete one")
	}
	b.write(func(tx *database.Tx) error { return tx.Exec("UPDATE uploads SET expires_at = 1 WHERE id = ?", u.ID) })
	b.collect()
	if n := b.count("SELECT count(*) FROM upload_files WHERE upload_id = ?", u.ID); n > 0 {
		t.Errorf("%d rows are left", n)
	}
}

// A fork that fails or is never completed leaves nothing; while it is in progress, the collector takes nothing of it.
func TestAForkIsInvisibleUntilItIsComplete(t *testing.T) {
	b := open(t)
	f := copies(2*stepRows + 1)
	b.deploy(testApp, f)
	fork, err := b.Fork(t.Context(), testApp)
	if err != nil {
		t.Fatal(err)
	}
	b.collect()
	b.wantUnseen(fork.id, "pages/00000.html")
	if n := b.count("SELECT count(*) FROM deployment_files WHERE deployment_id = ?", fork.id); n != len(f) {
		t.Errorf("%d rows are stored for it", n)
	}
	fork.Close(t.Context())
	if n := b.count("SELECT count(*) FROM deployment_files WHERE deployment_id = ?", fork.id); n != 0 {
		t.Errorf("%d rows are left of it", n)
	}
	b.wantContent(b.fork(testApp, otherApp), f)
	b.wantSmallWrites("fork")
}

// BenchmarkNeighborOfALargeDeploy measures the longest wait of another write during a deploy of 20,000 files, and
// during its removal.
func BenchmarkNeighborOfALargeDeploy(b *testing.B) {
	f := copies(20_000)
	var deploy, removal time.Duration
	for b.Loop() {
		store := open(b)
		store.change(func(l *system.Storage) { l.MaxSiteFiles = len(f) })
		stop := store.neighbor()
		store.deploy(testApp, f)
		deploy = max(deploy, slices.Max(stop()))
		stop = store.neighbor()
		store.write(func(tx *database.Tx) error { return tx.Exec("DELETE FROM apps WHERE id = ?", testApp) })
		store.collect()
		removal = max(removal, slices.Max(stop()))
	}
	b.ReportMetric(float64(deploy.Milliseconds()), "ms-deploy")
	b.ReportMetric(float64(removal.Milliseconds()), "ms-removal")
}

package hosting

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"fazt/internal/database"
	"fazt/internal/errs"
)

// A check goes through the compiled functions of all deployments, and reports those that are damaged with the place where
// people know them.
func TestTheCheckReportsDamagedFunctions(t *testing.T) {
	b := open(t)
	deploy := func(app, program string) Deployment {
		t.Helper()
		f := texts("api/main.js", app+program)
		u := b.begin(app, f.plan())
		if _, err := b.Receive(t.Context(), u.ID, bytes.NewReader(f.stream(u.Missing))); err != nil {
			t.Fatal(err)
		}
		d, err := b.commit(app, u.ID, []byte(program))
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	damaged := []Deployment{deploy(testApp, "damaged"), deploy(otherApp, "damaged too")}
	deploy(testApp, "sound")
	var found []string
	read := 0
	check := Check{
		From: b.db, Pace: func(_ int64, bytes int) error { read += bytes; return nil },
		Found: func(d Damage) error {
			found = append(found, fmt.Sprintf("%s %v %s", d, d.Live, d.DeploymentID))
			return nil
		},
	}
	if _, err := check.Run(t.Context()); err != nil || len(found) != 0 {
		t.Errorf("functions were checked without a check: %q %v", found, err)
	}
	files := read
	check.Program = func(program []byte) error {
		if strings.HasPrefix(string(program), "damaged") {
			return errors.New("not its hash")
		}
		return nil
	}
	read = 0
	n, err := check.Run(t.Context())
	slices.Sort(found)
	want := []string{
		"the compiled function of blog, deployment 1: its bytes have changed since they were stored false " + damaged[0].ID,
		"the compiled function of shop, deployment 1: its bytes have changed since they were stored true " + damaged[1].ID,
	}
	if err != nil || n != 3 || !slices.Equal(found, want) || read != files+len("damaged"+"damaged too"+"sound") {
		t.Errorf("%d contents, %q, %d bytes, %v", n, found, read, err)
	}
	stop := errors.New("stop")
	check.Found = func(Damage) error { return stop }
	if _, err := check.Run(t.Context()); !errors.Is(err, stop) {
		t.Errorf("it went on after an error: %v", err)
	}
	check.Found, check.Pace = func(Damage) error { return nil }, func(int64, int) error { return stop }
	if _, err := check.Run(t.Context()); !errors.Is(err, stop) {
		t.Errorf("it went on after an error: %v", err)
	}
}

// The disk may damage content after all of an upload has arrived: it must arrive again before anything is deployed.
func TestAnUploadIsNotCommittedWithContentThatWasDamagedInTheMeantime(t *testing.T) {
	b := open(t)
	f := texts("index.html", "page", "other.html", "other")
	u := b.begin(testApp, f.plan())
	if _, err := b.Receive(t.Context(), u.ID, bytes.NewReader(f.stream(u.Missing))); err != nil {
		t.Fatal(err)
	}
	ready, err := b.Ready(t.Context(), u.ID)
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(ready.Files, func(f File) bool { return f.Path == "other.html" })
	b.rot(ready.Files[at].Blob, 0, 0)
	if _, err := b.blobs.ReadAll(t.Context(), ready.Files[at].Blob, ready.Files[at].Size); err == nil {
		t.Fatal("damaged content was read")
	}
	commit := func() (d Deployment, err error) {
		err = b.db.Write(t.Context(), func(tx *database.Tx) error {
			d, err = b.CommitTx(tx, u.ID, testApp, nil)
			return err
		})
		return d, err
	}
	if d, err := commit(); !errs.Is(err, errs.Conflict) || d.ID != "" || b.count("SELECT count(*) FROM deployments") != 0 {
		t.Errorf("%+v %v", d, err)
	}
	again := b.begin(testApp, f.plan())
	if again.ID != u.ID || len(again.Missing) != 1 {
		t.Fatalf("%d contents are missing, want the damaged one", len(again.Missing))
	}
	if _, err := b.Receive(t.Context(), u.ID, bytes.NewReader(f.stream(again.Missing))); err != nil {
		t.Fatal(err)
	}
	d, err := b.commit(testApp, u.ID, nil)
	if err != nil {
		t.Fatal(err)
	}
	b.wantContent(d, f)
}

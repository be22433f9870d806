package hosting

import (
	"bytes"
	"testing"

	"fazt/internal/database"
	"fazt/internal/errs"
)

func TestAForkHasTheFunctionOfItsOrigin(t *testing.T) {
	b := open(t)
	f := texts("api/main.js", "code", "index.html", "page")
	u := b.begin(testApp, f.plan())
	if _, err := b.Receive(t.Context(), u.ID, bytes.NewReader(f.stream(u.Missing))); err != nil {
		t.Fatal(err)
	}
	if _, err := b.commit(testApp, u.ID, []byte("program")); err != nil {
		t.Fatal(err)
	}
	d := b.fork(testApp, otherApp)
	program, err := b.Program(t.Context(), d.ID)
	if err != nil || string(program) != "program" || !d.Function || !d.Live || d.Number != 1 {
		t.Errorf("%+v, %q, %v", d, program, err)
	}
	b.wantContent(d, f)
}

func TestAForkOfARemovedDeploymentIsRefused(t *testing.T) {
	b := open(t)
	b.deploy(testApp, texts("index.html", "page"))
	f, err := b.Fork(t.Context(), testApp)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close(t.Context())
	b.write(func(tx *database.Tx) error { return tx.Exec("DELETE FROM apps WHERE id = ?", testApp) })
	err = b.db.Write(t.Context(), func(tx *database.Tx) error {
		_, err := b.ForkTx(tx, f, otherApp, "")
		return err
	})
	wantError(t, err, errs.Conflict, "deployment 1 was removed while it was copied; try again")
}

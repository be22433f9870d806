package server_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fazt/internal/api/op"
	"fazt/internal/client"
	"fazt/internal/database"
	"fazt/internal/errs"
	"fazt/internal/fazttest"
)

// Bytecode with a flipped bit can end the process that runs it.
func TestACompiledFunctionWithAFlippedBitIsRecompiledAndNeverRun(t *testing.T) {
	i := fazttest.New(t)
	i.Deploy("app", "-- index.html --\nhi\n-- api/main.js --\nrespond(200, {n: 1});\n")
	flip := func() {
		t.Helper()
		err := i.DB.Write(t.Context(), func(tx *database.Tx) error {
			var data []byte
			if _, err := tx.First("SELECT program FROM programs", func(r *database.Row) { data = r.Bytes(0) }); err != nil {
				return err
			}
			data[len(data)-40] ^= 1
			return tx.Exec("UPDATE programs SET program = ?", data)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	flip()
	if got := i.Get("app", "/api/x"); got.StatusCode != 200 || !strings.Contains(got.Text, "1") {
		t.Errorf("%d %s", got.StatusCode, got.Text)
	}
	check := func() op.DatabaseFaults {
		t.Helper()
		got, err := client.Call(t.Context(), i.Client, op.DatabaseCheck, op.DatabaseChecks{Content: true})
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if got := check(); !got.Sound {
		t.Errorf("not repaired: %v", got.Faults)
	}
	flip()
	if got := check(); got.Sound || len(got.Damaged) != 1 || got.Damaged[0].App != "app" || !strings.Contains(got.Faults[0], "the compiled function of app") {
		t.Errorf("%+v", got)
	}
	if got := check(); !got.Sound {
		t.Errorf("not repaired by the check: %v", got.Faults)
	}
}

func TestDamagedContentIsReportedInHealthAndTheActivityLog(t *testing.T) {
	i := fazttest.New(t)
	i.Deploy("blog", "-- index.html --\nhello\n-- other.html --\nother\n")
	err := i.DB.Write(t.Context(), func(tx *database.Tx) error {
		return tx.Exec("UPDATE chunks SET data = CAST('jello' || char(10) AS BLOB) WHERE data = CAST('hello' || char(10) AS BLOB)")
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := i.Get("blog", "/"); got.StatusCode != 500 || strings.Contains(got.Text, "ello") || strings.Contains(got.Text, "damaged") {
		t.Errorf("%d %s", got.StatusCode, got.Text)
	}
	if got := i.Get("blog", "/other"); got.StatusCode != 200 {
		t.Errorf("%d %s", got.StatusCode, got.Text)
	}
	health, err := client.Call(t.Context(), i.Client, op.SystemHealth, op.None{})
	if err != nil || health.Status == "ok" || !strings.Contains(strings.Join(health.Problems, "\n"), "index.html of blog, deployment 1") {
		t.Errorf("%v %v", health.Problems, err)
	}
	list, err := client.Call(t.Context(), i.Client, op.LogList, op.ActivityList{})
	if err != nil || len(list.Items) == 0 || list.Items[0].Action != "content.damage" || list.Items[0].Resource != "blog" {
		t.Errorf("%+v %v", list.Items, err)
	}
}

// The errors used to say that something went wrong inside the instance, or that the response was cut off.
func TestReadingADamagedFileFailsWithItsNameAndAdvice(t *testing.T) {
	i := fazttest.New(t)
	i.Deploy("blog", "-- a.html --\nhello\n-- b.html --\nsound\n-- c.html --\nthird\n")
	err := i.DB.Write(t.Context(), func(tx *database.Tx) error {
		return tx.Exec("UPDATE chunks SET data = CAST('jello' || char(10) AS BLOB) WHERE data = CAST('hello' || char(10) AS BLOB)")
	})
	if err != nil {
		t.Fatal(err)
	}
	const want = "a.html is damaged on the disk; deploy the app again to repair it"
	check := func(what string, err error) {
		t.Helper()
		if !errs.Is(err, errs.Unprocessable) || !strings.HasPrefix(errs.Sentence(err), want) {
			t.Errorf("%s: %v", what, err)
		}
	}
	ref := op.DeploymentRef{App: "blog", Deployment: "live"}
	dir := t.TempDir()
	_, err = client.Pull(t.Context(), i.Client, ref, dir, false, nil)
	check("pull", err)
	for _, name := range []string{"b.html", "c.html"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Errorf("an undamaged file was not pulled: %v", err)
		}
	}
	_, err = client.Pull(t.Context(), i.Client, ref, dir, false, nil)
	check("the second pull", err)
	_, err = client.Call(t.Context(), i.Client, op.FileRead, op.FileRef{DeploymentRef: ref, Path: "a.html"})
	check("cat", err)
	_, err = client.Call(t.Context(), i.Client, op.AppFork, op.Fork{App: "blog", Name: "copy"})
	check("fork", err)
}

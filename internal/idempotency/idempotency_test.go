package idempotency

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"fazt/internal/database"
	"fazt/internal/database/databasetest"
	"fazt/internal/errs"
)

func open(t *testing.T) *Store {
	t.Helper()
	db, err := database.Open(t.Context(), database.Config{Path: databasetest.Path(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return New(db)
}

func TestRepetitionsAtTheSameTimeWaitForTheFirst(t *testing.T) {
	a := open(t)
	var mu sync.Mutex
	done := 0
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			got, err := a.Once(t.Context(), "me", "key", []byte("body"), func() ([]byte, error) {
				mu.Lock()
				defer mu.Unlock()
				done++
				return []byte("answer"), nil
			})
			if err != nil || string(got) != "answer" {
				t.Errorf("%s %v", got, err)
			}
		})
	}
	wait.Wait()
	if done != 1 {
		t.Errorf("it was carried out %d times", done)
	}
}

func TestAnswersBelongToTheirCallerAndTheirRequest(t *testing.T) {
	a := open(t)
	answer := func(text string) func() ([]byte, error) {
		return func() ([]byte, error) { return []byte(text), nil }
	}
	once := func(who, key, body, text string) (string, error) {
		got, err := a.Once(t.Context(), who, key, []byte(body), answer(text))
		return string(got), err
	}
	if got, err := once("me", "key", "body", "secret token"); got != "secret token" || err != nil {
		t.Fatal(got, err)
	}
	if got, err := once("you", "key", "body", "yours"); got != "yours" || err != nil {
		t.Error(got, err)
	}
	if _, err := once("me", "key", "other", "x"); !errs.Is(err, errs.Conflict) {
		t.Error(err)
	}
	failed := errors.New("failed")
	if _, err := a.Once(t.Context(), "me", "fails", nil, func() ([]byte, error) { return nil, failed }); !errors.Is(err, failed) {
		t.Error(err)
	}
	if got, err := once("me", "fails", "", "now it works"); got != "now it works" || err != nil {
		t.Errorf("a failure was kept: %s %v", got, err)
	}
	err := a.db.Read(t.Context(), func(c *database.Conn) error {
		return c.Each("SELECT CAST(name AS TEXT) || CAST(request AS TEXT) || CAST(answer AS TEXT) FROM answers", func(r *database.Row) error {
			for _, secret := range []string{"secret", "body", "key"} {
				if strings.Contains(r.Text(0), secret) {
					t.Errorf("%q can be read in the database", secret)
				}
			}
			return nil
		})
	})
	if err != nil {
		t.Error(err)
	}
}

func TestAnswersAreFewAndEnd(t *testing.T) {
	a := open(t)
	err := a.db.Write(t.Context(), func(tx *database.Tx) error {
		for n := range maxResponses + 5 {
			if err := tx.Exec("INSERT INTO answers (name, request, answer, created_at) VALUES (?, ?, ?, ?)", []byte{byte(n >> 8), byte(n)}, []byte{}, []byte{}, time.Now()); err != nil {
				return err
			}
		}
		return tx.Exec("INSERT INTO answers (name, request, answer, created_at) VALUES (?, ?, ?, ?)", []byte("old"), []byte{}, []byte{}, time.Now().Add(-2*keepResponses))
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Once(t.Context(), "me", "key", nil, func() ([]byte, error) { return []byte("x"), nil }); err != nil {
		t.Fatal(err)
	}
	var all, old int
	err = a.db.Read(t.Context(), func(c *database.Conn) error {
		_, err := c.First("SELECT count(*), count(*) FILTER (WHERE name = CAST('old' AS BLOB)) FROM answers", func(r *database.Row) { all, old = r.Int(0), r.Int(1) })
		return err
	})
	if err != nil || all != maxResponses || old != 0 {
		t.Errorf("%d answers, %d of them old: %v", all, old, err)
	}
	err = a.db.Write(t.Context(), func(tx *database.Tx) error { return tx.Exec("UPDATE answers SET created_at = 1") })
	if err != nil {
		t.Fatal(err)
	}
	if got, err := a.Once(t.Context(), "me", "key", []byte("other"), func() ([]byte, error) { return []byte("anew"), nil }); string(got) != "anew" || err != nil {
		t.Errorf("an answer outlived its time: %s %v", got, err)
	}
}

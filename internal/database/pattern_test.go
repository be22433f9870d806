package database

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"fazt/internal/errs"
)

// The functions that replace SQLite's return the same results.
func TestTheBoundedFunctionsReturnTheSameAsThoseOfSQLite(t *testing.T) {
	db := guardedDB(t)
	plain := open(t, Config{Path: filepath.Join(t.TempDir(), "plain.db")})
	values := []string{
		"NULL", "''", "'a'", "'A'", "'abcabc'", "'  x  '", "'äöü äÄ'", "x'00ff00'", "'a%b'", "'a_b'", "'-]a^'", "12", "1.5", "'%b'", "'a*c'", "'[x]'", "'日本語 日'",
		"'a'||char(0)||'b'", "cast(x'e282' as text)", "cast(x'e28282ff82' as text)", "'d'", "'-'", "']'",
		"'4a 4B'", "'4a-4b'", "'4 a'", "x'6162'",
	}
	patterns := []string{
		"NULL", "''", "'%'", "'_'", "'a%'", "'%C'", "'A_C%c'", "'%bc%'", "'ä%'", "'Ä%'", "'_ö%'", "'a\\%b'", "'a%\\_b'", "'%\\'", "'*'", "'?'", "'a*'", "'[abc]*'", "'[^a]*'", "'[a-c]?*'", "'[]a]*'", "'[^]]*'", "'[a-'", "'[-a]*'", "'*[]-]*'", "'[x'", "'*]'", "'%a%b%'", "'[[]x]'", "'[a-c-e]'", "'[]-a]'", "'[^-a]'", "'[a-c-]'", "'a'||char(0)||'zzz'", "'a?'", "'a_b'", "'_%_'", "12", "'日*語*'", "x'6162'",
	}
	if testing.Short() {
		values = values[6:9]
	}
	for _, x := range values {
		for _, y := range append(patterns, values...) {
			calls := []string{}
			for _, expression := range []string{
				"instr(%[1]s, %[2]s)", "replace(%[1]s, %[2]s, 'zz')", "replace(%[1]s, 'b', %[2]s)", "trim(%[1]s, %[2]s)", "ltrim(%[1]s, %[2]s)", "rtrim(%[1]s, %[2]s)",
				"%[1]s LIKE %[2]s", "%[1]s LIKE %[2]s ESCAPE '\\'", "%[1]s GLOB %[2]s", "unhex(%[1]s, %[2]s)", "like(%[2]s, %[1]s)",
			} {
				call := fmt.Sprintf(expression, x, y)
				if invalid := strings.Contains(call, "x'e2"); invalid && (strings.Contains(call, "trim(") || strings.Contains(call, "unhex(")) {
					continue // invalid UTF-8: these count each byte, SQLite groups them
				}
				calls = append(calls, "typeof("+call+")", "hex("+call+")")
			}
			query := "SELECT " + strings.Join(calls, ", ")
			var want, got []string
			read := func(into *[]string) func(r *Row) error {
				return func(r *Row) error {
					for i := range calls {
						*into = append(*into, r.Text(i))
					}
					return nil
				}
			}
			if err := plain.Read(t.Context(), func(c *Conn) error { return c.Each(query, read(&want)) }); err != nil {
				t.Fatal(query, err)
			}
			if err := db.ReadGuarded(t.Context(), query, openGuard(), read(&got)); err != nil {
				t.Fatal(query, err)
			}
			for i := range calls {
				if got[i] != want[i] {
					t.Errorf("%s: %s, SQLite gives %s", calls[i], got[i], want[i])
				}
			}
		}
	}
}

// A statement that runs out of memory or space must not take either from others.
func TestAUsedUpAllowanceAffectsOneStatementOnly(t *testing.T) {
	db := guardedDB(t)
	stop := make(chan struct{})
	failed := make(chan error, 1)
	go func() {
		defer close(failed)
		for n := 0; ; n++ {
			select {
			case <-stop:
				return
			default:
			}
			err := db.Write(t.Context(), func(tx *Tx) error {
				return tx.Exec("INSERT OR REPLACE INTO kv VALUES ('app_1', '', ?, ?, NULL, 1)", fmt.Sprint(n%50), strings.Repeat("x", 200_000))
			})
			if err != nil {
				failed <- err
				return
			}
		}
	}()
	names := []string{"json_group_array", "constants in registers", "narrow rows, sorted"}
	if testing.Short() {
		names = names[:1]
	}
	for _, name := range names {
		g := openGuard()
		g.MaxMemory, g.MaxSpill = 8<<20, 8<<20
		err := db.ReadGuarded(t.Context(), hostile()[name], g, func(*Row) error { return nil })
		if !errs.Is(err, errs.TooLarge) || !strings.Contains(err.Error(), "the statement needs more than 8 MiB") {
			t.Errorf("%s: %v", name, err)
		}
	}
	close(stop)
	if err := <-failed; err != nil {
		t.Errorf("the neighbor failed: %v", err)
	}
}

package database

import (
	"reflect"
	"strings"
	"testing"

	"fazt/internal/errs"
)

func TestADriverWhosePrivateFieldsDifferIsRefused(t *testing.T) {
	type action struct{ arg2 string }
	if err := checkDriver(privateFields()); err != nil {
		t.Error(err)
	}
	for name, f := range map[string]privateField{
		"renamed":         {reflect.TypeFor[action](), "argument2", reflect.TypeFor[string]()},
		"of another type": {reflect.TypeFor[action](), "arg2", reflect.TypeFor[[]byte]()},
	} {
		if err := checkDriver([]privateField{f}); err == nil || !strings.Contains(err.Error(), f.name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A guard that reads the wrong name, or none, refuses the functions it should allow.
func TestTheGuardSeesTheNameOfEveryFunction(t *testing.T) {
	db := guardedDB(t)
	type function struct {
		name, kind string
		args       int
	}
	var all []function
	err := db.Read(t.Context(), func(c *Conn) error {
		return c.Each("SELECT DISTINCT name, type, narg FROM pragma_function_list", func(r *Row) error {
			all = append(all, function{r.Text(0), r.Text(1), r.Int(2)})
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	allowed, refused := 0, 0
	for _, f := range all {
		if !strings.ContainsAny(f.name[:1], "abcdefghijklmnopqrstuvwxyz") {
			continue // operators, which no statement can call by name
		}
		args := "1" + strings.Repeat(", 1", max(f.args-1, 0))
		if f.args == 0 {
			args = ""
		}
		statement := "SELECT " + f.name + "(" + args + ")"
		if f.kind == "w" {
			statement += " OVER ()"
		}
		_, err := values(t, db, statement)
		named := err != nil && strings.Contains(errs.Sentence(err), "the function "+f.name+" is not available here")
		switch {
		case allowedFunctions[f.name] && errs.Is(err, errs.Forbidden):
			t.Errorf("%s: %v", statement, err)
		case allowedFunctions[f.name]:
			allowed++
		case named && errs.Is(err, errs.Forbidden):
			refused++
		default:
			t.Errorf("%s: %v; want it refused by name", statement, err)
		}
	}
	if allowed < 100 || refused < 3 {
		t.Errorf("%d functions were allowed and %d refused: the test does not see what it should", allowed, refused)
	}
}

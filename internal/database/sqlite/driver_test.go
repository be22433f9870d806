package sqlite

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"fazt/internal/errs"
)

func open(t *testing.T) *Conn {
	t.Helper()
	path := filepath.Join(t.TempDir(), "data.db")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Open(File{Path: path}, WriterPragmas(true, 0))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func TestADriverWithDifferentPrivateFieldsIsRefused(t *testing.T) {
	action := reflect.TypeOf(struct{ arg2 string }{arg2: "a value"})
	if err := checkDriver(privateFields()); err != nil {
		t.Error(err)
	}
	for name, f := range map[string]privateField{
		"renamed":         {action, "argument2", reflect.TypeFor[string]()},
		"of another type": {action, "arg2", reflect.TypeFor[[]byte]()},
	} {
		if err := checkDriver([]privateField{f}); err == nil || !strings.Contains(err.Error(), f.name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A guard that reads a wrong name, or none, refuses functions that it should allow.
func TestTheGuardSeesTheNameOfEveryFunction(t *testing.T) {
	c := open(t)
	type function struct {
		name, kind string
		args       int64
	}
	var all []function
	if err := c.once("SELECT DISTINCT name, type, narg FROM pragma_function_list", func(s *Statement) {
		all = append(all, function{s.Text(0), s.Text(1), s.Int64(2)})
	}); err != nil {
		t.Fatal(err)
	}
	guard := Guard{MaxBytes: 1 << 20, MaxMemory: 32 << 20, MaxSpill: 1 << 20}
	allowed, refused := 0, 0
	for _, f := range all {
		if !strings.ContainsAny(f.name[:1], "abcdefghijklmnopqrstuvwxyz") {
			continue // operators, which no statement can call by name
		}
		args := "1" + strings.Repeat(", 1", int(max(f.args-1, 0)))
		if f.args == 0 {
			args = ""
		}
		statement := "SELECT " + f.name + "(" + args + ")"
		if f.kind == "w" {
			statement += " OVER ()"
		}
		err := c.Guarded(t.Context(), statement, guard, false, func(*Statement) error { return nil })
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

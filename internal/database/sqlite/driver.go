package sqlite

import (
	"fmt"
	"reflect"

	"modernc.org/libc"
	"zombiezen.com/go/sqlite"
)

// The driver stores some of what we need in private fields, which are read here by reflection. checkDriver compares
// them with what the code expects, so that no database can be opened after a new version of the driver renames one: a
// guard that cannot see the function that a statement calls must not run at all.

// privateField is a field of a type of the driver.
type privateField struct {
	owner reflect.Type
	name  string
	want  reflect.Type
}

func privateFields() []privateField {
	return []privateField{
		{reflect.TypeFor[sqlite.Conn](), "tls", reflect.TypeFor[*libc.TLS]()},
		{reflect.TypeFor[sqlite.Conn](), "conn", reflect.TypeFor[uintptr]()},
		{reflect.TypeFor[sqlite.Stmt](), "stmt", reflect.TypeFor[uintptr]()},
		{reflect.TypeFor[sqlite.Action](), "arg2", reflect.TypeFor[string]()},
	}
}

// checkDriver returns an error unless every field exists and has the expected type.
func checkDriver(fields []privateField) error {
	for _, f := range fields {
		got, found := f.owner.FieldByName(f.name)
		if !found {
			return fmt.Errorf("the SQLite driver has no field %s.%s; build fazt with the version of the driver that go.mod names", f.owner, f.name)
		}
		if got.Type != f.want {
			return fmt.Errorf("the SQLite driver's field %s.%s is %s instead of %s; build fazt with the version of the driver that go.mod names", f.owner, f.name, got.Type, f.want)
		}
	}
	return nil
}

// threadOf returns the thread of the connection, as SQLite sees it.
func threadOf(c *sqlite.Conn) *libc.TLS {
	return (*libc.TLS)(reflect.ValueOf(c).Elem().FieldByName("tls").UnsafePointer())
}

// handleOf returns the sqlite3* of the connection.
func handleOf(c *sqlite.Conn) uintptr {
	return uintptr(reflect.ValueOf(c).Elem().FieldByName("conn").Uint())
}

// statementOf returns the sqlite3_stmt* of the statement.
func statementOf(s *sqlite.Stmt) uintptr {
	return uintptr(reflect.ValueOf(s).Elem().FieldByName("stmt").Uint())
}

// functionOf returns the name of the function that an action of type OpFunction calls: the second of the four texts
// that SQLite passes to an authorizer (https://www.sqlite.org/c3ref/c_alter_table.html).
func functionOf(a sqlite.Action) string { return reflect.ValueOf(a).FieldByName("arg2").String() }

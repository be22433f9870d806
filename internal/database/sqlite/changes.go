package sqlite

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"zombiezen.com/go/sqlite"
)

// NoteChanges calls note for every row that the connection changes in the watched tables, including cascades, with the
// table and the value of its watched column. It uses temporary triggers, which are not stored in the file.
func (c *Conn) NoteChanges(watched map[string]string, note func(table, value string)) error {
	if len(watched) == 0 {
		return nil
	}
	err := c.raw.CreateFunction("note_change", &sqlite.FunctionImpl{
		NArgs: 2, AllowIndirect: true,
		Scalar: func(_ sqlite.Context, args []sqlite.Value) (sqlite.Value, error) {
			note(args[0].Text(), args[1].Text())
			return sqlite.Value{}, nil
		},
	})
	for _, table := range slices.Sorted(maps.Keys(watched)) {
		column := watched[table]
		for _, on := range []struct{ event, rows string }{{"INSERT", "NEW"}, {"DELETE", "OLD"}, {"UPDATE", "OLD NEW"}} {
			body := ""
			for row := range strings.FieldsSeq(on.rows) {
				body += fmt.Sprintf(" SELECT note_change('%s', %s.%s);", table, row, column)
			}
			if err == nil {
				err = c.once(fmt.Sprintf("CREATE TEMP TRIGGER note_%s_%s AFTER %s ON main.%s BEGIN%s END", table, on.event, on.event, table, body), nil)
			}
		}
	}
	return err
}

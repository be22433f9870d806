package server

import (
	"fmt"

	"fazt/internal/api/op"
	"fazt/internal/cli/kit"
	"fazt/internal/errs"
	"fazt/internal/output"
)

// Faults returns the view of a check of the database file.
func Faults(got op.DatabaseFaults) output.View {
	v := output.View{Columns: []string{"fault"}, Empty: "The database is sound."}
	if got.Contents > 0 {
		v.Empty = fmt.Sprintf("The database is sound; %s compared with their hashes.", output.Count(got.Contents, "content"))
	}
	for _, f := range got.Faults {
		v.Rows = append(v.Rows, []string{f})
	}
	return v
}

// Unsound fails the command if the check found faults. Deploying again repairs content, but nothing
// repairs a broken structure.
func Unsound(_ *kit.CLI, got op.DatabaseFaults) error {
	if got.Sound {
		return nil
	}
	remedy := "restore it from a backup"
	if len(got.Damaged) == len(got.Faults) {
		remedy = "deploy those apps again; only damaged content is sent"
	}
	return errs.New(errs.Unprocessable, "the database has %s; %s", output.Count(len(got.Faults), "fault"), remedy)
}

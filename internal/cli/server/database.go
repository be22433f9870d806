package server

import (
	"fmt"

	"github.com/spf13/cobra"

	"fazt/internal/api/op"
	"fazt/internal/cli/kit"
	"fazt/internal/client"
	"fazt/internal/errs"
	"fazt/internal/output"
)

// Database returns `fazt database` with the commands below it.
func Database(shared *kit.CLI) *cobra.Command {
	c := commands{shared}
	return kit.Group("database", "Look after the database file", c.databaseCheck())
}

func (c commands) databaseCheck() *cobra.Command {
	content := false
	cmd := &cobra.Command{
		Use: "check", Short: "Look through the whole file for damage, also while it is in use", Args: kit.Arguments(),
		Long: `Look through the whole database file for damage, also while it is in use. With
--content all content, of deployments that are not live too, is compared with
its hashes: that finds bytes that a disk changed. A server does the same in the
background, and says what it found in ` + "`fazt server health`" + `.`,
		Example: `  fazt database check
  fazt database check --content`,
		RunE: func(*cobra.Command, []string) error {
			return c.Existing(func(cl *client.Client) error {
				got, err := client.Call(c.Ctx, cl, op.DatabaseCheck, op.DatabaseChecks{Content: content})
				if err != nil {
					return err
				}
				v := output.View{Value: got, Columns: []string{"fault"}, Empty: "The database is sound."}
				if content {
					v.Empty = fmt.Sprintf("The database is sound; %s compared with their hashes.", output.Count(got.Contents, "content"))
				}
				for _, f := range got.Faults {
					v.Rows = append(v.Rows, []string{f})
				}
				if err := c.Print(v); err != nil || got.Sound {
					return err
				}
				return errs.New(errs.Unprocessable, "the database has %s; %s", output.Count(len(got.Faults), "fault"), remedy(got))
			})
		},
	}
	cmd.Flags().BoolVar(&content, "content", false, "compare all content with its hashes too")
	return cmd
}

// remedy is what to do about faults: content can be sent once more, a broken structure cannot be mended.
func remedy(got op.DatabaseFaults) string {
	if len(got.Damaged) == len(got.Faults) {
		return "deploy those apps again, and only what is damaged is sent"
	}
	return "restore it from a backup"
}

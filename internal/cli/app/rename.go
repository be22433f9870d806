package app

import (
	"github.com/spf13/cobra"

	"fazt/internal/api/op"
	"fazt/internal/cli/kit"
	"fazt/internal/client"
	"fazt/internal/output"
)

func (c commands) appRename() *cobra.Command {
	var keep string
	cmd := &cobra.Command{
		Use: "rename OLD NEW", Short: "Give an app another name", Args: kit.Arguments("the name of the app", "the new name"),
		Long: `Give an app another name. Its host name moves with it; deployments, data,
environment, log, domains and splits stay. The old host name becomes free, and
visitors who know it find nothing there, unless it is kept:

--keep alias      the old name leads to the app too
--keep redirect   the old name sends visitors to the new one, with their path

To deploy it again, say the new name: --name NEW.`,
		Example: `  fazt app rename blog journal
  fazt app rename blog journal --keep redirect`,
		RunE: func(_ *cobra.Command, args []string) error {
			if keep != "" && keep != "alias" && keep != "redirect" {
				return kit.Usagef("--keep is alias or redirect, not %q", keep)
			}
			return c.Existing(func(cl *client.Client) error {
				done, err := client.Call(c.Ctx, cl, op.AppRename, op.AppNewName{App: args[0], Name: args[1], Keep: keep})
				if err != nil {
					return err
				}
				kept := "free"
				if done.Kept != "" {
					kept = "leads to " + done.Kept
				}
				return c.Print(output.View{Value: done, Rows: [][]string{
					{"app", done.App.Name}, {"before", done.Before}, {"old host name", kept}, {"url", done.URL},
				}})
			})
		},
	}
	cmd.Flags().StringVar(&keep, "keep", "", "keep the old host name as alias or redirect")
	return cmd
}

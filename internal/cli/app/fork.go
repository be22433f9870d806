package app

import (
	"fmt"

	"github.com/spf13/cobra"

	"fazt/internal/api/op"
	"fazt/internal/cli/kit"
	"fazt/internal/client"
	"fazt/internal/output"
)

func (c commands) appFork() *cobra.Command {
	var withData bool
	cmd := &cobra.Command{
		Use: "fork APP NEW", Short: "Make a new app out of an app", Args: kit.Arguments("the name of the app", "the name of the new app"),
		Long: `Make a new app that serves what another does: its live deployment becomes
deployment 1 of the new one. The content is shared, so this takes no room, and
from then on the two have nothing to do with each other.

Aliases are not copied. What the app keeps and its environment variables, which
may be secrets, are copied with --with-data only.`,
		Example: `  fazt app fork blog blog-next
  fazt app fork shop shop-test --with-data`,
		RunE: func(_ *cobra.Command, args []string) error {
			return c.Existing(func(cl *client.Client) error {
				a, err := client.Call(c.Ctx, cl, op.AppFork, op.Fork{App: args[0], Name: args[1], WithData: withData})
				if err != nil {
					return err
				}
				data := "not copied; --with-data copies them"
				if withData {
					data = fmt.Sprintf("%s and %s", output.Count(a.Usage.Keys, "value"), output.Count(a.Variables, "variable"))
				}
				return c.Print(output.View{Value: a, Rows: [][]string{
					{"app", a.Name}, {"fork of", fmt.Sprintf("%s, deployment %d", a.ForkedFrom.Name, a.ForkedFrom.Deployment)},
					{"files", fmt.Sprintf("%d, %s", a.Stats.Files, output.Size(a.Stats.Bytes))}, {"data", data}, {"url", a.URL},
				}})
			})
		},
	}
	cmd.Flags().BoolVar(&withData, "with-data", false, "copy the stored values and the environment variables too")
	return cmd
}

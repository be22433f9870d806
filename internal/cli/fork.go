package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"fazt/internal/api/op"
	"fazt/internal/client"
	"fazt/internal/output"
)

// infoRows is an app for people.
func infoRows(a op.App) [][]string {
	rows := [][]string{{"name", a.Name}, {"title", a.Title}, {"id", a.ID}, {"url", a.URL}, {"live", "-"}}
	add := func(label, text string) { rows = append(rows, []string{label, text}) }
	if a.Live != nil {
		rows[4][1] = fmt.Sprint(a.Live.Number)
		function := "none"
		if a.Live.Function {
			function = "api/main"
		}
		if a.Live.Source != nil {
			add("source", sourceText(a.Live.Source))
		}
		add("deployed", output.Time(a.Live.CreatedAt))
		add("message", a.Live.Message)
		if a.Live.StoppedAt != nil {
			function += ", stopped " + output.Time(*a.Live.StoppedAt) + "; `fazt app resume " + a.Name + "` lets it run again"
		}
		add("function", function)
	}
	add("files", fmt.Sprintf("%d, %s", a.Stats.Files, output.Size(a.Stats.Bytes)))
	add("deployments", fmt.Sprintf("%d kept, %s stored", a.Stats.Deployments, output.Size(a.Stats.Stored)))
	add("store", fmt.Sprintf("%s, %s", output.Count(a.Usage.Keys, "value"), output.Size(a.Usage.KeyBytes)))
	add("environment", output.Count(a.Variables, "variable"))
	for _, n := range a.Needs {
		add("not granted", n.Kind+" "+n.Name)
	}
	add("aliases", strings.Join(a.Aliases, ", "))
	add("domains", strings.Join(a.Domains, ", "))
	add("splits", strings.Join(a.Splits, ", "))
	if o := a.ForkedFrom; o != nil {
		gone := ""
		if o.AppID == "" {
			gone = ", which was removed"
		}
		add("fork of", fmt.Sprintf("%s, deployment %d%s", o.Name, o.Deployment, gone))
	}
	add("created", output.Time(a.CreatedAt))
	add("updated", output.Time(a.UpdatedAt))
	return rows
}

func (c *command) appFork() *cobra.Command {
	var withData bool
	cmd := &cobra.Command{
		Use: "fork APP NEW", Short: "Make a new app out of an app", Args: arguments("the name of the app", "the name of the new app"),
		Long: `Make a new app that serves what another does: its live deployment becomes
deployment 1 of the new one. The content is shared, so this takes no room, and
from then on the two have nothing to do with each other.

Aliases are not copied. What the app keeps and its environment variables, which
may be secrets, are copied with --with-data only.`,
		Example: `  fazt app fork blog blog-next
  fazt app fork shop shop-test --with-data`,
		RunE: func(_ *cobra.Command, args []string) error {
			return c.existing(func(cl *client.Client) error {
				a, err := client.Call(c.ctx, cl, op.AppFork, op.Fork{App: args[0], Name: args[1], WithData: withData})
				if err != nil {
					return err
				}
				data := "not copied; --with-data copies them"
				if withData {
					data = fmt.Sprintf("%s and %s", output.Count(a.Usage.Keys, "value"), output.Count(a.Variables, "variable"))
				}
				return c.print(output.View{Value: a, Rows: [][]string{
					{"app", a.Name}, {"fork of", fmt.Sprintf("%s, deployment %d", a.ForkedFrom.Name, a.ForkedFrom.Deployment)},
					{"files", fmt.Sprintf("%d, %s", a.Stats.Files, output.Size(a.Stats.Bytes))}, {"data", data}, {"url", a.URL},
				}})
			})
		},
	}
	cmd.Flags().BoolVar(&withData, "with-data", false, "copy the stored values and the environment variables too")
	return cmd
}

// Package app holds the commands of `fazt app`: deploys, and what happens to apps afterwards.
package app

import (
	"bufio"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"fazt/internal/api/op"
	"fazt/internal/cli/kit"
	"fazt/internal/client"
	"fazt/internal/errs"
	"fazt/internal/output"
)

// commands are the commands of the package, with what all commands share.
type commands struct{ *kit.CLI }

func (c commands) appList() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the apps", Args: kit.Arguments(),
		Example: "  fazt app list --format json",
		RunE: func(*cobra.Command, []string) error {
			return c.Existing(func(cl *client.Client) error {
				apps, err := kit.Pages(func(cursor string) (op.Page[op.AppItem], error) {
					return client.Call(c.Ctx, cl, op.AppList, op.List{Cursor: cursor, Limit: 1000})
				})
				if err != nil {
					return err
				}
				v := output.View{Value: apps, Columns: []string{"name", "live", "files", "size", "updated", "url"}, Empty: "There are no apps. `fazt app deploy DIR` makes one."}
				for _, a := range apps {
					files, size := "-", "-"
					if a.Live != nil {
						files, size = fmt.Sprint(a.Live.Files), output.Size(a.Live.Bytes)
					}
					v.Rows = append(v.Rows, []string{a.Name, liveNumber(a), files, size, output.Time(a.UpdatedAt), a.URL})
				}
				return c.Print(v)
			})
		},
	}
}

func liveNumber(a op.AppItem) string {
	if a.Live == nil {
		return "-"
	}
	if a.Live.StoppedAt != nil {
		return fmt.Sprintf("%d (stopped)", a.Live.Number)
	}
	return fmt.Sprint(a.Live.Number)
}

func (c commands) appInfo() *cobra.Command {
	return &cobra.Command{
		Use: "info APP", Short: "Show one app", Args: kit.Arguments("the name of the app"),
		Example: "  fazt app info blog",
		RunE: func(_ *cobra.Command, args []string) error {
			return c.Existing(func(cl *client.Client) error {
				a, err := client.Call(c.Ctx, cl, op.AppGet, op.AppRef{App: args[0]})
				if err != nil {
					return err
				}
				return c.Print(output.View{Value: a, Rows: infoRows(a)})
			})
		},
	}
}

func (c commands) appDeployments() *cobra.Command {
	return &cobra.Command{
		Use: "deployments APP", Short: "List the deployments of an app, newest first", Args: kit.Arguments("the name of the app"),
		Example: "  fazt app deployments blog",
		RunE: func(_ *cobra.Command, args []string) error {
			return c.Existing(func(cl *client.Client) error {
				list, err := kit.Pages(func(cursor string) (op.Page[op.Deployment], error) {
					return client.Call(c.Ctx, cl, op.DeploymentList, op.AppPage{App: args[0], List: op.List{Cursor: cursor}})
				})
				if err != nil {
					return err
				}
				v := output.View{Value: list, Columns: []string{"number", "", "files", "size", "created", "message", "url"}}
				for _, d := range list {
					v.Rows = append(v.Rows, []string{fmt.Sprint(d.Number), state(d), fmt.Sprint(d.Files), output.Size(d.Bytes), output.Time(d.CreatedAt), d.Message, d.URL})
				}
				return c.Print(v)
			})
		},
	}
}

// state describes a deployment: live, previous (where a rollback goes), preview (never live); "" = was live earlier.
func state(d op.Deployment) string {
	switch {
	case d.Live:
		return "live"
	case d.Previous:
		return "previous"
	case d.LiveAt == nil:
		return "preview"
	}
	return ""
}

func (c commands) appRollback() *cobra.Command {
	var to int
	cmd := &cobra.Command{
		Use: "rollback APP", Short: "Put an earlier deployment live", Args: kit.Arguments("the name of the app"),
		Long: `Put the deployment live that was live before the current one. Another
rollback goes further back. --to chooses any deployment by its number, also a
preview or a later one.`,
		Example: `  fazt app rollback blog
  fazt app rollback blog --to 3`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("to") && to < 1 {
				return kit.Usagef("--to is the number of a deployment, from 1")
			}
			return c.Existing(func(cl *client.Client) error {
				d, err := client.Call(c.Ctx, cl, op.AppRollback, op.Rollback{App: args[0], To: to})
				if err != nil {
					return err
				}
				return c.Print(output.View{Value: d, Rows: [][]string{{"app", args[0]}, {"live", fmt.Sprint(d.Number)}, {"deployed", output.Time(d.CreatedAt)}, {"message", d.Message}, {"url", d.URL}}})
			})
		},
	}
	cmd.Flags().IntVar(&to, "to", 0, "number of the deployment")
	return cmd
}

func (c commands) appResume() *cobra.Command {
	return &cobra.Command{
		Use: "resume APP", Short: "Let an app run again that was stopped", Args: kit.Arguments("the name of the app"),
		Long: `Let the function of an app run again. An app is stopped when runs of its
function could not be ended at their deadline, three within a minute; a new
deployment runs without this.`,
		Example: "  fazt app resume blog",
		RunE: func(_ *cobra.Command, args []string) error {
			return c.Existing(func(cl *client.Client) error {
				a, err := client.Call(c.Ctx, cl, op.AppResume, op.AppRef{App: args[0]})
				if err != nil {
					return err
				}
				return c.Print(output.View{Value: a, Rows: infoRows(a)})
			})
		},
	}
}

func (c commands) appRemove() *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use: "remove APP", Short: "Remove an app with everything that is its own", Args: kit.Arguments("the name of the app"),
		Example: "  fazt app remove blog",
		RunE: func(_ *cobra.Command, args []string) error {
			return c.Existing(func(cl *client.Client) error {
				gone, err := client.Call(c.Ctx, cl, op.AppRemoval, op.AppRef{App: args[0]})
				if err != nil {
					return err
				}
				if !yes {
					if err := c.confirm(gone); err != nil {
						return err
					}
				}
				if gone, err = client.Call(c.Ctx, cl, op.AppRemove, op.AppRef{App: gone.App.ID}); err != nil {
					return err
				}
				return c.Print(output.View{Value: gone, Rows: [][]string{{"removed", gone.App.Name}, {"with", removalText(gone)}}})
			})
		},
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return cmd
}

func removalText(r op.Removal) string {
	text := fmt.Sprintf("%s (%s), %s in the store and %s", output.Count(r.Deployments, "deployment"), output.Size(r.Stats.Stored),
		output.Count(r.Keys, "value"), named(r.Aliases, "alias", "aliases"))
	if len(r.Domains) > 0 {
		text += " and " + named(r.Domains, "domain", "domains")
	}
	if len(r.Secrets) > 0 {
		text += ", " + named(r.Secrets, "secret", "secrets")
	}
	if len(r.Net) > 0 {
		text += ", and what it may reach: " + strings.Join(r.Net, ", ")
	}
	for _, l := range r.SplitLosses {
		now := op.AliasRecord{Name: l.Alias, Kind: "split", Targets: l.After}
		if len(l.After) == 1 {
			now.Kind, now.App = "app", l.After[0].App
		}
		text += "; the split " + l.Alias + " then leads to " + now.Leads()
	}
	return text
}

// named is "the alias a" or "the aliases a, b".
func named(names []string, one, many string) string {
	switch len(names) {
	case 0:
		return "no " + one
	case 1:
		return "the " + one + " " + names[0]
	}
	return "the " + many + " " + strings.Join(names, ", ")
}

// confirm shows what will go and asks.
func (c commands) confirm(r op.Removal) error {
	in, ok := c.Stdin.(*os.File)
	if !ok || !term.IsTerminal(int(in.Fd())) {
		return kit.Usagef("removing %s takes with it %s; without a terminal it needs --yes", r.App.Name, removalText(r))
	}
	fmt.Fprintf(c.Stderr, "This removes %s for good, with %s.\nType its name to go on: ", r.App.Name, removalText(r))
	typed, _ := bufio.NewReader(in).ReadString('\n')
	if strings.TrimSpace(typed) != r.App.Name {
		return errs.New(errs.Canceled, "nothing was removed")
	}
	return nil
}

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

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

// commands holds what all commands of the package share.
type commands struct{ *kit.CLI }

// State describes a deployment: live, previous (where a rollback goes), preview (never live); "" = was live earlier.
func State(d op.Deployment) string {
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

func (c commands) appRemove() *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use: "remove APP", Short: "Remove an app and everything that belongs to it", Args: kit.Arguments("the name of the app"),
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
		text += "; the split " + l.Alias + " then points to " + now.Leads()
	}
	return text
}

// named returns "the alias a" or "the aliases a, b".
func named(names []string, one, many string) string {
	switch len(names) {
	case 0:
		return "no " + one
	case 1:
		return "the " + one + " " + names[0]
	}
	return "the " + many + " " + strings.Join(names, ", ")
}

// confirm shows what will be removed and asks.
func (c commands) confirm(r op.Removal) error {
	in, ok := c.Stdin.(*os.File)
	if !ok || !term.IsTerminal(int(in.Fd())) {
		return kit.Usagef("removing %s also removes %s; without a terminal it needs --yes", r.App.Name, removalText(r))
	}
	fmt.Fprintf(c.Stderr, "This removes %s for good, with %s.\nType its name to continue: ", r.App.Name, removalText(r))
	typed, _ := bufio.NewReader(in).ReadString('\n')
	if strings.TrimSpace(typed) != r.App.Name {
		return errs.New(errs.Canceled, "nothing was removed")
	}
	return nil
}

// Info returns the view of one app.
func Info(a op.App) output.View {
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
		if a.Live.Origin != nil {
			add("from", originText(a.Live.Origin))
		}
		add("deployed", output.Time(a.Live.CreatedAt))
		add("message", a.Live.Message)
		if a.Live.StoppedAt != nil {
			function += ", stopped " + output.Time(*a.Live.StoppedAt) + "; `fazt app resume " + a.Name + "` lets it run again"
		}
		add("function", function)
	}
	add("files", Files(a))
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
	return output.View{Rows: rows}
}

// Kept returns where the old host name of a renamed app leads.
func Kept(r op.Renamed) string {
	if r.Kept == "" {
		return "free"
	}
	return "points to " + r.Kept
}

// ForkOf returns what a fork was made from; "" if an instance of another version does not say it.
func ForkOf(a op.App) string {
	if a.ForkedFrom == nil {
		return ""
	}
	return fmt.Sprintf("%s, deployment %d", a.ForkedFrom.Name, a.ForkedFrom.Deployment)
}

// Files returns the number and the size of the live files.
func Files(a op.App) string { return fmt.Sprintf("%d, %s", a.Stats.Files, output.Size(a.Stats.Bytes)) }

// Copied describes the data that a fork got.
func Copied(req op.Fork, a op.App) string {
	if !req.WithData {
		return "not copied; --with-data copies them"
	}
	return fmt.Sprintf("%s and %s", output.Count(a.Usage.Keys, "value"), output.Count(a.Variables, "variable"))
}

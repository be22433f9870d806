// Package alias holds the commands that lead host names to apps: `fazt alias` and `fazt domain`.
package alias

import (
	"strings"

	"github.com/spf13/cobra"

	"fazt/internal/api/op"
	"fazt/internal/apps"
	"fazt/internal/cli/kit"
	"fazt/internal/client"
	"fazt/internal/errs"
	"fazt/internal/output"
)

// commands are the commands of the package, with what all commands share.
type commands struct{ *kit.CLI }

// Command returns the command `fazt alias` with those below it.
func Command(shared *kit.CLI) *cobra.Command {
	c := commands{shared}
	g := kit.Group("alias", "Say where the host names below the domain lead",
		c.aliasList(), c.aliasSet(), c.aliasSwap(), c.aliasRemove())
	g.Long = `An alias is a host label below the instance's domain and leads to an app, sends
visitors elsewhere, divides them among apps, or is reserved. An app gets an
alias of its own name with its first deployment.

That alias is one like any other: it can lead elsewhere or be removed. The app
keeps its name for ` + "`fazt app`" + ` and its previews at NUMBER--NAME, and stays
reachable at whatever else leads to it. A change after which nothing leads to
an app asks first. To undo it: ` + "`fazt alias set NAME --app NAME`" + `.`
	return g
}

func (c commands) aliasList() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the aliases and where they lead", Args: kit.Arguments(),
		Example: `  fazt alias list`,
		RunE: func(*cobra.Command, []string) error {
			return c.Existing(func(cl *client.Client) error {
				list, err := kit.Pages(func(cursor string) (op.Page[op.Alias], error) {
					return client.Call(c.Ctx, cl, op.AliasList, op.List{Cursor: cursor})
				})
				if err != nil {
					return err
				}
				v := output.View{Value: list, Columns: []string{"name", "kind", "leads to", "updated", "address"}, Empty: "There are no aliases. An app gets one with its first deployment."}
				for _, a := range list {
					v.Rows = append(v.Rows, []string{a.Name, a.Kind, leads(a.AliasRecord), output.Time(a.UpdatedAt), a.Address})
				}
				return c.Print(v)
			})
		},
	}
}

// leads is where an alias leads, for a column that follows the kind.
func leads(a op.AliasRecord) string {
	switch a.Kind {
	case "app":
		return a.App
	case "reserved":
		return "-"
	case "split":
		return strings.TrimPrefix(a.Leads(), "a split, ")
	}
	return a.Leads()
}

func (c commands) aliasSet() *cobra.Command {
	var req op.AliasTarget
	var split string
	var yes bool
	cmd := &cobra.Command{
		Use: "set NAME", Short: "Lead an alias to an app, an address or a split", Args: kit.Arguments("the name of the alias"),
		Long: `Make an alias, or lead one that exists elsewhere. It holds at once.

--app       the alias serves the app, whatever the app is called.
--redirect  visitors are sent to the address, with the query they came with;
            with --keep-path also with the path.
--split     each visitor gets one of the apps, by weight, and keeps it: a cookie
            that the apps do not see remembers it for 30 days. Visitors whose
            app stays in the split keep it also when the weights change.
--reserve   the name is kept, and answers as if it were free.`,
		Example: `  fazt alias set shop --app store
  fazt alias set old --redirect https://example.com/new --status 308 --keep-path
  fazt alias set blog --split blog:90,blog-next:10
  fazt alias set internal --reserve`,
		RunE: func(cmd *cobra.Command, args []string) error {
			req.Alias = args[0]
			if err := aliasFlags(cmd, &req, split); err != nil {
				return err
			}
			return c.Existing(func(cl *client.Client) error {
				done, err := client.Call(c.Ctx, cl, op.AliasSet, req)
				if apps.Unreachable(err) {
					if err = c.Sure(yes, "setting "+req.Alias, errs.Sentence(err), req.Alias); err != nil {
						return err
					}
					req.Force = true
					done, err = client.Call(c.Ctx, cl, op.AliasSet, req)
				}
				if err != nil {
					return err
				}
				rows := [][]string{{"alias", done.Alias.Name}, {"leads to", done.Alias.Leads()}}
				if done.Before != nil && done.Before.Leads() != done.Alias.Leads() {
					rows = append(rows, []string{"before", done.Before.Leads()})
				}
				rows = append(rows, []string{"address", done.Alias.Address})
				return c.Print(output.View{Value: done, Rows: append(rows, lostRows(done.Lost)...)})
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&req.App, "app", "", "lead to this app (name or id)")
	f.StringVar(&req.Redirect, "redirect", "", "send visitors to this http or https address")
	f.IntVar(&req.Status, "status", 301, "of the redirect: 301, 302, 307 or 308")
	f.BoolVar(&req.KeepPath, "keep-path", false, "append the path of the request to the address")
	f.StringVar(&split, "split", "", "divide visitors, as APP:WEIGHT,APP:WEIGHT (sum: 100)")
	f.BoolVar(&req.Reserve, "reserve", false, "keep the name and lead nowhere")
	f.BoolVar(&yes, "yes", false, "do not ask when an app is left without an address")
	return cmd
}

func aliasFlags(cmd *cobra.Command, req *op.AliasTarget, split string) (err error) {
	given := 0
	for _, name := range []string{"app", "redirect", "split", "reserve"} {
		if cmd.Flags().Changed(name) {
			given++
		}
	}
	status := cmd.Flags().Changed("status")
	switch {
	case given == 0:
		return kit.Usagef("choose a target for %s: --app, --redirect, --split or --reserve", req.Alias)
	case given > 1:
		return kit.Usagef("--app, --redirect, --split and --reserve exclude each other")
	case cmd.Flags().Changed("app") && req.App == "" || cmd.Flags().Changed("redirect") && req.Redirect == "":
		return kit.Usagef("the target of %s is empty", req.Alias)
	case !cmd.Flags().Changed("redirect") && (status || req.KeepPath):
		return kit.Usagef("--status and --keep-path go with --redirect")
	case cmd.Flags().Changed("split"):
		shares, err := apps.ParseSplit(split)
		if err != nil {
			return kit.Usagef("%s", errs.Sentence(err))
		}
		for _, s := range shares {
			req.Split = append(req.Split, op.Share(s))
		}
	}
	if !status {
		req.Status = 0 // the default is the server's to know
	}
	return nil
}

func (c commands) aliasSwap() *cobra.Command {
	return &cobra.Command{
		Use: "swap A B", Short: "Exchange where two aliases lead, at once", Args: kit.Arguments("the name of an alias", "the name of the other alias"),
		Example: `  fazt alias swap blog blog-next     what was tried out is what visitors see`,
		RunE: func(_ *cobra.Command, args []string) error {
			return c.Existing(func(cl *client.Client) error {
				pair, err := client.Call(c.Ctx, cl, op.AliasSwap, op.AliasPair{Alias: args[0], With: args[1]})
				if err != nil {
					return err
				}
				v := output.View{Value: pair, Columns: []string{"name", "leads to now", "address"}}
				for _, a := range pair {
					v.Rows = append(v.Rows, []string{a.Name, a.Leads(), a.Address})
				}
				return c.Print(v)
			})
		},
	}
}

func (c commands) aliasRemove() *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use: "remove NAME", Short: "Free an alias", Args: kit.Arguments("the name of the alias"),
		Example: `  fazt alias remove www`,
		Long: `Free an alias: nobody is led anywhere by it any more. The apps it led to stay.
It asks first, and says so if nothing else leads to one of them.`,
		RunE: func(_ *cobra.Command, args []string) error {
			return c.Existing(func(cl *client.Client) error {
				a, err := client.Call(c.Ctx, cl, op.AliasGet, op.AliasRef{Alias: args[0]})
				if err != nil {
					return err
				}
				if err := c.Sure(yes, "removing "+a.Name, a.Address+" leads to "+a.Leads()+onlyText(a.Only), a.Name); err != nil {
					return err
				}
				gone, err := client.Call(c.Ctx, cl, op.AliasRemove, op.AliasDrop{Alias: a.Name, Force: yes || len(a.Only) > 0})
				if err != nil {
					return err
				}
				rows := [][]string{{"removed", gone.Name}, {"led to", gone.Leads()}}
				return c.Print(output.View{Value: gone, Rows: append(rows, lostRows(gone.Lost)...)})
			})
		},
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return cmd
}

func lostRows(l op.Lost) [][]string {
	if len(l.Unreachable) == 0 {
		return nil
	}
	return [][]string{{"unreachable", strings.Join(l.Unreachable, ", ") + ", but for previews"}}
}

func onlyText(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return ", and nothing else leads to " + strings.Join(names, ", ") + ": visitors could reach it only through its previews"
}

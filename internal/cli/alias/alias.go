// Package alias holds the commands that point host names to apps: `fazt alias` and `fazt domain`.
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

// commands holds what all commands of the package share.
type commands struct{ *kit.CLI }

// Command returns `fazt alias` with its subcommands.
func Command(shared *kit.CLI) *cobra.Command {
	c := commands{shared}
	g := kit.Group("alias", "Manage the host names below the domain",
		c.aliasSet(), c.aliasRemove())
	g.Long = `An alias is a host label below the instance's domain. It points to an app,
redirects visitors, splits them among apps, or is reserved. An app gets an alias
of its own name with its first deployment.

That alias is like any other: it can be changed or removed. The app keeps its
name for ` + "`fazt app`" + `, its previews at NUMBER--NAME, and all other addresses that
point to it. A change that would leave an app without an address asks first. To
undo it: ` + "`fazt alias set NAME --app NAME`" + `.`
	return g
}

// Leads returns where an alias leads, for a column next to that of the kind.
func Leads(a op.Alias) string {
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
		Use: "set NAME", Short: "Point an alias to an app, a redirect or a split", Args: kit.Arguments("the name of the alias"),
		Long: `Create an alias, or change what it points to. It takes effect at once.

--app       serves the app, whatever the app is called.
--redirect  sends visitors to the address, with their query; with --keep-path
            also with their path.
--split     gives each visitor one of the apps, by weight. A cookie that the
            apps do not see remembers it for 30 days. Visitors whose app stays
            in the split keep it when the weights change.
--reserve   keeps the name. It responds as if it were free.`,
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
				rows := [][]string{{"alias", done.Alias.Name}, {"points to", done.Alias.Leads()}}
				if done.Before != nil && done.Before.Leads() != done.Alias.Leads() {
					rows = append(rows, []string{"before", done.Before.Leads()})
				}
				rows = append(rows, []string{"address", done.Alias.Address})
				return c.Print(output.View{Value: done, Rows: append(rows, lostRows(done.Lost)...)})
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&req.App, "app", "", "name or id of the app to serve")
	f.StringVar(&req.Redirect, "redirect", "", "http or https address to send visitors to")
	f.IntVar(&req.Status, "status", 301, "status of the redirect: 301, 302, 307 or 308")
	f.BoolVar(&req.KeepPath, "keep-path", false, "append the path of the request to the address")
	f.StringVar(&split, "split", "", "split visitors, as APP:WEIGHT,APP:WEIGHT (sum: 100)")
	f.BoolVar(&req.Reserve, "reserve", false, "keep the name without a target")
	f.BoolVar(&yes, "yes", false, "do not ask even if an app is left without an address")
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
		return kit.Usagef("--app, --redirect, --split and --reserve cannot be combined")
	case cmd.Flags().Changed("app") && req.App == "" || cmd.Flags().Changed("redirect") && req.Redirect == "":
		return kit.Usagef("the target of %s is empty", req.Alias)
	case !cmd.Flags().Changed("redirect") && (status || req.KeepPath):
		return kit.Usagef("--status and --keep-path need --redirect")
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
		req.Status = 0 // the server knows the default
	}
	return nil
}

func (c commands) aliasRemove() *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use: "remove NAME", Short: "Remove an alias", Args: kit.Arguments("the name of the alias"),
		Example: `  fazt alias remove www`,
		Long: `Remove an alias, which frees its name. The apps it pointed to stay. The command
asks first, and warns if an app would be left without an address.`,
		RunE: func(_ *cobra.Command, args []string) error {
			return c.Existing(func(cl *client.Client) error {
				a, err := client.Call(c.Ctx, cl, op.AliasGet, op.AliasRef{Alias: args[0]})
				if err != nil {
					return err
				}
				if err := c.Sure(yes, "removing "+a.Name, a.Address+" points to "+a.Leads()+onlyText(a.Only), a.Name); err != nil {
					return err
				}
				gone, err := client.Call(c.Ctx, cl, op.AliasRemove, op.AliasDrop{Alias: a.Name, Force: yes || len(a.Only) > 0})
				if err != nil {
					return err
				}
				rows := [][]string{{"removed", gone.Name}, {"pointed to", gone.Leads()}}
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
	return [][]string{{"unreachable", strings.Join(l.Unreachable, ", ") + ", except at their previews"}}
}

func onlyText(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return ", and nothing else points to " + strings.Join(names, ", ") + ": visitors could reach it only through its previews"
}

package alias

import (
	"github.com/spf13/cobra"

	"fazt/internal/api/op"
	"fazt/internal/cli/kit"
	"fazt/internal/client"
	"fazt/internal/output"
)

// Domain returns `fazt domain` with the commands below it.
func Domain(shared *kit.CLI) *cobra.Command {
	c := commands{shared}
	g := kit.Group("domain", "Lead whole host names to apps",
		c.domainAdd(), c.domainList(), c.domainCheck(), c.domainRemove())
	g.Long = `A domain is a whole host name of your own, such as example.com, that leads to an
app. Names below the instance's domain are aliases: ` + "`fazt alias`" + `.`
	return g
}

func (c commands) domainAdd() *cobra.Command {
	var app string
	cmd := &cobra.Command{
		Use: "add HOST", Short: "Lead a host name to an app", Args: kit.Arguments("the host name"),
		Long: `Lead a whole host name to an app. It holds for this name alone: www.example.com
is another one. At your DNS provider the name must point to this machine;
` + "`fazt domain check`" + ` says whether it does.`,
		Example: `  fazt domain add example.com --app blog
  fazt domain add bücher.example --app shop`,
		RunE: func(_ *cobra.Command, args []string) error {
			if app == "" {
				return kit.Usagef("--app is missing")
			}
			return c.Existing(func(cl *client.Client) error {
				d, err := client.Call(c.Ctx, cl, op.DomainAdd, op.DomainTarget{Host: args[0], App: app})
				if err != nil {
					return err
				}
				return c.Print(output.View{Value: d, Rows: [][]string{
					{"domain", d.Host}, {"app", d.App}, {"address", d.Address}, {"next", "fazt domain check " + d.Host},
				}})
			})
		},
	}
	cmd.Flags().StringVar(&app, "app", "", "name or id of the app")
	return cmd
}

func (c commands) domainList() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the domains", Args: kit.Arguments(),
		Example: `  fazt domain list`,
		RunE: func(*cobra.Command, []string) error {
			return c.Existing(func(cl *client.Client) error {
				list, err := kit.Pages(func(cursor string) (op.Page[op.Domain], error) {
					return client.Call(c.Ctx, cl, op.DomainList, op.List{Cursor: cursor})
				})
				if err != nil {
					return err
				}
				v := output.View{Value: list, Columns: []string{"host", "app", "added", "address"}, Empty: "There are no domains. `fazt domain add HOST --app A` adds one."}
				for _, d := range list {
					v.Rows = append(v.Rows, []string{d.Host, d.App, output.Time(d.CreatedAt), d.Address})
				}
				return c.Print(v)
			})
		},
	}
}

func (c commands) domainCheck() *cobra.Command {
	return &cobra.Command{
		Use: "check HOST", Short: "Tell whether a domain points to this instance", Args: kit.Arguments("the host name"),
		Example: `  fazt domain check example.com`,
		Long: `Resolve a domain as the instance's machine sees it, compare it with the
addresses of the instance, and say what to set at the DNS provider if they
differ.`,
		RunE: func(_ *cobra.Command, args []string) error {
			return c.Existing(func(cl *client.Client) error {
				s, err := client.Call(c.Ctx, cl, op.DomainCheck, op.DomainRef{Host: args[0]})
				if err != nil {
					return err
				}
				answer := "no"
				if s.Here {
					answer = "yes"
				}
				rows := [][]string{{"domain", s.Domain.Host}, {"app", s.Domain.App}, {"points here", answer}, {"found", s.Say}}
				if s.Do != "" {
					rows = append(rows, []string{"to do", s.Do})
				}
				return c.Print(output.View{Value: s, Rows: rows})
			})
		},
	}
}

func (c commands) domainRemove() *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use: "remove HOST", Short: "Take a host name from its app", Args: kit.Arguments("the host name"),
		Example: `  fazt domain remove example.com`,
		RunE: func(_ *cobra.Command, args []string) error {
			return c.Existing(func(cl *client.Client) error {
				d, err := client.Call(c.Ctx, cl, op.DomainGet, op.DomainRef{Host: args[0]})
				if err != nil {
					return err
				}
				var only []string
				if d.Only {
					only = []string{d.App}
				}
				if err := c.Sure(yes, "removing "+d.Host, "it leads to the app "+d.App+onlyText(only), d.Host); err != nil {
					return err
				}
				gone, err := client.Call(c.Ctx, cl, op.DomainRemove, op.DomainDrop{Host: d.Host, Force: yes || d.Only})
				if err != nil {
					return err
				}
				rows := [][]string{{"removed", gone.Host}, {"led to", "the app " + gone.App}}
				return c.Print(output.View{Value: gone, Rows: append(rows, lostRows(gone.Lost)...)})
			})
		},
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return cmd
}

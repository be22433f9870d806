package alias

import (
	"github.com/spf13/cobra"

	"fazt/internal/api/op"
	"fazt/internal/cli/kit"
	"fazt/internal/client"
	"fazt/internal/output"
)

// Domain returns `fazt domain` with its subcommands.
func Domain(shared *kit.CLI) *cobra.Command {
	c := commands{shared}
	g := kit.Group("domain", "Serve apps at host names of your own", c.domainRemove())
	g.Long = `A domain is a whole host name of your own, such as example.com, that points to
an app. Names below the instance's domain are aliases: ` + "`fazt alias`" + `.`
	return g
}

func (c commands) domainRemove() *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use: "remove HOST", Short: "Remove a domain from its app", Args: kit.Arguments("the host name"),
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
				if err := c.Sure(yes, "removing "+d.Host, "it points to the app "+d.App+onlyText(only), d.Host); err != nil {
					return err
				}
				gone, err := client.Call(c.Ctx, cl, op.DomainRemove, op.DomainDrop{Host: d.Host, Force: yes || d.Only})
				if err != nil {
					return err
				}
				rows := [][]string{{"removed", gone.Host}, {"pointed to", "the app " + gone.App}}
				return c.Print(output.View{Value: gone, Rows: append(rows, lostRows(gone.Lost)...)})
			})
		},
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return cmd
}

package net

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"fazt/internal/api/op"
	"fazt/internal/cli/kit"
	"fazt/internal/client"
	"fazt/internal/errs"
	"fazt/internal/output"
)

// Secrets returns `fazt secret` with the commands below it.
func Secrets(shared *kit.CLI) *cobra.Command {
	c := commands{shared}
	g := kit.Group("secret", "Give functions credentials that they name and never see",
		c.secretSet(), c.secretList(), c.secretRotate(), c.secretRemove())
	g.Long = `A secret is sent by the instance itself, to its one domain, when a function
names it: fetch(url, {auth: "STRIPE_KEY"}). The function never sees the value.
It is sent by HTTPS alone, and to the first port that "fazt net allow" names for
the domain (443 where it names none), unless it is set with --http or --port.

Values are encrypted under a key that is not in the database: it lies beside it,
in data.db.key, or in the variable FAZT_MASTER_KEY as 64 hexadecimal digits. A
backup needs both, kept apart: the database alone gives no secret away, and
without the key all secrets must be set again.`
	return g
}

// secretInput is where the value of a secret comes from.
type secretInput struct {
	value string
	given bool
}

func (in *secretInput) flag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&in.value, "value", "", "the value; it stays in the history of your shell, so better pipe it in")
}

// read gives the value: of the flag, or asked for without showing it, or all of a pipe but the end of its last line.
func (in *secretInput) read(c *kit.CLI, cmd *cobra.Command, name string) (string, error) {
	if in.given = cmd.Flags().Changed("value"); in.given {
		return in.value, nil
	}
	if terminal, ok := c.Stdin.(*os.File); ok && term.IsTerminal(int(terminal.Fd())) {
		return c.Secret(terminal, "Value of "+name+": ")
	}
	text, err := kit.ReadMost(c.Stdin)
	if err != nil {
		return "", errs.Wrap(errs.Invalid, err, "the value of %s cannot be read", name)
	}
	text = strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\r")
	if text == "" {
		return "", kit.Usagef("%s has no value: pipe it in, or type it at a terminal", name)
	}
	return text, nil
}

func (c commands) secretSet() *cobra.Command {
	var req op.SecretGrant
	var in secretInput
	cmd := &cobra.Command{
		Use: "set NAME --domain DOMAIN", Short: "Set a secret", Args: kit.Arguments("the name of the secret"),
		Long: `Set a secret. The value is asked for at the terminal without showing it, or read
from a pipe. One of the same name and app is replaced. It is sent by HTTPS, to
the first port of the domain's entry, unless --http or --port say otherwise.

  bearer   Authorization: Bearer VALUE
  header   KEY: VALUE
  query    ?KEY=VALUE
  basic    Authorization: Basic …, of a VALUE that is user:password`,
		Example: `  fazt secret set STRIPE_KEY --domain api.stripe.com --app shop
  fazt secret set MAP --domain map.example --as query --key appid < key.txt
  fazt secret set GITLAB --domain gitlab.com --as header --key Private-Token
  fazt secret set PAY --domain pay.example --methods POST --path-prefix /v1/pay`,
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			req.Secret = args[0]
			if req.Domain == "" {
				return kit.Usagef("--domain is missing: the secret is sent to no other domain")
			}
			if req.Value, err = in.read(c.CLI, cmd, req.Secret); err != nil {
				return err
			}
			return c.Existing(func(cl *client.Client) error {
				s, err := client.Call(c.Ctx, cl, op.SecretSet, req)
				if err != nil {
					return err
				}
				done := "set"
				if s.Replaced {
					done = "set again"
				}
				return c.Print(output.View{Value: s, Rows: [][]string{
					{done, s.Name}, {"app", everyApp(s.App)}, {"sent to", sentTo(s.Secret)}, {"as", sentAs(s.Secret)},
				}})
			})
		},
	}
	s := cmd.Flags()
	s.StringVar(&req.As, "as", "bearer", "how it is sent: bearer, header, query or basic")
	s.StringVar(&req.Key, "key", "", "name of the header or of the query parameter")
	s.StringVar(&req.Domain, "domain", "", "the only domain it is sent to: api.example.com or *.example.com")
	s.BoolVar(&req.HTTP, "http", false, "by plain HTTP too; others on the way can read it")
	s.IntVar(&req.Port, "port", 0, "the only port it is sent to (default the first of the domain's entry)")
	s.StringVar(&req.App, "app", "", "for this app alone (default every app)")
	s.StringSliceVar(&req.Methods, "methods", nil, "only with these methods, such as GET,POST")
	s.StringVar(&req.PathPrefix, "path-prefix", "", "only to paths that begin so")
	in.flag(cmd)
	return cmd
}

func sentAs(s op.Secret) string {
	if s.Key != "" {
		return s.As + " " + s.Key
	}
	return s.As
}

// sentTo is all that bounds where a secret goes.
func sentTo(s op.Secret) string {
	text := s.Domain
	if s.HTTP {
		text = "http(s)://" + text
	}
	if s.Port != 0 {
		text += ":" + strconv.Itoa(s.Port)
	}
	if s.PathPrefix != "" {
		text += strings.TrimSuffix(s.PathPrefix, "/") + "/…"
	}
	if len(s.Methods) > 0 {
		text = strings.Join(s.Methods, "|") + " " + text
	}
	return text
}

func (c commands) secretList() *cobra.Command {
	var req op.NetOf
	cmd := &cobra.Command{
		Use: "list", Short: "List the secrets, without their values", Args: kit.Arguments(),
		Example: `  fazt secret list
  fazt secret list --app shop      those that it can name`,
		RunE: func(*cobra.Command, []string) error {
			return c.Existing(func(cl *client.Client) error {
				list, err := client.Call(c.Ctx, cl, op.SecretList, req)
				if err != nil {
					return err
				}
				v := output.View{Value: list, Columns: []string{"name", "app", "sent to", "as", "value", "last used"}, Empty: "There are no secrets. `fazt secret set NAME --domain DOMAIN` sets one."}
				for _, s := range list {
					value := "••••••"
					if s.Fault != "" {
						value = "CANNOT BE USED"
						fmt.Fprintf(c.Stderr, "WARNING: %s cannot be used: %s\n", s.Name, output.Line(s.Fault))
					}
					v.Rows = append(v.Rows, []string{s.Name, everyApp(s.App), sentTo(s), sentAs(s), value, kit.OptionalTime(s.LastUsed)})
				}
				return c.Print(v)
			})
		},
	}
	cmd.Flags().StringVar(&req.App, "app", "", "only those that this app can name")
	return cmd
}

func (c commands) secretRotate() *cobra.Command {
	var req op.SecretValue
	var in secretInput
	cmd := &cobra.Command{
		Use: "rotate NAME", Short: "Give a secret a new value", Args: kit.Arguments("the name of the secret"),
		Long: `Give a secret a new value and change nothing else of it. The next call has the
new one. The value is asked for, or read from a pipe.`,
		Example: `  fazt secret rotate STRIPE_KEY --app shop
  fazt secret rotate STRIPE_KEY --app shop < new-key.txt`,
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			req.Secret = args[0]
			if req.Value, err = in.read(c.CLI, cmd, req.Secret); err != nil {
				return err
			}
			return c.Existing(func(cl *client.Client) error {
				s, err := client.Call(c.Ctx, cl, op.SecretRotate, req)
				if err != nil {
					return err
				}
				return c.Print(output.View{Value: s, Rows: [][]string{{"rotated", s.Name}, {"app", everyApp(s.App)}, {"sent to", sentTo(s)}, {"as", sentAs(s)}}})
			})
		},
	}
	cmd.Flags().StringVar(&req.App, "app", "", "the secret of this app (default that of every app)")
	in.flag(cmd)
	return cmd
}

func (c commands) secretRemove() *cobra.Command {
	var req op.SecretRef
	var yes bool
	cmd := &cobra.Command{
		Use: "remove NAME", Short: "Take a secret back", Args: kit.Arguments("the name of the secret"),
		Example: `  fazt secret remove STRIPE_KEY --app shop`,
		RunE: func(_ *cobra.Command, args []string) error {
			req.Secret = args[0]
			if err := c.Sure(yes, "removing the secret "+args[0], "its value is lost, and functions that name it fail", args[0]); err != nil {
				return err
			}
			return c.Existing(func(cl *client.Client) error {
				s, err := client.Call(c.Ctx, cl, op.SecretRemove, req)
				if err != nil {
					return err
				}
				return c.Print(output.View{Value: s, Rows: [][]string{{"removed", s.Name}, {"app", everyApp(s.App)}}})
			})
		},
	}
	cmd.Flags().StringVar(&req.App, "app", "", "the secret of this app (default that of every app)")
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return cmd
}

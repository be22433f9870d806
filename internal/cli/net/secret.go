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
	"fazt/internal/output"
)

// Secrets returns `fazt secret` with its subcommands.
func Secrets(shared *kit.CLI) *cobra.Command {
	c := commands{shared}
	g := kit.Group("secret", "Manage credentials that functions use but never see", c.secretSet(), c.secretRotate())
	g.Long = `A secret is sent by the instance itself, to its one domain, when a function
names it: fetch(url, {auth: "STRIPE_KEY"}). The function never sees the value.
It is sent only over HTTPS, and to the first port that "fazt net allow" lists
for the domain (default: 443), unless it is set with --http or --port.

Values are encrypted with a key that is not in the database: it is in the file
data.db.key next to it, or in the variable FAZT_MASTER_KEY as 64 hexadecimal
digits. Back up both, in different places: the database alone reveals no secret,
and without the key all secrets must be set again.`
	return g
}

// secretInput reads the value of a secret.
type secretInput struct {
	value string
	given bool
}

func (in *secretInput) flag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&in.value, "value", "", "the value; your shell keeps it in its history, so a pipe is better")
}

// read returns the value: from the flag, the terminal, or a pipe without its last line end.
func (in *secretInput) read(c *kit.CLI, cmd *cobra.Command, name string) (string, error) {
	if in.given = cmd.Flags().Changed("value"); in.given {
		return in.value, nil
	}
	if terminal, ok := c.Stdin.(*os.File); ok && term.IsTerminal(int(terminal.Fd())) {
		return c.Secret(terminal, "Value of "+name+": ")
	}
	text, err := kit.ReadInput(c.Stdin, "the value of "+name)
	if err != nil {
		return "", err
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
		Long: `Set a secret. Its value is read from the terminal, without showing it, or from a
pipe. A secret of the same name and app is replaced. It is sent over HTTPS to
the first port of the domain's entry, unless --http or --port is given.

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
					{done, s.Name}, {"app", everyApp(s.App)}, {"sent to", SentTo(s.Secret)}, {"as", SentAs(s.Secret)},
				}})
			})
		},
	}
	s := cmd.Flags()
	s.StringVar(&req.As, "as", "bearer", "how it is sent: bearer, header, query or basic")
	s.StringVar(&req.Key, "key", "", "name of the header or of the query parameter")
	s.StringVar(&req.Domain, "domain", "", "the only domain it is sent to: api.example.com or *.example.com")
	s.BoolVar(&req.HTTP, "http", false, "also over plain HTTP, which others on the network can read")
	s.IntVar(&req.Port, "port", 0, "the only port it is sent to (default: the first of the domain's entry)")
	s.StringVar(&req.App, "app", "", "only for this app (default: every app)")
	s.StringSliceVar(&req.Methods, "methods", nil, "only with these methods, such as GET,POST")
	s.StringVar(&req.PathPrefix, "path-prefix", "", "only to paths with this prefix")
	in.flag(cmd)
	return cmd
}

// SentAs returns in which part of a request a secret is sent.
func SentAs(s op.Secret) string {
	if s.Key != "" {
		return s.As + " " + s.Key
	}
	return s.As
}

// SentTo returns to which requests a secret is added.
func SentTo(s op.Secret) string {
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

func (c commands) secretRotate() *cobra.Command {
	var req op.SecretValue
	var in secretInput
	cmd := &cobra.Command{
		Use: "rotate NAME", Short: "Give a secret a new value", Args: kit.Arguments("the name of the secret"),
		Long: `Give a secret a new value and change nothing else. The next call uses it. The
value is read from the terminal or from a pipe.`,
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
				return c.Print(output.View{Value: s, Rows: [][]string{{"rotated", s.Name}, {"app", everyApp(s.App)}, {"sent to", SentTo(s)}, {"as", SentAs(s)}}})
			})
		},
	}
	cmd.Flags().StringVar(&req.App, "app", "", "the secret of this app (default: that of every app)")
	in.flag(cmd)
	return cmd
}

// Usable shows that a secret has a value, or that it cannot be used.
func Usable(s op.Secret) string {
	if s.Fault != "" {
		return "CANNOT BE USED"
	}
	return "••••••"
}

// WarnSecrets prints why secrets cannot be used.
func WarnSecrets(c *kit.CLI, list []op.Secret) error {
	for _, s := range list {
		if s.Fault != "" {
			fmt.Fprintf(c.Stderr, "WARNING: %s cannot be used: %s\n", s.Name, output.Line(s.Fault))
		}
	}
	return nil
}

// Package key holds the commands on API keys.
package key

import (
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"fazt/internal/api/op"
	"fazt/internal/cli/kit"
	"fazt/internal/client"
	"fazt/internal/output"
)

// commands are the commands of the package, with what all commands share.
type commands struct{ *kit.CLI }

// Command returns the command `fazt key` with those below it.
func Command(shared *kit.CLI) *cobra.Command {
	c := commands{shared}
	return kit.Group("key", "Give programs and other machines a way in", c.keyCreate(), c.keyList(), c.keyRevoke())
}

func (c commands) keyCreate() *cobra.Command {
	var req op.KeyNew
	var expires string
	cmd := &cobra.Command{
		Use: "create --name NAME --scope SCOPE", Short: "Make an API key", Args: kit.Arguments(),
		Long: `Make an API key. Its token is shown this once; the instance keeps only a hash.

  deploy, deploy:APP   deploy all apps, or one, and read what is deployed
  read                 see apps, deployments, files, aliases, status
  logs, logs:APP       read the logs of the instance, or those of one app
  data:APP             read and change the data of an app
  metrics              read the metrics
  admin                everything but what is the owner's alone

A key for one app stays for that app when it is renamed.`,
		Example: `  fazt key create --name laptop --scope admin
  fazt key create --name ci --scope deploy:blog --expires 90d`,
		RunE: func(*cobra.Command, []string) error {
			if req.Name == "" {
				return kit.Usagef("--name is missing")
			}
			if len(req.Scopes) == 0 {
				return kit.Usagef("--scope is missing: deploy, deploy:APP, read, logs, logs:APP, data:APP, metrics or admin")
			}
			if expires != "" {
				at, err := parseExpiry(expires, time.Now())
				if err != nil {
					return err
				}
				req.ExpiresAt = &at
			}
			return c.Existing(func(cl *client.Client) error {
				made, err := client.Call(c.Ctx, cl, op.KeyCreate, req)
				if err != nil {
					return err
				}
				return c.Print(output.View{Value: made, Rows: [][]string{
					{"key", made.Name}, {"scopes", strings.Join(made.Scopes, ", ")}, {"expires", kit.OptionalTime(made.ExpiresAt)},
					{"token", made.Token}, {"note", "it is shown this once; keep it like a password"},
				}})
			})
		},
	}
	cmd.Flags().StringVar(&req.Name, "name", "", "what the key is for")
	cmd.Flags().StringSliceVar(&req.Scopes, "scope", nil, "what it allows, may be repeated")
	cmd.Flags().StringVar(&expires, "expires", "", "when it ends: 90d, 12h, 4w, or a date like 2027-01-31 (default never)")
	return cmd
}

// parseExpiry reads a time to come: a number of hours, days or weeks, or a date, whose day is the last one.
func parseExpiry(text string, now time.Time) (time.Time, error) {
	if day, err := time.ParseInLocation(time.DateOnly, text, now.Location()); err == nil {
		return day.AddDate(0, 0, 1), nil
	}
	if len(text) > 1 {
		n, err := strconv.Atoi(text[:len(text)-1])
		if err == nil && n > 0 && n <= 100_000 {
			switch text[len(text)-1] {
			case 'h':
				return now.Add(time.Duration(n) * time.Hour), nil
			case 'd':
				return now.AddDate(0, 0, n), nil
			case 'w':
				return now.AddDate(0, 0, 7*n), nil
			}
		}
	}
	return time.Time{}, kit.Usagef("--expires is a time to come: 90d, 12h, 4w, or a date like 2027-01-31; not %q", text)
}

func (c commands) keyList() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the API keys in force", Args: kit.Arguments(),
		Example: `  fazt key list`,
		RunE: func(*cobra.Command, []string) error {
			return c.Existing(func(cl *client.Client) error {
				keys, err := kit.Pages(func(cursor string) (op.Page[op.Key], error) {
					return client.Call(c.Ctx, cl, op.KeyList, op.List{Cursor: cursor, Limit: 1000})
				})
				if err != nil {
					return err
				}
				v := output.View{Value: keys, Columns: []string{"name", "scopes", "begins", "created", "last used", "expires"}, Empty: "There are no keys. `fazt key create` makes one."}
				for _, k := range keys {
					v.Rows = append(v.Rows, []string{k.Name, strings.Join(k.Scopes, ", "), k.Prefix, output.Time(k.CreatedAt), kit.OptionalTime(k.LastUsedAt), kit.OptionalTime(k.ExpiresAt)})
				}
				return c.Print(v)
			})
		},
	}
}

func (c commands) keyRevoke() *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use: "revoke KEY", Short: "End an API key at once, with those made by it", Args: kit.Arguments("the name of the key"),
		Example: `  fazt key revoke laptop`,
		RunE: func(_ *cobra.Command, args []string) error {
			if err := c.Sure(yes, "revoking the key "+args[0], "its users are refused at once, and so are the keys that were created with it", args[0]); err != nil {
				return err
			}
			return c.Existing(func(cl *client.Client) error {
				gone, err := client.Call(c.Ctx, cl, op.KeyRevoke, op.KeyRef{Key: args[0]})
				if err != nil {
					return err
				}
				return c.Print(output.View{Value: gone, Rows: [][]string{{"revoked", gone.Name}}})
			})
		},
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return cmd
}

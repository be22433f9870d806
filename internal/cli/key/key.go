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

// commands holds what all commands of the package share.
type commands struct{ *kit.CLI }

// Command returns `fazt key` with its subcommands.
func Command(shared *kit.CLI) *cobra.Command {
	c := commands{shared}
	return kit.Group("key", "Manage API keys for programs and other machines", c.keyCreate())
}

func (c commands) keyCreate() *cobra.Command {
	var req op.KeyNew
	var expires string
	cmd := &cobra.Command{
		Use: "create --name NAME --scope SCOPE", Short: "Create an API key", Args: kit.Arguments(),
		Long: `Create an API key. Its token is shown only once; the instance keeps only a hash.

  deploy, deploy:APP   deploy all apps, or one, and read what is deployed
  read                 see apps, deployments, files, aliases, status
  logs, logs:APP       read the logs of the instance, or those of one app
  data:APP             read and change the data of an app
  metrics              read the metrics
  admin                everything except what only the owner may do

A key for one app keeps working when the app is renamed.`,
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
					{"token", made.Token}, {"note", "shown only once; treat it like a password"},
				}})
			})
		},
	}
	cmd.Flags().StringVar(&req.Name, "name", "", "what the key is for")
	cmd.Flags().StringSliceVar(&req.Scopes, "scope", nil, "what it allows; may be repeated")
	cmd.Flags().StringVar(&expires, "expires", "", "when it expires: 90d, 12h, 4w, or a date like 2027-01-31 (default never)")
	return cmd
}

// parseExpiry reads a time in the future: a number of hours, days or weeks, or a date, which is the last day.
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
	return time.Time{}, kit.Usagef("--expires must be like 90d, 12h or 4w, or a date like 2027-01-31, not %q", text)
}

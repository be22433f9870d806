// Package log holds the commands on the activity log: `fazt logs`.
package log

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"fazt/internal/activity"
	"fazt/internal/api/op"
	"fazt/internal/cli/kit"
	"fazt/internal/client"
	"fazt/internal/errs"
	"fazt/internal/output"
)

// commands holds what all commands of the package share.
type commands struct{ *kit.CLI }

// Command returns `fazt logs` with its subcommands.
func Command(shared *kit.CLI) *cobra.Command {
	c := commands{shared}
	return kit.Group("logs", "Show who did what on the instance", c.logsList(), c.logsStats(), c.logsTail(), c.logsExport(), c.logsCleanup())
}

// logFilter holds the flags that all commands on the activity log share.
type logFilter struct {
	op.ActivityFilter
	alias, link string
	check       func() error
}

func (f *logFilter) flags(cmd *cobra.Command) {
	f.check = kit.Flags(cmd, &f.ActivityFilter)
	cmd.Flags().StringVar(&f.alias, "alias", "", "the app behind this alias, host or address")
	cmd.Flags().StringVar(&f.link, "link", "", "same as --alias")
}

// read checks the flags and takes the address that was pasted.
func (f *logFilter) read(args []string) error {
	for _, address := range append(args, f.alias, f.link) {
		if address == "" {
			continue
		}
		if f.URL != "" {
			return kit.Usagef("the app is named twice; use one of: an address, --app, --alias, --url, --link")
		}
		f.URL = address
	}
	if f.URL != "" && f.App != "" {
		return kit.Usagef("the app is named twice; use one of: an address, --app, --alias, --url, --link")
	}
	if f.MinWeight != nil && f.MaxWeight != nil && *f.MinWeight > *f.MaxWeight {
		return kit.Usagef("--min-weight is greater than --max-weight: no entry matches")
	}
	return f.check()
}

// pasted allows one argument: an address.
func pasted(_ *cobra.Command, args []string) error {
	if len(args) > 1 {
		return kit.Usagef("%q is one argument too many", args[1])
	}
	return nil
}

func (c commands) logsList() *cobra.Command {
	var f logFilter
	limit := 20
	cmd := &cobra.Command{
		Use: "list [ADDRESS]", Short: "List who did what, newest first", Args: pasted,
		Long: `List who did what, newest first. An address pasted from a browser selects the
entries of its app.

The weight of an entry says how much it matters; the lightest are removed first
when the log is full: 9 security, 8 auth, 7 config, 6 deployment, 5 data, 4 user
action, 3 navigation, 2 analytics, 1 system, 0 debug.`,
		Example: `  fazt logs list
  fazt logs list https://blog.example.com/x --since 24h
  fazt logs list --min-weight 7 --since 2026-01-31
  fazt logs list --result denied --format json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if limit < 1 || limit > 1000 {
				return kit.Usagef("--limit must be from 1 to 1000")
			}
			if err := f.read(args); err != nil {
				return err
			}
			return c.Existing(func(cl *client.Client) error {
				page, err := client.Call(c.Ctx, cl, op.LogList, op.ActivityList{ActivityFilter: f.ActivityFilter, List: op.List{Limit: limit}})
				if err != nil {
					return err
				}
				v := output.View{Value: page.Items, Columns: []string{"time", "weight", "who", "action", "what", "result", "details"}, Empty: "No entries match.", Yields: []string{"time", "who"}, Wraps: true}
				for _, e := range page.Items {
					v.Rows = append(v.Rows, []string{e.Time.Local().Format("2006-01-02 15:04:05"), fmt.Sprint(uint8(e.Weight)), who(e.Actor), e.Action, e.Resource, howItWent(e), facts(e)})
				}
				if err := c.Print(v); err != nil {
					return err
				}
				if page.Next != "" {
					fmt.Fprintln(c.Notes(), "There are older entries: --limit shows more, `fazt logs export` all.")
				}
				return nil
			})
		},
	}
	f.flags(cmd)
	cmd.Flags().IntVar(&limit, "limit", 20, "number of entries, 1 to 1000")
	return cmd
}

// who describes an actor in a few words.
func who(a activity.Actor) string {
	switch {
	case a.Kind == activity.Anonymous:
		return strings.TrimSpace("? " + a.Address)
	case a.Kind == activity.Key:
		return "key " + a.Name
	case a.Name != "":
		return a.Name
	}
	return a.Kind
}

func howItWent(e activity.Entry) string {
	if e.Code != "" {
		return string(e.Result) + " " + e.Code
	}
	return string(e.Result)
}

// facts returns the details of an entry; "" = none.
func facts(e activity.Entry) string {
	if string(e.Details) == "null" {
		return ""
	}
	return string(e.Details)
}

func (c commands) logsStats() *cobra.Command {
	var f logFilter
	cmd := &cobra.Command{
		Use: "stats [ADDRESS]", Short: "Count the entries by weight and result", Args: pasted,
		Example: `  fazt logs stats
  fazt logs stats --app blog --since 7d`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.read(args); err != nil {
				return err
			}
			return c.Existing(func(cl *client.Client) error {
				s, err := client.Call(c.Ctx, cl, op.LogStats, f.ActivityFilter)
				if err != nil {
					return err
				}
				rows := [][]string{{"entries", fmt.Sprint(s.Entries)}}
				for _, w := range s.Weights {
					rows = append(rows, []string{fmt.Sprintf("%d %s", uint8(w.Weight), w.Name), fmt.Sprint(w.Entries)})
				}
				for _, r := range []activity.Result{activity.OK, activity.Denied, activity.Failed} {
					rows = append(rows, []string{string(r), fmt.Sprint(s.Results[r])})
				}
				if s.Entries > 0 {
					rows = append(rows, []string{"oldest", kit.OptionalTime(s.Oldest)}, []string{"newest", kit.OptionalTime(s.Newest)})
				}
				rows = append(rows, []string{"size", "about " + output.Size(s.Bytes)})
				if s.Dropped > 0 {
					rows = append(rows, []string{"dropped", fmt.Sprintf("%d since the server started, because they came faster than they could be stored", s.Dropped)})
				}
				return c.Print(output.View{Value: s, Rows: rows})
			})
		},
	}
	f.flags(cmd)
	return cmd
}

func (c commands) logsTail() *cobra.Command {
	var f logFilter
	limit := 10
	cmd := &cobra.Command{
		Use: "tail [ADDRESS]", Short: "Follow new entries until Ctrl-C", Args: pasted,
		Example: `  fazt logs tail
  fazt logs tail --min-weight 8
  fazt logs tail --format json | jq .action`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if limit < 0 || limit > 1000 {
				return kit.Usagef("--lines must be from 0 to 1000")
			}
			if err := f.read(args); err != nil {
				return err
			}
			return c.Existing(func(cl *client.Client) error {
				if cl.InProcess() {
					return errs.New(errs.Conflict, "no server is running, so there is nothing to follow; `fazt server start` starts it")
				}
				stream, err := client.Call(c.Ctx, cl, op.LogTail, op.ActivityTail{ActivityFilter: f.ActivityFilter, Limit: limit})
				if err != nil {
					return err
				}
				return c.Live(stream, "the log ended: the server stopped, or the key was revoked", c.showEntry)
			})
		},
	}
	f.flags(cmd)
	cmd.Flags().IntVarP(&limit, "lines", "n", 10, "number of existing entries to start with")
	return cmd
}

// showEntry prints one followed entry, as text or as one line of JSON.
func (c commands) showEntry(data []byte) error {
	if output.Format(c.Format) == output.JSON {
		_, err := fmt.Fprintf(c.Stdout, "%s\n", data)
		return err
	}
	var e activity.Entry
	if err := kit.DecodeLine(data, &e); err != nil {
		return err
	}
	text := fmt.Sprintf("%s  %d  %s  %s", e.Time.Local().Format("2006-01-02 15:04:05"), uint8(e.Weight), who(e.Actor), strings.TrimSpace(e.Action+" "+e.Resource))
	if e.Result != activity.OK {
		text += "  " + howItWent(e)
	}
	if f := facts(e); f != "" {
		text += "  " + f
	}
	_, err := fmt.Fprintln(c.Stdout, output.Line(text))
	return err
}

func (c commands) logsCleanup() *cobra.Command {
	var f logFilter
	var force bool
	cmd := &cobra.Command{
		Use: "cleanup [ADDRESS]", Short: "Remove entries (only counts them without --force)", Args: pasted,
		Long: `Count the entries that the filters select, and remove them with --force. Without
filters, these are all entries. The cleanup itself leaves an entry.`,
		Example: `  fazt logs cleanup --until 90d
  fazt logs cleanup --max-weight 2 --until 7d --force`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.read(args); err != nil {
				return err
			}
			return c.Existing(func(cl *client.Client) error {
				done, err := client.Call(c.Ctx, cl, op.LogCleanup, op.ActivityCleanup{ActivityFilter: f.ActivityFilter, Force: force})
				if err != nil {
					return err
				}
				say := "would be removed; --force removes them"
				if done.Removed {
					say = "removed"
				}
				return c.Print(output.View{Value: done, Rows: [][]string{{"entries", fmt.Sprint(done.Entries)}, {"outcome", say}}})
			})
		},
	}
	f.flags(cmd)
	cmd.Flags().BoolVar(&force, "force", false, "remove them")
	return cmd
}

func (c commands) logsExport() *cobra.Command {
	var f logFilter
	var as, to string
	limit := 0
	cmd := &cobra.Command{
		Use: "export [ADDRESS]", Short: "Write entries to a file or a program", Args: pasted,
		Long: `Write all entries, newest first:

  json    one document, a list of objects
  lines   one object a line
  csv     a table; cells that would be formulas in a spreadsheet start with '`,
		Example: `  fazt logs export > log.json
  fazt logs export --as csv -o log.csv --since 30d
  fazt @zyt logs export --as lines | gzip > log.gz`,
		RunE: func(cmd *cobra.Command, args []string) error {
			write := exporter(as)
			if write == nil {
				return kit.Usagef("--as is json, lines or csv, not %q", as)
			}
			if limit < 0 {
				return kit.Usagef("--limit must be at least 0")
			}
			if err := f.read(args); err != nil {
				return err
			}
			return c.Existing(func(cl *client.Client) error {
				stream, err := client.Call(c.Ctx, cl, op.LogExport, f.ActivityFilter)
				if err != nil {
					return err
				}
				defer stream.Body.Close()
				return c.toFile(to, func(w io.Writer) error { return write(w, firstEntries(stream.Body, limit)) })
			})
		},
	}
	f.flags(cmd)
	cmd.Flags().StringVarP(&as, "as", "f", "json", "json, lines or csv")
	cmd.Flags().StringVarP(&to, "output", "o", "", "the file to write; it must not exist (default standard output)")
	cmd.Flags().IntVar(&limit, "limit", 0, "how many of the newest entries; 0 = all")
	return cmd
}

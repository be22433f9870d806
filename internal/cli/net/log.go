package net

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"fazt/internal/api/op"
	"fazt/internal/cli/kit"
	"fazt/internal/client"
	"fazt/internal/errs"
	"fazt/internal/output"

	"github.com/spf13/cobra"
)

func (c commands) netLogs() *cobra.Command {
	var f op.NetFilter
	var check func() error
	var follow bool
	limit := 20
	cmd := &cobra.Command{
		Use: "logs", Short: "Show the outbound calls of functions", Args: kit.Arguments(),
		Long: `Show every attempt of functions to reach another server, newest first: each hop
of a call, including those that were refused or failed.`,
		Example: `  fazt net logs
  fazt net logs --app shop --errors --since 24h
  fazt net logs --domain api.stripe.com -f       follow new attempts`,
		RunE: func(*cobra.Command, []string) error {
			if limit < 1 || limit > 1000 {
				return kit.Usagef("-n must be from 1 to 1000")
			}
			if err := check(); err != nil {
				return err
			}
			return c.Existing(func(cl *client.Client) error {
				if follow {
					return c.followNet(cl, f, limit)
				}
				page, err := client.Call(c.Ctx, cl, op.NetLogs, op.NetLogPage{NetFilter: f, List: op.List{Limit: limit}})
				if err != nil {
					return err
				}
				v := output.View{Value: page.Items, Columns: []string{"time", "app", "call", "outcome", "ms", "bytes", "secret"}, Empty: "No attempts match."}
				for _, a := range page.Items {
					v.Rows = append(v.Rows, []string{a.Time.Local().Format("2006-01-02 15:04:05"), a.App, attemptCall(a), attemptOutcome(a), fmt.Sprintf("%.1f", a.Millis), output.Size(a.Received), a.Secret})
				}
				if err := c.Print(v); err != nil {
					return err
				}
				if page.Next != "" {
					fmt.Fprintln(c.Notes(), "There are older attempts: -n shows more.")
				}
				return nil
			})
		},
	}
	check = kit.Flags(cmd, &f)
	cmd.Flags().BoolVarP(&follow, "follow", "f", false, "show new attempts as they are made")
	cmd.Flags().IntVarP(&limit, "lines", "n", 20, "how many of the newest attempts, 1 to 1000")
	return cmd
}

// attemptCall returns the method and address of an attempt; an arrow marks a redirect.
func attemptCall(a op.NetAttempt) string {
	text := strings.TrimSpace(a.Method + " " + a.Scheme)
	if a.Scheme != "" {
		text += "://"
	}
	text += a.Host + a.Path
	if a.Hop > 0 {
		text = "-> " + text
	}
	return text
}

// attemptOutcome returns the result of an attempt, and the reason for a failure.
func attemptOutcome(a op.NetAttempt) string {
	words := []string{}
	if a.Status > 0 {
		words = append(words, strconv.Itoa(a.Status))
	}
	for _, w := range []string{a.Code, a.Cache} {
		if w != "" {
			words = append(words, w)
		}
	}
	if a.Reason != "" {
		words = append(words, "("+a.Reason+")")
	}
	return strings.Join(words, " ")
}

func (c commands) followNet(cl *client.Client, f op.NetFilter, limit int) error {
	if cl.InProcess() {
		return errs.New(errs.Conflict, "no server is running, so there is nothing to follow; `fazt server start` starts it")
	}
	stream, err := client.Call(c.Ctx, cl, op.NetLogsFollow, op.NetTail{NetFilter: f, Limit: limit})
	if err != nil {
		return err
	}
	return c.Live(stream, "the log ended: the server stopped, or the key was revoked", func(data []byte) error {
		if output.Format(c.Format) == output.JSON {
			_, err := fmt.Fprintf(c.Stdout, "%s\n", data)
			return err
		}
		var a op.NetAttempt
		if err := json.Unmarshal(data, &a); err != nil {
			return errs.Wrap(errs.Unsupported, err, "the response cannot be read; the server may be another version of Fazt")
		}
		if a.Missed > 0 {
			fmt.Fprintf(c.Stderr, "note: %s came too fast to be shown; `fazt net logs` without -f has them\n", output.Count(a.Missed, "attempt"))
		}
		_, err := fmt.Fprintln(c.Stdout, output.Line(fmt.Sprintf("%s  %s  %s  %s  %.1f ms", a.Time.Local().Format("2006-01-02 15:04:05"), a.App, attemptCall(a), attemptOutcome(a), a.Millis)))
		return err
	})
}

// Stats returns the view of the statistics by app and domain.
func Stats(s op.NetTotals) output.View {
	v := output.View{Columns: []string{"app", "domain", "calls", "errors", "p50", "p95", "sent", "received", "cached"}, Empty: "There were no calls."}
	for _, row := range s.Domains {
		v.Rows = append(v.Rows, statsRow(row.App, row.Domain, row.NetCount))
	}
	if len(s.Domains) > 1 {
		v.Rows = append(v.Rows, statsRow("(all)", "", s.Total))
	}
	return v
}

// StatsNotes prints what the figures leave out.
func StatsNotes(c *kit.CLI, s op.NetTotals) error {
	if s.Truncated {
		fmt.Fprintln(c.Notes(), "There are more domains than are shown; narrow it with --since, --app or --domain.")
	}
	if s.Dropped > 0 {
		fmt.Fprintf(c.Stderr, "note: %s came faster than they could be logged; `fazt limits set net.log_buffer` makes room\n", output.Count(int(s.Dropped), "attempt"))
	}
	return nil
}

func statsRow(app, domain string, s op.NetCount) []string {
	return []string{app, domain, strconv.Itoa(s.Calls), fmt.Sprintf("%d (%.0f %%)", s.Errors, 100*s.ErrorRate), fmt.Sprintf("%.0f ms", s.P50), fmt.Sprintf("%.0f ms", s.P95),
		output.Size(s.Sent), output.Size(s.Received), strconv.Itoa(s.CacheHits)}
}

package app

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"fazt/internal/api/op"
	"fazt/internal/applog"
	"fazt/internal/cli/kit"
	"fazt/internal/client"
	"fazt/internal/errs"
	"fazt/internal/output"
)

func (c commands) appLogs() *cobra.Command {
	var q op.LogQuery
	var follow bool
	var since time.Duration
	cmd := &cobra.Command{
		Use: "logs APP", Short: "Show the console output of an app's functions", Args: kit.Arguments("the name of the app"),
		Example: `  fazt app logs blog
  fazt app logs blog -f                     follow new lines
  fazt app logs blog -n 20 --level warn     warnings and errors
  fazt app logs blog --since 1h --format json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			q.App, q.Since = args[0], int(since.Milliseconds())
			switch {
			case q.Limit < 1:
				return kit.Usagef("-n must be at least 1")
			case since < 0 || cmd.Flags().Changed("since") && q.Since == 0:
				return kit.Usagef("--since must be a duration such as 90s, 10m or 24h")
			}
			if err := applog.CheckLevel(q.Level); err != nil {
				return kit.Usagef("%s", errs.Sentence(err))
			}
			return c.Existing(func(cl *client.Client) error { return c.logs(cl, q, follow) })
		},
	}
	cmd.Flags().BoolVarP(&follow, "follow", "f", false, "show new lines as they are written")
	cmd.Flags().IntVarP(&q.Limit, "lines", "n", 100, "how many of the newest lines")
	cmd.Flags().StringVar(&q.Level, "level", "", "lowest level to show: debug, info, warn or error")
	cmd.Flags().DurationVar(&since, "since", 0, "only lines newer than this, such as 10m")
	return cmd
}

func (c commands) logs(cl *client.Client, q op.LogQuery, follow bool) error {
	if follow && !cl.InProcess() {
		return c.followLogs(cl, q)
	}
	stream, err := client.Call(c.Ctx, cl, op.AppLogs, q)
	if err != nil {
		return err
	}
	defer stream.Body.Close()
	shown := []op.LogLine{}
	err = kit.EachLine(stream.Body, func(l op.LogLine) error {
		if !follow && output.Format(c.Format) != output.Table {
			shown = append(shown, l)
			return nil
		}
		return c.showLine(l)
	})
	switch {
	case err != nil:
		return err
	case follow: // nothing new can come, and waiting here would keep a server from starting
		return errs.New(errs.Conflict, "no server is running, so there is nothing to follow; `fazt server start` starts it")
	case output.Format(c.Format) == output.Table:
		return nil
	}
	v := output.View{Value: shown, Columns: []string{"time", "level", "deployment", "message"}, Yields: []string{"time"}, Wraps: true}
	for _, l := range shown {
		v.Rows = append(v.Rows, []string{l.Time.Format(time.RFC3339), l.Level, fmt.Sprint(l.Deployment), l.Message})
	}
	return c.Print(v)
}

func (c commands) followLogs(cl *client.Client, q op.LogQuery) error {
	stream, err := client.Call(c.Ctx, cl, op.AppLogsFollow, op.LogFollow{LogQuery: q})
	if err != nil {
		return err
	}
	return c.Live(stream, "the log ended: the server stopped, the app was removed, or the key was revoked", func(data []byte) error {
		var l op.LogLine
		if err := kit.DecodeLine(data, &l); err != nil {
			return err
		}
		return c.showLine(l)
	})
}

// showLine prints one line, as text or, if lines are followed as JSON, as one line of JSON.
func (c commands) showLine(l op.LogLine) error {
	if output.Format(c.Format) == output.JSON {
		e := json.NewEncoder(output.JSONWriter{W: c.Stdout})
		e.SetEscapeHTML(false)
		return e.Encode(l)
	}
	if l.Missed > 0 {
		fmt.Fprintf(c.Stderr, "note: %s came too fast to be shown; `fazt app logs` without -f has them\n", output.Count(l.Missed, "line"))
	}
	c.logLine(l.Time.Local().Format("2006-01-02 15:04:05"), l.Level, l.Message)
	return nil
}

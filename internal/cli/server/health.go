package server

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"fazt/internal/api/op"
	"fazt/internal/cli/kit"
	"fazt/internal/client"
	"fazt/internal/errs"
	"fazt/internal/output"
)

// Health returns the view of the figures of a running server.
func Health(h op.Health) output.View {
	memory := output.Size(h.Memory.Heap) + " of objects"
	if h.Memory.Resident > 0 {
		memory = output.Size(h.Memory.Resident) + ", " + memory
	}
	rows := [][]string{
		{"status", h.Status},
		{"version", h.Version},
		{"running for", (time.Duration(h.UptimeSeconds) * time.Second).String()},
		{"memory", fmt.Sprintf("%s; the limit is %s", memory, output.Size(h.Memory.Limit))},
		{"", fmt.Sprintf("%s in VMs, %s of static files", output.Size(h.Memory.VMs), output.Size(h.Memory.Cache))},
		{"database", fmt.Sprintf("%s, of which %s is still in the WAL", output.Size(h.Database.Bytes+h.Database.WALBytes), output.Size(h.Database.WALBytes))},
		{"disk", fmt.Sprintf("%s; %s free of %s", h.Disk.State, output.Size(h.Disk.Free), output.Size(h.Disk.Total))},
		{"writes", fmt.Sprintf("%d in %s; %d waiting", h.Database.Writes, output.Count(int(h.Database.Commits), "commit"), h.Database.Queued)},
		{"VMs", fmt.Sprintf("%d, %d busy; %s waiting", h.Runtime.VMs, h.Runtime.Busy, output.Count(h.Runtime.Waiting, "request"))},
		{"runs", fmt.Sprintf("%d; %d interrupted, %d abandoned, %d refused, %d cut off", h.Runtime.Runs, h.Runtime.Interrupted, h.Runtime.Abandoned, h.Runtime.Refused, h.Runtime.Crowded)},
	}
	return output.View{Rows: rows}
}

// Problems fails the command when something needs attention.
func Problems(_ *kit.CLI, h op.Health) error {
	if len(h.Problems) == 0 {
		return nil
	}
	return errs.New(errs.Unprocessable, "%s", strings.Join(h.Problems, "; "))
}

func (c commands) serverMetrics() *cobra.Command {
	return &cobra.Command{
		Use: "metrics", Short: "Show the counters of the running server in the Prometheus format", Args: kit.Arguments(),
		Long: `Show the counters of the running server in the text format of Prometheus, which
reads them at /metrics of the admin host with a key that has the scope metrics.`,
		Example: `  fazt server metrics
  fazt key create --name prometheus --scope metrics`,
		RunE: func(*cobra.Command, []string) error {
			return c.Existing(func(cl *client.Client) error {
				s, err := client.Call(c.Ctx, cl, op.SystemMetrics, op.None{})
				if err != nil {
					return err
				}
				defer s.Body.Close()
				_, err = io.Copy(c.Stdout, s.Body)
				return err
			})
		},
	}
}

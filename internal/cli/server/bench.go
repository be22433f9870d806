package server

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"fazt/internal/api/op"
	"fazt/internal/cli/kit"
	"fazt/internal/client"
	"fazt/internal/output"
	"fazt/internal/system"
)

// Bench returns the command that measures the instance, under the given name.
func Bench(shared *kit.CLI, name string) *cobra.Command {
	c := commands{shared}
	var req op.Calibrate
	full := "fazt " + name
	if name == "calibrate" {
		full = "fazt server calibrate"
	}
	cmd := &cobra.Command{
		Use: name, Short: "Measure what the running instance can serve", Args: kit.Arguments(),
		Long: `Measure what the running instance can serve: static files, function calls,
durable writes, and a mix with 30 % writes. This takes about 10 s of full load;
a busy instance is not measured without --force.

A temporary copy of the instance, in a folder next to the database, sends
requests to itself over the loopback interface. Sending takes about half of the
processors, so the result is a lower bound. It is stored, and fazt limits shows
it as limits.capacity.`,
		Example: "  " + full + "\n  " + full + " --force --seconds 20",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if cmd.Flags().Changed("seconds") && (req.Seconds < 1 || req.Seconds > 60) {
				return kit.Usagef("--seconds must be from 1 to 60")
			}
			return c.Existing(func(cl *client.Client) error {
				done := c.countDown(req.Seconds)
				m, err := client.Call(c.Ctx, cl, op.ServerCalibrate, req)
				done()
				if err != nil {
					return err
				}
				return c.Print(measuredView(m))
			})
		},
	}
	cmd.Flags().BoolVar(&req.Force, "force", false, "measure even if the instance is busy")
	cmd.Flags().IntVar(&req.Seconds, "seconds", 10, "how long to measure, 1 to 60")
	return cmd
}

func measuredView(m system.Measured) output.View {
	return output.View{Value: m, Rows: [][]string{
		{"static files", fmt.Sprintf("%d per second", m.Reads)},
		{"functions", fmt.Sprintf("%d per second", m.Functions)},
		{"durable writes", fmt.Sprintf("%d per second", m.Writes)},
		{"mixed", fmt.Sprintf("%d per second, 30 %% of them writes", m.Mixed)},
	}}
}

// countDown shows the expected progress of a self-test on a terminal, until the function it returns is called.
func (c commands) countDown(seconds int) func() {
	w := output.Raw(c.Notes())
	if f, ok := w.(*os.File); !ok || !term.IsTerminal(int(f.Fd())) {
		return func() {}
	}
	stop, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		showCountDown(w, seconds, stop)
	}()
	return func() { close(stop); <-ended }
}

func showCountDown(w io.Writer, seconds int, stop <-chan struct{}) {
	steps := []string{"static files", "functions", "durable writes", "a mix"}
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	for began := time.Now(); ; {
		passed := time.Since(began)
		step := min(int(passed*time.Duration(len(steps))/(time.Duration(seconds)*time.Second)), len(steps)-1)
		fmt.Fprintf(w, "\r\033[Kmeasuring %s: %d s of about %d s", steps[step], int(passed.Seconds()), seconds)
		select {
		case <-tick.C:
		case <-stop:
			fmt.Fprint(w, "\r\033[K")
			return
		}
	}
}

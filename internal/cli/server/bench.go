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
		Use: name, Short: "Measure what the running instance can carry", Args: kit.Arguments(),
		Long: `Measure what the running instance can carry: static files, calls of a function,
durable writes, and a mix of which 30 % write. It takes about 10 s, in which the
instance is under full load; one that is busy is not measured without --force.
A copy of the instance, in a folder beside the database that is removed again,
asks itself over the loopback interface. Asking takes about half of the
processors, so what it finds is a lower bound. It is kept, and fazt limits shows
it as limits.capacity.`,
		Example: "  " + full + "\n  " + full + " --force --seconds 20",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if cmd.Flags().Changed("seconds") && (req.Seconds < 1 || req.Seconds > 60) {
				return kit.Usagef("--seconds is from 1 to 60")
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
	cmd.Flags().BoolVar(&req.Force, "force", false, "measure although the instance is busy")
	cmd.Flags().IntVar(&req.Seconds, "seconds", 10, "how long to measure, 1 to 60")
	return cmd
}

func measuredView(m system.Measured) output.View {
	return output.View{Value: m, Rows: [][]string{
		{"static files", fmt.Sprintf("%d a second", m.Reads)},
		{"functions", fmt.Sprintf("%d a second", m.Functions)},
		{"durable writes", fmt.Sprintf("%d a second", m.Writes)},
		{"mixed", fmt.Sprintf("%d a second, 30 %% of them writes", m.Mixed)},
	}}
}

// countDown says at a terminal how far a self-test must be, until the function it returns is called.
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

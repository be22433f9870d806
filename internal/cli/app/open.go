package app

import (
	"fmt"
	"os/exec"
	"runtime"

	"github.com/spf13/cobra"

	"fazt/internal/api/op"
	"fazt/internal/cli/kit"
	"fazt/internal/client"
	"fazt/internal/errs"
	"fazt/internal/output"
)

func (c commands) appOpen() *cobra.Command {
	var printOnly bool
	cmd := &cobra.Command{
		Use: "open APP", Short: "Open an app in the browser", Args: kit.Arguments("the name of the app"),
		Long: `Open an app in the browser. Without a browser, as on a server, its address is
only printed.`,
		Example: `  fazt app open blog
  fazt app open blog --print`,
		RunE: func(_ *cobra.Command, args []string) error {
			return c.Existing(func(cl *client.Client) error {
				a, err := client.Call(c.Ctx, cl, op.AppGet, op.AppRef{App: args[0]})
				if err != nil {
					return err
				}
				if err := c.Print(output.View{Value: map[string]string{"app": a.Name, "url": a.URL}, Rows: [][]string{{"app", a.Name}, {"url", a.URL}}}); err != nil {
					return err
				}
				if cl.InProcess() {
					fmt.Fprintln(c.Stderr, "note: no server is running; `fazt server start` starts it")
				}
				if printOnly {
					return nil
				}
				return c.browse(a.URL)
			})
		},
	}
	cmd.Flags().BoolVar(&printOnly, "print", false, "only print the address")
	return cmd
}

// browse opens an address with the program of the system, if there is one and a screen.
func (c commands) browse(url string) error {
	var name string
	var args []string
	switch runtime.GOOS {
	case "windows":
		name, args = "rundll32", []string{"url.dll,FileProtocolHandler"}
	case "darwin":
		name = "open"
	default:
		if c.Getenv("DISPLAY") == "" && c.Getenv("WAYLAND_DISPLAY") == "" {
			return nil
		}
		name = "xdg-open"
	}
	program, err := exec.LookPath(name)
	if err != nil {
		return nil // the address was printed
	}
	if err := exec.CommandContext(c.Ctx, program, append(args, url)...).Run(); err != nil {
		return errs.Wrap(errs.Unavailable, err, "%s could not open the browser: %v", name, err)
	}
	return nil
}

package app

import (
	"fmt"
	"io"
	"path/filepath"
	"strconv"

	"github.com/spf13/cobra"

	"fazt/internal/api/op"
	"fazt/internal/cli/kit"
	"fazt/internal/cli/project"
	"fazt/internal/client"
	"fazt/internal/output"
)

// deploymentFlag adds the flag that names a deployment. The function it returns reads it once flags are parsed.
func deploymentFlag(cmd *cobra.Command) func(app string) (op.DeploymentRef, error) {
	number := cmd.Flags().Int("deployment", 0, "number of the deployment (default: the live one)")
	return func(app string) (op.DeploymentRef, error) {
		ref := op.DeploymentRef{App: app, Deployment: "live"}
		if cmd.Flags().Changed("deployment") {
			if *number < 1 {
				return ref, kit.Usagef("--deployment must be at least 1")
			}
			ref.Deployment = strconv.Itoa(*number)
		}
		return ref, nil
	}
}

func (c commands) appFiles() *cobra.Command {
	cmd := &cobra.Command{
		Use: "files APP", Short: "List the files of an app", Args: kit.Arguments("the name of the app"),
		Long: `List the files of a deployment, including those that are never served, with
their sizes, types and SHA-256.`,
		Example: `  fazt app files blog
  fazt app files blog --deployment 3 --format json`,
	}
	ref := deploymentFlag(cmd)
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		d, err := ref(args[0])
		if err != nil {
			return err
		}
		return c.Existing(func(cl *client.Client) error {
			files, err := kit.Pages(func(cursor string) (op.Page[op.File], error) {
				return client.Call(c.Ctx, cl, op.FileList, op.FilePage{DeploymentRef: d, List: op.List{Cursor: cursor, Limit: 1000}})
			})
			if err != nil {
				return err
			}
			v := output.View{Value: files, Columns: []string{"path", "size", "type", "sha256"}}
			for _, f := range files {
				v.Rows = append(v.Rows, []string{f.Path, output.Size(f.Size), f.Type, f.Hash.String()[:12]})
			}
			return c.Print(v)
		})
	}
	return cmd
}

func (c commands) appCat() *cobra.Command {
	cmd := &cobra.Command{
		Use: "cat APP PATH", Short: "Print a file of an app", Args: kit.Arguments("the name of the app", "the path of the file"),
		Long: `Print a file of a deployment, byte for byte. On a terminal, control characters
are replaced.`,
		Example: `  fazt app cat blog index.html
  fazt app cat blog logo.png > logo.png`,
	}
	ref := deploymentFlag(cmd)
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		d, err := ref(args[0])
		if err != nil {
			return err
		}
		return c.Existing(func(cl *client.Client) error {
			stream, err := client.Call(c.Ctx, cl, op.FileRead, op.FileRef{DeploymentRef: d, Path: args[1]})
			if err != nil {
				return err
			}
			defer stream.Body.Close()
			w := c.Stdout
			if kit.Width(w) == 0 { // no terminal: unchanged bytes
				w = output.Raw(w)
			}
			_, err = io.Copy(w, stream.Body)
			return err
		})
	}
	return cmd
}

func (c commands) appPull() *cobra.Command {
	var to string
	var force bool
	cmd := &cobra.Command{
		Use: "pull APP", Short: "Write the files of an app to a folder", Args: kit.Arguments("the name of the app"),
		Long: `Write the files of a deployment to a folder, including functions, private files
and fazt.json. Deploying that folder again gives the same deployment.

Files that already exist with the same content are not fetched, so an
interrupted pull continues where it stopped. Other files are left alone.`,
		Example: `  fazt app pull blog                    into the folder blog
  fazt app pull blog --to work/blog --deployment 3`,
	}
	ref := deploymentFlag(cmd)
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		d, err := ref(args[0])
		if err != nil {
			return err
		}
		return c.Existing(func(cl *client.Client) error { return c.pull(cl, d, to, force) })
	}
	cmd.Flags().StringVar(&to, "to", "", "folder to write to (default: the name of the app)")
	cmd.Flags().BoolVar(&force, "force", false, "overwrite files with other content")
	return cmd
}

// pulled is the result as JSON.
type pulled struct {
	App        string `json:"app"`
	Deployment int    `json:"deployment"`
	Folder     string `json:"folder"`
	Files      int    `json:"files"`
	Fetched    int    `json:"fetched"`
	Bytes      int64  `json:"bytes"` // fetched
}

func (c commands) pull(cl *client.Client, ref op.DeploymentRef, dir string, force bool) error {
	app, err := client.Call(c.Ctx, cl, op.AppGet, op.AppRef{App: ref.App})
	if err != nil {
		return err
	}
	if dir == "" {
		// The name comes from the instance, which is not trusted.
		if !filepath.IsLocal(app.Name) || filepath.Base(app.Name) != app.Name || app.Name == "." {
			return kit.Usagef("the app name %q is not a folder name; choose one with --to", app.Name)
		}
		dir = app.Name
	}
	bar := kit.NewBar(c.Stderr)
	bar.Verb = "fetching"
	p, err := client.Pull(c.Ctx, cl, ref, dir, force, bar.Show)
	bar.Clear()
	if err != nil {
		return err
	}
	c.noteRedeploy(p.Deployment, dir)
	rows := [][]string{
		{"app", app.Name}, {"deployment", fmt.Sprint(p.Deployment.Number)}, {"folder", dir},
		{"files", fmt.Sprintf("%d, of which %d fetched (%s)", p.Files, p.Fetched, output.Size(p.Bytes))},
	}
	return c.Print(output.View{Value: pulled{app.Name, p.Deployment.Number, dir, p.Files, p.Fetched, p.Bytes}, Rows: rows})
}

// noteRedeploy prints the flags with which a deploy of the folder gives the same deployment again.
func (c commands) noteRedeploy(d op.Deployment, dir string) {
	spa := d.Manifest.SPA != nil && *d.Manifest.SPA
	switch {
	case d.SPA && !spa:
		fmt.Fprintln(c.Stderr, "note: this was deployed with --spa; use it again to redeploy")
	case !d.SPA && spa:
		fmt.Fprintln(c.Stderr, "note: this was deployed with --no-spa; use it again to redeploy")
	}
	if has, err := project.HasBuild(dir); err == nil && has {
		fmt.Fprintln(c.Stderr, "note: package.json has a build script that was not run; --no-build deploys the folder as it is")
	}
}

package app

import (
	"cmp"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"fazt/internal/api/op"
	"fazt/internal/api/show"
	"fazt/internal/cli/folder"
	"fazt/internal/cli/kit"
	"fazt/internal/cli/project"
	"fazt/internal/client"
	"fazt/internal/hosting"
	"fazt/internal/output"
)

// deployFlags are the flags of one deploy.
type deployFlags struct {
	project.Options
	message         string
	dryRun, preview bool
	replace         bool
	spa, noSPA      bool
}

func (c commands) appDeploy() *cobra.Command {
	var f deployFlags
	cmd := &cobra.Command{
		Use: "deploy DIR", Short: "Put a folder live", Args: kit.Arguments("the folder"),
		Long: `Put a folder live. Only content the instance lacks is sent, and visitors see the
old files or the new ones, never a mix.

The name is --name, else the name in fazt.json, else that of the folder. What
.gitignore and .faztignore name is not sent, and neither are .git, node_modules,
.env files and other dotfiles (.well-known excepted). Of node_modules, only what
the function imports is sent, and it is never served. If package.json has
dependencies and node_modules is missing, they are installed first, which runs
their install scripts.

If package.json has a build script, it runs first, with the package manager that
the lockfile belongs to. The pages are then taken from dist, build, out, _site
or the folder of a known framework, or from the one that fazt.json names as
"output", and api/, private/, workers/ and fazt.json from the folder itself. A
function that the build made for Cloudflare Workers, or that fazt.json or
wrangler.toml names, is deployed with them.

If the app was last deployed from another folder, the command asks before it
replaces it; without a terminal it needs --replace. Clones of one git repository
count as one folder, and --name is an answer too.`,
		Example: `  fazt app deploy ./site
  fazt app deploy ./site --name blog --message "New header"
  fazt app deploy ./site --preview       not live, only at a preview address
  fazt app deploy ./site --dry-run       only show what would be sent`,
		RunE: func(_ *cobra.Command, args []string) error { return c.deploy(args[0], f) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.Name, "name", "", "name of the app, which is its host label")
	flags.StringVarP(&f.message, "message", "m", "", "what changed, for the list of deployments")
	flags.BoolVar(&f.dryRun, "dry-run", false, "only show what would be sent")
	flags.BoolVar(&f.preview, "preview", false, "create the deployment without putting it live")
	flags.BoolVar(&f.replace, "replace", false, "replace an app that came from another folder")
	flags.BoolVar(&f.spa, "spa", false, "serve index.html for paths that match no file")
	flags.BoolVar(&f.noSPA, "no-spa", false, "the opposite of --spa, whatever fazt.json says")
	flags.BoolVar(&f.Folder.IncludePrivate, "include-private", false, "send private/ even if .gitignore lists it")
	flags.BoolVar(&f.NoBuild, "no-build", false, "do not run the build script of package.json")
	return cmd
}

func (c commands) deploy(dir string, f deployFlags) error {
	if f.spa && f.noSPA {
		return kit.Usagef("--spa and --no-spa cannot be combined")
	}
	began := time.Now()
	f.Log, f.Compiler = c.Notes(), c.Compiler
	f.Folder.Home, f.Folder.Getenv = c.Home, c.Getenv
	f.Folder.Check = func(files []op.Announced) error { return c.checkSizes(f.Name, files) }
	origin := originOf(dir)
	if err := folder.Check(dir); err != nil {
		return err
	}
	if name, err := project.Name(dir, f.Name); err == nil { // otherwise, Load says why there is none
		if err := c.mayReplace(name, origin, f); err != nil { // before a build, which may take long
			return err
		}
	}
	p, err := project.Load(c.Ctx, dir, f.Options)
	if err != nil {
		return err
	}
	defer p.Close()
	p.Plan.Message, p.Plan.Origin = f.message, origin
	return c.put(p, f, began)
}

// fewBytes are read so quickly that a check in advance is not worth a request.
const fewBytes = 64 << 20

// checkSizes asks the instance for its limits before many bytes are read. If it does not provide them, it refuses the
// files itself once they are announced.
func (c commands) checkSizes(app string, files []op.Announced) error {
	var total int64
	for _, f := range files {
		total += f.Size
	}
	if total < fewBytes {
		return nil
	}
	var refused error
	err := c.With(func(cl *client.Client) error {
		limits, err := client.Call(c.Ctx, cl, op.LimitsGet, op.LimitsOf{App: app})
		if err != nil && app != "" { // the deploy may create it
			limits, err = client.Call(c.Ctx, cl, op.LimitsGet, op.LimitsOf{})
		}
		if err == nil {
			refused = hosting.CheckSizes(show.Announced(files), limits.Storage)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return refused
}

// put deploys a loaded project and prints the result.
func (c commands) put(p *project.Project, f deployFlags, began time.Time) error {
	for _, w := range p.Warnings {
		fmt.Fprintf(c.Notes(), "note: %s\n", output.Line(w))
	}
	if f.dryRun {
		if err := c.noteUnreachable(p); err != nil {
			return err
		}
	}
	p.Plan.Preview = f.preview
	if f.spa || f.noSPA {
		p.Plan.SPA = &f.spa
	}
	return c.With(func(cl *client.Client) error {
		bar := kit.NewBar(c.Notes())
		d, err := client.Deploy(c.Ctx, cl, p.Name, p.Plan, p, f.dryRun, bar.Show)
		bar.Clear()
		if err != nil {
			return err
		}
		if d.Deployed != nil {
			for _, w := range d.Deployed.Warnings {
				fmt.Fprintf(c.Stderr, "note: %s\n", output.Line(w))
			}
			c.sayNeeds(d.Deployed.Needs, p.Name, d.Deployed.Deployment.Manifest.Net)
		}
		r := outcome(p, d)
		r.Millis = time.Since(began).Milliseconds()
		if u := d.Upload.Same; u != nil && u.Live { // an upload that is not needed has no address
			app, err := client.Call(c.Ctx, cl, op.AppGet, op.AppRef{App: p.Name})
			if err != nil {
				return err
			}
			r.URL = app.URL
			c.sayNeeds(app.Needs, p.Name, u.Manifest.Net)
		}
		if u := d.Upload.Same; u != nil && f.preview {
			same, err := client.Call(c.Ctx, cl, op.DeploymentGet, op.DeploymentRef{App: p.Name, Deployment: fmt.Sprint(u.Number)})
			if err != nil {
				return err
			}
			r.URL = cmp.Or(same.Preview, r.URL) // an older peer has no preview URL for the live deployment
		}
		return c.Print(deployView(r, d, cl.InProcess()))
	})
}

// noteUnreachable reports what a deploy would send that no visitor reaches; a deploy itself gets this from the instance.
func (c commands) noteUnreachable(p *project.Project) error {
	notes, err := p.Shadowed(c.Ctx)
	if err != nil {
		return err
	}
	if note := p.Unserved(); note != "" {
		notes = append(notes, note)
	}
	for _, note := range notes {
		fmt.Fprintf(c.Notes(), "note: %s\n", output.Line(note))
	}
	return nil
}

// deployed is the result as JSON.
type deployed struct {
	App        string `json:"app"`
	Deployment int    `json:"deployment"` // 0 for a dry run
	URL        string `json:"url"`
	Live       bool   `json:"live"`
	New        int    `json:"new"`
	Changed    int    `json:"changed"`
	Unchanged  int    `json:"unchanged"`
	Removed    int    `json:"removed"`
	Sent       int64  `json:"sent"`    // bytes on the wire
	Missing    int64  `json:"missing"` // bytes of content the instance lacked
	Millis     int64  `json:"millis"`
}

func outcome(p *project.Project, d client.Deployment) deployed {
	u := d.Upload
	r := deployed{
		App: p.Name, New: u.New, Changed: u.Changed, Unchanged: u.Unchanged, Removed: u.Removed,
		Sent: d.Sent, Missing: u.MissingBytes,
	}
	switch {
	case u.Same != nil:
		r.Deployment, r.Live = u.Same.Number, u.Same.Live
	case d.Deployed != nil:
		r.Deployment, r.Live, r.URL = d.Deployed.Deployment.Number, d.Deployed.Deployment.Live, d.Deployed.Deployment.URL
	}
	return r
}

func deployView(r deployed, d client.Deployment, inProcess bool) output.View {
	files := fmt.Sprintf("%d new, %d changed, %d unchanged, %d removed", r.New, r.Changed, r.Unchanged, r.Removed)
	rows := [][]string{{"app", r.App}}
	add := func(label, text string) { rows = append(rows, []string{label, text}) }
	switch {
	case d.Upload.Same != nil:
		add("deployment", fmt.Sprintf("%d, which already has exactly this content", r.Deployment))
	case d.Deployed == nil:
		add("deployment", "none: this was a dry run")
		add("files", files)
		add("would send", output.Size(r.Missing))
	case d.Deployed.Preview:
		add("deployment", fmt.Sprintf("%d (a preview, not live)", r.Deployment))
	default:
		add("deployment", fmt.Sprint(r.Deployment))
	}
	if d.Deployed != nil {
		add("files", files)
		add("sent", output.Size(r.Sent))
	}
	if r.URL != "" {
		add("url", r.URL)
	}
	add("time", (time.Duration(r.Millis) * time.Millisecond).String())
	if inProcess && r.URL != "" {
		add("server", "not running; `fazt server start` starts it")
	}
	return output.View{Value: r, Rows: rows}
}

package app

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"fazt/internal/api/op"
	"fazt/internal/api/show"
	"fazt/internal/applog"
	"fazt/internal/cli/devserver"
	"fazt/internal/cli/folder"
	"fazt/internal/cli/kit"
	"fazt/internal/cli/project"
	"fazt/internal/client"
	"fazt/internal/errs"
	"fazt/internal/hosting"
	"fazt/internal/hosting/route"
	"fazt/internal/output"
	"fazt/internal/server"
)

// Dev returns `fazt dev`.
func Dev(shared *kit.CLI) *cobra.Command {
	c := commands{shared}
	var o project.Options
	var listen []string
	cmd := &cobra.Command{
		Use: "dev DIR", Short: "Run a folder and redeploy it on changes", Args: kit.Arguments("the folder"),
		Long: `Run a folder as an app on its own instance, redeploy it whenever it
changes, reload open pages, and show the console output of its functions.

If fazt.json has "dev", that command runs instead of the build, as the front
end's development server: /api and the function's routes are served by Fazt, and
everything else by that server, with its hot reload. It gets a free port as PORT
and {port}, or prints its address.

Its data is kept in ~/.fazt/dev, one database per folder, unless --db or
FAZT_DB names another database.`,
		Example: `  fazt dev examples/guestbook
  fazt dev . --listen 127.0.0.1:8080`,
		RunE: func(_ *cobra.Command, args []string) error { return c.runDev(args[0], o, listen) },
	}
	cmd.Flags().StringVar(&o.Name, "name", "", "name of the app")
	cmd.Flags().StringSliceVar(&listen, "listen", nil, "address to listen on (default 127.0.0.1:4698)")
	cmd.Flags().BoolVar(&o.NoBuild, "no-build", false, "run neither the build script nor the development server")
	o.Folder.IncludePrivate = true
	return cmd
}

// developer is one invocation of `fazt dev`.
type developer struct {
	commands
	dir      string
	options  project.Options
	instance *server.Instance
	client   *client.Client
	app      string          // "" until something is live
	seen     []op.Announced  // the files of the folder at the last deploy, if it has a build
	output   *project.Output // of the last build
	front    *devserver.Front
	server   *devserver.Server // nil = fazt.json names none, or it could not be started
	noted    []string          // the warnings of the last deploy
	edited   bool              // a file that git does not ignore has changed
}

func (c commands) runDev(dir string, o project.Options, listen []string) error {
	if err := folder.Check(dir); err != nil {
		return err
	}
	front := devserver.NewFront(devserver.State{Title: "Starting"})
	defer front.Close()
	o.Log, o.Compiler = io.MultiWriter(c.Stdout, front), c.Compiler
	o.Step = func(command string) { front.Set(step(command)) }
	o.Folder.Home, o.Folder.Getenv = c.Home, c.Getenv
	path, err := c.devDatabase(dir)
	if err != nil {
		return err
	}
	i, err := server.Open(c.Ctx, server.Config{Database: path, Listen: listen, Dev: true, Front: front.Wrap, Process: c.Process, Log: c.Logger(slog.LevelInfo)})
	if err != nil {
		return err
	}
	if u, err := url.Parse(i.URL("app")); err == nil {
		front.Serve(strings.TrimPrefix(u.Hostname(), "app."))
	}
	d := &developer{commands: c, dir: dir, options: o, instance: i, client: client.NewInProcess(i.API()), front: front}
	return errors.Join(d.run(), i.Close())
}

// step describes a command that has to run before anything is live.
func step(command string) devserver.State {
	s := devserver.State{Title: "Building", Detail: command}
	if strings.HasSuffix(command, " install") {
		s.Title = "Installing packages"
	}
	return s
}

// devDatabase returns the database of the folder, so that development never touches a permanent instance.
func (c commands) devDatabase(dir string) (string, error) {
	if c.Database != "" || c.Getenv("FAZT_DB") != "" {
		return c.DatabasePath()
	}
	full, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	home, err := c.Home()
	if err != nil {
		return "", errs.Wrap(errs.Invalid, err, "the home directory is unknown; name a database with --db")
	}
	sum := sha256.Sum256([]byte(full))
	return filepath.Join(home, ".fazt", "dev", fmt.Sprintf("%s-%x.db", project.Label(filepath.Base(full)), sum[:4])), nil
}

func (d *developer) run() error {
	ctx, cancel := context.WithCancel(d.Ctx)
	defer cancel()
	w := watch(ctx, d.dir)
	defer w.close()
	log := d.instance.AppLog.Follow(applog.Query{})
	printed := make(chan struct{})
	go func() {
		defer close(printed)
		for l := range log.C {
			d.printLine(l)
		}
	}()
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- d.instance.Run(ctx, func([]net.Addr) { close(ready) }) }()
	var err error
	select {
	case <-ready:
		d.loop(ctx, w)
		cancel()
		err = <-ended
	case err = <-ended:
	}
	log.Stop()
	<-printed
	return err
}

// loop deploys now and after every change, until ctx ends.
func (d *developer) loop(ctx context.Context, w *watcher) {
	defer d.stopServer()
	d.announce()
	for first := true; ; first = false {
		deploy, build := d.changed(ctx)
		d.startServer(ctx)
		if deploy || first {
			d.deployOnce(ctx, first, build)
		}
		select {
		case <-ctx.Done():
			fmt.Fprintln(d.Stdout, "Stopped.")
			return
		case <-w.changed:
		}
	}
}

// announce prints the address before a build, which may take long.
func (d *developer) announce() {
	if has, err := project.HasBuild(d.dir); d.options.NoBuild || err != nil || !has && d.command() == "" {
		return
	}
	if name, err := project.Name(d.dir, d.options.Name); err == nil {
		fmt.Fprintf(d.Stdout, "Preparing %s\n", d.instance.URL(name))
	}
}

// command returns the command of the development server; "" = there is none.
func (d *developer) command() string {
	if d.options.NoBuild {
		return ""
	}
	return project.ReadManifest(d.dir).Dev
}

// startServer starts the development server that fazt.json names, unless it runs. One that failed is started again after an edit
// only: it may have written files itself.
func (d *developer) startServer(ctx context.Context) {
	command := d.command()
	if d.server != nil && (d.server.Command != command || d.edited && !d.server.Running()) {
		d.stopServer()
	}
	if command == "" || d.server != nil || !d.edited {
		return
	}
	err := project.Install(ctx, d.dir, d.options)
	if err == nil {
		d.server, err = devserver.Start(d.front, d.dir, command, d.Stdout)
	}
	if err != nil && ctx.Err() == nil {
		d.front.ServerFailed(errs.Sentence(err))
		d.Explain(err)
	}
}

func (d *developer) stopServer() {
	if d.server != nil {
		d.server.Stop()
		d.server = nil
	}
}

// changed reports whether there is something to deploy, and whether the build script has to run before: functions do not
// depend on it, and what it wrote must not trigger it again. Without a build, every change counts; with a development server,
// those of the pages do not.
func (d *developer) changed(ctx context.Context) (deploy, build bool) {
	served := d.command() != ""
	if has, err := project.HasBuild(d.dir); !served && (d.options.NoBuild || err != nil || !has) {
		return true, true
	}
	d.edited = true
	f, err := folder.Read(ctx, d.dir, d.options.Folder)
	if err != nil {
		return true, true // the deploy reports what is wrong
	}
	defer f.Close()
	before := d.seen
	d.seen = f.Files
	paths := differing(before, f.Files)
	d.edited = len(paths) > 0
	for _, path := range paths {
		pages := !project.SourceFiles(path)
		switch {
		case path == hosting.ManifestFile:
			return true, true
		case served && pages:
			deploy = deploy || project.ReadManifest(d.dir).Function != "" // which may import it
		case pages && (d.output == nil || !d.output.Contains(path)):
			return true, true
		default:
			deploy = true
		}
	}
	return deploy, d.output == nil
}

// differing returns the paths of the files that are in one list only.
func differing(a, b []op.Announced) (paths []string) {
	in := map[op.Announced]bool{}
	for _, f := range a {
		in[f] = true
	}
	for _, f := range b {
		if !in[f] {
			paths = append(paths, f.Path)
		}
		delete(in, f)
	}
	for f := range in {
		paths = append(paths, f.Path)
	}
	return paths
}

func (d *developer) deployOnce(ctx context.Context, first, build bool) {
	began := time.Now()
	o := d.options
	if !build {
		o.Output = d.output
	}
	o.WithoutPages = d.command() != ""
	d.output = nil // until it succeeds
	d.front.Again(devserver.State{Title: "Deploying"})
	p, err := project.Load(ctx, d.dir, o)
	if err == nil {
		defer p.Close()
		out := p.Output()
		d.output = &out
		err = d.upload(ctx, p, began, first)
	}
	if err != nil && ctx.Err() == nil {
		d.Explain(err)
		d.front.Set(devserver.State{Title: "The deploy failed", Detail: explained(err), Failed: true})
		if d.app != "" {
			fmt.Fprintln(d.Stderr, "The previous deployment stays live; save a file to try again.")
		} else {
			fmt.Fprintln(d.Stderr, "Nothing is live yet; save a file to try again.")
		}
	}
}

// explained describes an error with the lines of code that it is about.
func explained(err error) string {
	text := errs.Sentence(err)
	for _, f := range kit.Diagnostics(err) {
		text += "\n\n" + strings.TrimSpace(fmt.Sprintf("%s:%d:%d: %s\n%s", f.File, f.Line, f.Column, f.Text, f.Frame))
	}
	return text
}

// note prints the warnings of a deploy, unless the last one had the same.
func (d *developer) note(warnings []string) {
	for _, w := range warnings {
		if !slices.Contains(d.noted, w) {
			fmt.Fprintf(d.Stderr, "note: %s\n", output.Line(w))
		}
	}
	d.noted = warnings
}

func (d *developer) upload(ctx context.Context, p *project.Project, began time.Time, first bool) error {
	if first {
		for _, w := range p.Warnings {
			fmt.Fprintf(d.Stderr, "note: %s\n", output.Line(w))
		}
	}
	done, err := client.Deploy(ctx, d.client, p.Name, p.Plan, p, false, nil)
	if err != nil {
		return err
	}
	m := show.Plan(p.Plan).Manifest
	d.front.Live(devserver.App{Name: p.Name, Product: route.Product(m.Product), Routes: m.Routes})
	if done.Deployed != nil {
		d.note(done.Deployed.Warnings)
		d.sayNeeds(done.Deployed.Needs, p.Name, done.Deployed.Deployment.Manifest.Net)
	}
	took := time.Since(began).Round(time.Millisecond)
	switch {
	case done.Deployed != nil && d.app != "":
		u := done.Upload
		fmt.Fprintf(d.Stdout, "%s  deployment %d live in %v (%d new, %d changed, %d removed)\n",
			time.Now().Format("15:04:05"), done.Deployed.Deployment.Number, took, u.New, u.Changed, u.Removed)
	case d.app == "":
		number := 0
		if done.Deployed != nil {
			number = done.Deployed.Deployment.Number
		} else {
			number = done.Upload.Same.Number
		}
		fmt.Fprintf(d.Stdout, "\n  %s  %s\n\n  deployment %d of %s, live in %v; data in %s\n  Changes to %s go live automatically. Ctrl-C stops.\n\n",
			p.Name, d.instance.URL(p.Name), number, output.Count(len(p.Plan.Files), "file"), took, d.instance.DB.Path(), d.dir)
	}
	d.app = p.Name
	return nil
}

func (d *developer) printLine(l applog.Line) {
	d.logLine(l.Time.Local().Format("15:04:05"), l.Level, l.Message)
}

// logLine prints a line of an app's log.
func (c commands) logLine(at, level, message string) {
	mark := ""
	if level != "info" {
		mark = strings.ToUpper(level) + " "
	}
	text := strings.ReplaceAll(strings.TrimRight(message, "\n"), "\n", "\n"+strings.Repeat(" ", len(at)+4))
	fmt.Fprintf(c.Stdout, "%s  | %s%s\n", output.Visible(at), output.Visible(mark), output.Visible(text))
}

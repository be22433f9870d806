package app

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"fazt/internal/api/op"
	"fazt/internal/cli/kit"
	"fazt/internal/cli/project"
	"fazt/internal/cli/repo"
	"fazt/internal/client"
	"fazt/internal/errs"
	"fazt/internal/output"
)

func (c commands) appInstall() *cobra.Command {
	var f deployFlags
	var path string
	cmd := &cobra.Command{
		Use: "install URL[@REF]", Short: "Deploy an app from a git repository", Args: kit.Arguments("the URL of the repository"),
		Long: `Deploy an app from a git repository: from any host over https, or from a folder
of this machine. REF is a branch, a tag or a commit (default: the default
branch). The commit is recorded; "fazt app upgrade" finds a newer one.

One commit is fetched, without its history. Links and submodules are left out.
Where package.json has a build script, it runs on this machine, as for "fazt app
deploy".`,
		Example: `  fazt app install https://github.com/someone/blog
  fazt app install github.com/someone/blog@v1.2 --name notes
  fazt app install https://example.com/many.git@main --path apps/blog
  fazt app install ./clone@main`,
		RunE: func(_ *cobra.Command, args []string) error { return c.install(args[0], path, f) },
	}
	flags := cmd.Flags()
	flags.StringVar(&path, "path", "", "folder of the app in the repository")
	flags.StringVar(&f.Name, "name", "", "name of the app, which is its host label")
	flags.BoolVar(&f.preview, "preview", false, "create the deployment without putting it live")
	flags.BoolVar(&f.Folder.IncludePrivate, "include-private", false, "send private/ even if .gitignore lists it")
	flags.BoolVar(&f.NoBuild, "no-build", false, "do not run the build script of package.json")
	return cmd
}

func (c commands) install(text, path string, f deployFlags) error {
	began := time.Now()
	address, err := repo.Parse(text)
	if err != nil {
		return err
	}
	if path, err = repo.CleanPath(path); err != nil {
		return err
	}
	source := op.GitSource{URL: address.URL, Path: path}
	r, commit, err := c.find(source, address.Ref)
	if err != nil {
		return err
	}
	source.Ref, source.Commit = commit.Ref, commit.Hash
	return c.checkout(r, commit, source, f, func(p *project.Project) error {
		if err := c.mayInstall(p.Name, source); err != nil {
			return err
		}
		return c.put(p, f, began)
	})
}

// find opens the repository of a source and finds the commit of a ref in it.
func (c commands) find(source op.GitSource, ref string) (*repo.Repository, repo.Commit, error) {
	bar := kit.NewBar(c.Stderr)
	r, err := repo.Open(c.Ctx, repo.Address{URL: source.URL, Ref: ref}, bar.Received)
	bar.Clear()
	if err != nil {
		return nil, repo.Commit{}, err
	}
	commit, found, err := r.Find(ref)
	if err == nil && !found {
		err = noRef(source.URL, ref, r.Names())
	}
	return r, commit, err
}

// noRef returns the error of an unknown branch, tag or commit, with the nearest known ones.
func noRef(url, ref string, names []string) error {
	text := fmt.Sprintf("%s has no branch, tag or full commit hash %q", url, ref)
	if len(names) == 0 {
		return errs.New(errs.NotFound, "%s", text)
	}
	word := "; did you mean one of these: "
	near := slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		return kit.Distance(ref, name) > max(1, len(ref)/3) && !strings.Contains(name, ref)
	})
	if len(near) == 0 {
		word, near = "; it has ", names
	}
	slices.SortStableFunc(near, func(a, b string) int { return cmp.Compare(kit.Distance(ref, a), kit.Distance(ref, b)) })
	more := ""
	if len(near) > 5 {
		near, more = near[:5], ", …"
	}
	return errs.New(errs.NotFound, "%s%s%s%s", text, word, strings.Join(near, ", "), more)
}

// checkout writes a commit to a temporary folder, builds it, and calls then.
func (c commands) checkout(r *repo.Repository, commit repo.Commit, source op.GitSource, f deployFlags, then func(*project.Project) error) (err error) {
	dir, err := os.MkdirTemp("", "fazt-install-*")
	if err != nil {
		return errs.Wrap(errs.Invalid, err, "cannot create a temporary folder for the files of the repository")
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if dir, err = filepath.EvalSymlinks(dir); err != nil { // build tools resolve their own path
		return err
	}
	files, err := r.Checkout(c.Ctx, commit, source.Path, dir)
	if err != nil {
		return err
	}
	f.Log, f.Compiler = c.Stderr, c.Compiler
	p, err := project.Load(c.Ctx, files.Dir, f.Options)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	p.Warnings = append(files.Warnings, p.Warnings...)
	p.Plan.Source = &source
	p.Plan.Message = fmt.Sprintf("%.200s (%s)", cmp.Or(files.Subject, "no message"), commit.Short())
	return then(p)
}

// mayInstall refuses to overwrite an app that came from somewhere else.
func (c commands) mayInstall(name string, source op.GitSource) error {
	return c.With(func(cl *client.Client) error {
		app, err := client.Call(c.Ctx, cl, op.AppGet, op.AppRef{App: name})
		if errs.Is(err, errs.NotFound) || err == nil && app.Live == nil {
			return nil
		}
		if err != nil {
			return err
		}
		if had := app.Live.Source; had == nil || had.URL != source.URL || had.Path != source.Path {
			return errs.New(errs.Conflict, "the app %s exists and was not installed from there; choose another name with --name, or remove it first", name)
		}
		return nil
	})
}

func (c commands) appUpgrade() *cobra.Command {
	var f deployFlags
	var check, yes bool
	cmd := &cobra.Command{
		Use: "upgrade APP", Short: "Deploy the newest commit of an installed app", Args: kit.Arguments("the name of the app"),
		Long: `Deploy the newest commit of the branch or tag that an app was installed from.
The command shows the commit and asks first, because its build script runs on
this machine; --yes does not ask.

With --check nothing is deployed: the exit code is 0 when the app is at the
newest commit, and 1 when there is another.`,
		Example: `  fazt app upgrade blog
  fazt app upgrade blog --check
  fazt app upgrade blog --yes --no-build`,
		RunE: func(_ *cobra.Command, args []string) error {
			if check && yes {
				return kit.Usagef("--check and --yes cannot be combined")
			}
			return c.upgrade(args[0], check, yes, f)
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&check, "check", false, "only check for another commit")
	flags.BoolVar(&yes, "yes", false, "do not ask")
	flags.BoolVar(&f.preview, "preview", false, "create the deployment without putting it live")
	flags.BoolVar(&f.Folder.IncludePrivate, "include-private", false, "send private/ even if .gitignore lists it")
	flags.BoolVar(&f.NoBuild, "no-build", false, "do not run the build script of package.json")
	return cmd
}

// upgraded is the result as JSON of an upgrade that deploys nothing.
type upgraded struct {
	App    string `json:"app"`
	URL    string `json:"url"`
	Ref    string `json:"ref"`
	Live   string `json:"live"`   // commit
	Newest string `json:"newest"` // commit
	Newer  bool   `json:"newer"`  // the two differ
}

func (c commands) upgrade(name string, check, yes bool, f deployFlags) error {
	began := time.Now()
	app, err := c.installed(name)
	if err != nil {
		return err
	}
	source := *app.Live.Source
	// It comes from the instance, which is not trusted.
	if address, err := repo.Parse(source.URL); err != nil || address.URL != source.URL {
		return errs.Wrap(errs.Invalid, cmp.Or(err, errors.New(address.URL)), "the instance reports an invalid repository as the source of %s: %q", app.Name, source.URL)
	}
	r, commit, err := c.find(source, source.Ref)
	if err != nil {
		return err
	}
	u := upgraded{App: app.Name, URL: source.URL, Ref: source.Ref, Live: source.Commit, Newest: commit.Hash, Newer: commit.Hash != source.Commit}
	if check || !u.Newer {
		return c.tellUpgrade(u, commit)
	}
	source.Commit = commit.Hash
	if !yes {
		if err := c.confirmUpgrade(u); err != nil {
			return err
		}
	}
	f.Name = app.Name
	return c.checkout(r, commit, source, f, func(p *project.Project) error { return c.put(p, f, began) })
}

// installed returns an app whose live deployment came from a repository.
func (c commands) installed(name string) (app op.App, err error) {
	err = c.Existing(func(cl *client.Client) (err error) {
		app, err = client.Call(c.Ctx, cl, op.AppGet, op.AppRef{App: name})
		return err
	})
	if err == nil && (app.Live == nil || app.Live.Source == nil) {
		err = errs.New(errs.Conflict, "the live deployment of %s was not installed from a repository; install one with `fazt app install URL`", app.Name)
	}
	return app, err
}

func (c commands) tellUpgrade(u upgraded, commit repo.Commit) error {
	state := "up to date"
	switch {
	case u.Newer:
		state = "can be upgraded"
	case commit.Pinned():
		state = "up to date: it was installed at this commit, not from a branch"
	}
	rows := [][]string{{"app", u.App}, {"source", u.URL}, {"ref", cmp.Or(u.Ref, "HEAD")}, {"live", fmt.Sprintf("%.7s", u.Live)}, {"newest", commit.Short()}, {"state", state}}
	if err := c.Print(output.View{Value: u, Rows: rows}); err != nil || !u.Newer {
		return err
	}
	return errs.New(errs.Conflict, "another commit is available; `fazt app upgrade %s` deploys it", u.App)
}

// confirmUpgrade shows what will be fetched and built, and asks whether to continue.
func (c commands) confirmUpgrade(u upgraded) error {
	what := fmt.Sprintf("%s at %s, commit %.7s (now %.7s)", u.URL, cmp.Or(u.Ref, "HEAD"), u.Newest, u.Live)
	in, ok := c.Stdin.(*os.File)
	if !ok || !term.IsTerminal(int(in.Fd())) {
		return kit.Usagef("upgrading %s deploys %s; without a terminal it needs --yes", u.App, what)
	}
	fmt.Fprintf(c.Stderr, "This deploys %s,\nand runs its build script, if it has one, on this machine.\nContinue? [y/N] ", what)
	typed, _ := bufio.NewReader(in).ReadString('\n')
	if answer := strings.ToLower(strings.TrimSpace(typed)); answer != "y" && answer != "yes" {
		return errs.New(errs.Canceled, "nothing was deployed")
	}
	return nil
}

// sourceText describes a source.
func sourceText(s *op.GitSource) string {
	if s == nil {
		return ""
	}
	text := s.URL
	if s.Path != "" {
		text += ", folder " + s.Path
	}
	if s.Ref != s.Commit {
		text += ", " + cmp.Or(s.Ref, "HEAD")
	}
	return fmt.Sprintf("%s at %.7s", text, s.Commit)
}

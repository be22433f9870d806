package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"fazt/internal/api/op"
	"fazt/internal/api/show"
	"fazt/internal/cli/folder"
	"fazt/internal/egress/rules"
	"fazt/internal/errs"
	"fazt/internal/hosting"
	"fazt/internal/output"
	"fazt/internal/runtime/compile"
	"fazt/internal/system"
)

// shortForms are the commands people type daily, without the word app.
func (c *command) shortForms() []*cobra.Command {
	short := []*cobra.Command{c.appDeploy(), c.appList(), c.appOpen()}
	for _, cmd := range short {
		cmd.Short += " (fazt app " + cmd.Name() + ")"
		cmd.Example = strings.ReplaceAll(cmd.Example, "fazt app "+cmd.Name(), "fazt "+cmd.Name())
	}
	return short
}

func (c *command) appValidate() *cobra.Command {
	var o projectOptions
	cmd := &cobra.Command{
		Use: "validate DIR", Short: "Check a folder as a deploy would", Args: arguments("the folder"),
		Long: `Check a folder as a deploy would, without any instance, and list everything that
is wrong: the manifest, the name, the function, which is compiled, and names and
sizes of the files against the default limits. Nothing is sent. A build script
is run first, unless --no-build says otherwise.`,
		Example: `  fazt app validate ./site
  fazt app validate ./site --format json`,
		RunE: func(_ *cobra.Command, args []string) error { return c.validate(args[0], o) },
	}
	cmd.Flags().StringVar(&o.name, "name", "", "name of the app")
	cmd.Flags().BoolVar(&o.folder.IncludePrivate, "include-private", false, "take private/ even where .gitignore names it")
	cmd.Flags().BoolVar(&o.noBuild, "no-build", false, "do not run the build script of package.json")
	return cmd
}

// validity is the outcome for programs.
type validity struct {
	Valid    bool                 `json:"valid"`
	App      string               `json:"app"` // "" = it has no usable name
	Files    int                  `json:"files"`
	Bytes    int64                `json:"bytes"`
	Function string               `json:"function"` // where it begins; "" = there is none, or it does not compile
	Net      []string             `json:"net"`      // domains its fazt.json asks for; whether they are granted, the instance knows
	Secrets  []string             `json:"secrets"`  // names of secrets it asks for
	Faults   []compile.Diagnostic `json:"faults"`
	Warnings []string             `json:"warnings"`
}

func (c *command) validate(dir string, o projectOptions) error {
	o.log, o.compiler = c.Stderr, c.compiler
	if err := folder.Check(dir); err != nil {
		return err
	}
	built := ""
	if !o.noBuild {
		var err error
		if built, err = build(c.ctx, dir, o.log); err != nil {
			return err
		}
		if err = installPackages(c.ctx, dir, o.log); err != nil {
			return err
		}
	}
	p := &project{from: map[string]*folder.Folder{}}
	defer p.Close()
	if err := p.readFiles(c.ctx, dir, built, o); err != nil {
		return err
	}
	v := inspect(c.ctx, p, dir, o)
	if err := c.printValidity(v); err != nil {
		return err
	}
	if !v.Valid {
		return errs.New(errs.Unprocessable, "%s cannot be deployed: %s", dir, output.Count(len(v.Faults), "fault"))
	}
	return nil
}

// inspect looks for everything that is wrong with a project whose files were read.
func inspect(ctx context.Context, p *project, dir string, o projectOptions) validity {
	missing := p.addPackages(ctx, dir, o.compiler)
	v := validity{Files: len(p.plan.Files), Faults: []compile.Diagnostic{}, Warnings: append([]string{}, p.warnings...)}
	for _, f := range p.plan.Files {
		v.Bytes += f.Size
	}
	var err error
	if p.plan.Manifest, err = p.manifest(); err != nil {
		v.Faults = append(v.Faults, located(err, hosting.ManifestFile))
	}
	v.Net, v.Secrets = append([]string{}, p.plan.Manifest.Net...), append([]string{}, p.plan.Manifest.Secrets...)
	if err := rules.CheckNeeds(p.plan.Manifest.Net, p.plan.Manifest.Secrets); err != nil {
		v.Faults = append(v.Faults, compile.Diagnostic{File: hosting.ManifestFile, Text: errs.Sentence(err)})
	}
	if v.App, err = p.chooseName(dir, o.name); err != nil {
		v.App = ""
		v.Faults = append(v.Faults, located(err, ""))
	}
	if warning := compile.UnusedEntries(local{p}.Exists); warning != "" {
		v.Warnings = append(v.Warnings, warning)
	}
	for _, f := range show.Plan(p.plan).Faults(system.Defaults().Storage) {
		v.Faults = append(v.Faults, compile.Diagnostic{File: f.Path, Text: f.Text})
	}
	var program *compile.Program
	if err = missing; err == nil {
		program, err = o.compiler.Compile(ctx, dir, local{p})
	}
	switch found := diagnostics(err); {
	case err != nil && len(found) == 0:
		v.Faults = append(v.Faults, located(err, ""))
	case err != nil:
		v.Faults = append(v.Faults, found...)
	case program != nil:
		v.Function = program.Entry
	}
	v.Valid = len(v.Faults) == 0
	return v
}

// place is how a sentence about a file begins.
var place = regexp.MustCompile(`^([^\s:]+):(\d+):(\d+): `)

// located makes a fault of an error, with the place its sentence begins with.
func located(err error, file string) compile.Diagnostic {
	text := errs.Sentence(err)
	at := place.FindStringSubmatch(text)
	if at == nil {
		return compile.Diagnostic{File: file, Text: text}
	}
	line, _ := strconv.Atoi(at[2])
	column, _ := strconv.Atoi(at[3])
	return compile.Diagnostic{File: at[1], Line: line, Column: column, Text: text[len(at[0]):]}
}

func (c *command) printValidity(v validity) error {
	for _, w := range v.Warnings {
		fmt.Fprintf(c.Stderr, "note: %s\n", w)
	}
	if output.Format(c.format) == output.JSON || v.Valid {
		function := v.Function
		if function == "" {
			function = "none"
		}
		rows := [][]string{{"app", v.App}, {"files", fmt.Sprintf("%d, %s", v.Files, output.Size(v.Bytes))}, {"function", function}, {"faults", fmt.Sprint(len(v.Faults))}}
		if len(v.Net)+len(v.Secrets) > 0 {
			rows = append(rows, []string{"asks for", strings.Join(append(v.Net, v.Secrets...), ", ")})
		}
		return c.print(output.View{Value: v, Rows: rows})
	}
	for _, f := range v.Faults {
		where := f.File
		if f.Line > 0 {
			where = fmt.Sprintf("%s:%d:%d", f.File, f.Line, f.Column)
		}
		if where != "" {
			where += ": "
		}
		fmt.Fprintf(c.Stdout, "%s%s\n", output.Visible(where), output.Visible(f.Text))
		if f.Frame != "" {
			fmt.Fprintln(c.Stdout, output.Visible(f.Frame))
		}
	}
	return nil
}

// local reads the files of a project, for the compiler.
type local struct{ *project }

func (l local) Exists(path string) bool {
	_, found := slices.BinarySearchFunc(l.plan.Files, path, func(f op.Announced, path string) int { return strings.Compare(f.Path, path) })
	return found
}

func (l local) ReadFile(_ context.Context, path string) ([]byte, error) {
	if !l.Exists(path) {
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
	}
	r, err := l.Open(path)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(r)
	return data, errors.Join(err, r.Close())
}

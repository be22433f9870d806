package app

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"fazt/internal/cli/folder"
	"fazt/internal/cli/kit"
	"fazt/internal/cli/project"
	"fazt/internal/errs"
	"fazt/internal/output"
)

func (c commands) appValidate() *cobra.Command {
	var o project.Options
	cmd := &cobra.Command{
		Use: "validate DIR", Short: "Check a folder as a deploy would", Args: kit.Arguments("the folder"),
		Long: `Check a folder as a deploy would, without an instance, and list everything that
is wrong: the manifest, the name, the function, which is compiled, and names and
sizes of the files against the default limits. Nothing is sent. A build script
runs first, unless --no-build is given.`,
		Example: `  fazt app validate ./site
  fazt app validate ./site --format json`,
		RunE: func(_ *cobra.Command, args []string) error { return c.validate(args[0], o) },
	}
	cmd.Flags().StringVar(&o.Name, "name", "", "name of the app")
	cmd.Flags().BoolVar(&o.Folder.IncludePrivate, "include-private", false, "include private/ even if .gitignore lists it")
	cmd.Flags().BoolVar(&o.NoBuild, "no-build", false, "do not run the build script of package.json")
	return cmd
}

func (c commands) validate(dir string, o project.Options) error {
	o.Log, o.Compiler = c.Stderr, c.Compiler
	o.Folder.Home, o.Folder.Getenv = c.Home, c.Getenv
	if err := folder.Check(dir); err != nil {
		return err
	}
	built, err := project.Build(c.Ctx, dir, o)
	if err != nil {
		return err
	}
	p := &project.Project{From: map[string]*folder.Folder{}}
	defer p.Close()
	if err := p.ReadFiles(c.Ctx, dir, built, o); err != nil {
		return err
	}
	v := project.Inspect(c.Ctx, p, dir, o)
	if err := c.printValidity(v); err != nil {
		return err
	}
	if !v.Valid {
		return errs.New(errs.Unprocessable, "%s cannot be deployed: %s", dir, output.Count(len(v.Faults), "fault"))
	}
	return nil
}

func (c commands) printValidity(v project.Validity) error {
	for _, w := range v.Warnings {
		fmt.Fprintf(c.Stderr, "note: %s\n", w)
	}
	if output.Format(c.Format) == output.JSON || v.Valid {
		function := v.Function
		if function == "" {
			function = "none"
		}
		rows := [][]string{{"app", v.App}, {"files", fmt.Sprintf("%d, %s", v.Files, output.Size(v.Bytes))}, {"function", function}, {"faults", fmt.Sprint(len(v.Faults))}}
		if len(v.Net)+len(v.Secrets) > 0 {
			rows = append(rows, []string{"asks for", strings.Join(append(v.Net, v.Secrets...), ", ")})
		}
		return c.Print(output.View{Value: v, Rows: rows})
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

package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"fazt/internal/apps"
	"fazt/internal/cli/kit"
	"fazt/internal/cli/project"
	"fazt/internal/cli/template"
	"fazt/internal/cli/types"
	"fazt/internal/errs"
	"fazt/internal/hosting"
	"fazt/internal/output"
)

func (c commands) appCreate() *cobra.Command {
	var name, to string
	var list strings.Builder
	for _, t := range template.All() {
		fmt.Fprintf(&list, "\n  %-10s %s", t.Name, t.About)
		if t.Needs != "" {
			fmt.Fprintf(&list, ";\n             needs %s", t.Needs)
		}
	}
	cmd := &cobra.Command{
		Use: "create NAME", Short: "Create the folder of a new app from a template", Args: kit.Arguments("the name of the app"),
		Long: `Create a folder with a small app to start from. Nothing is deployed: try it out
with ` + "`fazt dev`" + `, then deploy it with ` + "`fazt app deploy`" + `.

Templates:` + list.String(),
		Example: `  fazt app create blog
  fazt app create notes --template api --to work/notes`,
		RunE: func(_ *cobra.Command, args []string) error {
			if to == "" {
				to = args[0]
			}
			return c.create(args[0], name, to)
		},
	}
	cmd.Flags().StringVar(&name, "template", "static", "template to start from")
	cmd.Flags().StringVar(&to, "to", "", "folder to create (default: the name of the app)")
	return cmd
}

// created is the result as JSON.
type created struct {
	App      string `json:"app"`
	Template string `json:"template"`
	Folder   string `json:"folder"`
	Files    int    `json:"files"`
}

func (c commands) create(app, name, dir string) error {
	t, err := template.Find(name)
	if err != nil {
		return kit.Usagef("%s", errs.Sentence(err))
	}
	if err := apps.CheckName(app); err != nil {
		return err
	}
	if entries, err := os.ReadDir(dir); len(entries) > 0 {
		return errs.New(errs.Conflict, "%s is not empty; nothing was written. --to DIR chooses another folder", dir)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return errs.Wrap(errs.Invalid, err, "%s cannot be created: %v", dir, project.Reason(err))
	}
	n, err := writeTemplate(t, app, dir)
	if err == nil {
		var more int
		more, err = writeTypes(dir)
		n += more
	}
	if err != nil {
		return errs.Wrap(errs.Invalid, err, "%s cannot be written: %v", dir, project.Reason(err))
	}
	rows := [][]string{{"app", app}, {"folder", dir}, {"files", fmt.Sprint(n)}}
	if t.Needs != "" {
		rows = append(rows, []string{"needs", t.Needs})
	}
	rows = append(rows, []string{"try it", "fazt dev " + dir}, []string{"deploy it", "fazt app deploy " + dir})
	return c.Print(output.View{Value: created{app, t.Name, dir, n}, Rows: rows})
}

// writeTemplate writes the files of a template, with the app's name in the manifest, and returns their number.
func writeTemplate(t template.Template, app, dir string) (n int, err error) {
	err = fs.WalkDir(t.Files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		at := filepath.Join(dir, filepath.FromSlash(name))
		if d.IsDir() {
			return os.MkdirAll(at, 0o755)
		}
		data, err := fs.ReadFile(t.Files, name)
		if err == nil && name == hosting.ManifestFile {
			data, err = renamed(data, app)
		}
		if err != nil {
			return err
		}
		n++
		return os.WriteFile(at, data, 0o644)
	})
	return n, err
}

// writeTypes writes the types for an editor next to the function of an app, if it has one.
func writeTypes(dir string) (n int, err error) {
	if _, err := os.Stat(filepath.Join(dir, "api")); err != nil {
		return 0, nil // it has no function
	}
	w, err := types.Write(dir)
	return len(w.Files), err
}

// renamed returns a manifest with the name of the app.
func renamed(data []byte, app string) ([]byte, error) {
	m, err := hosting.ParseManifest(data, hosting.ManifestFile)
	if err != nil {
		return nil, err
	}
	m.Name = app
	data, err = json.MarshalIndent(m, "", "  ")
	return append(data, '\n'), err
}

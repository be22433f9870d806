package app

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"fazt/internal/cli/folder"
	"fazt/internal/cli/kit"
	"fazt/internal/cli/types"
	"fazt/internal/output"
)

// Types returns `fazt types`.
func Types(shared *kit.CLI) *cobra.Command {
	c := commands{shared}
	return &cobra.Command{
		Use: "types [DIR]", Short: "Write the types of what functions can use, for editors",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return kit.Usagef("%q is one argument too many", args[1])
			}
			return nil
		},
		Long: `Write the types of what functions can use next to the function of an app, for
editors and for tsc: fazt.d.ts, fazt-modules.d.ts and, if there is none,
tsconfig.json. The types are those of this version; run it again after an
upgrade, and after installing packages.

Modules of Node.js and packages that come with Fazt have types too. If
@types/node or a package is in node_modules, its own types count instead.`,
		Example: `  fazt types
  fazt types ./site`,
		RunE: func(_ *cobra.Command, args []string) error {
			dir := "."
			if len(args) > 0 {
				dir = args[0]
			}
			return c.types(dir)
		},
	}
}

func (c commands) types(dir string) error {
	if err := folder.Check(dir); err != nil {
		return err
	}
	w, err := types.Write(dir)
	if err != nil {
		return err
	}
	if len(w.Add) > 0 {
		fmt.Fprintf(c.Stderr, "note: %s was left as it is; add to its compilerOptions:\n  %s\n", w.Project, strings.Join(w.Add, ",\n  "))
	}
	rows := [][]string{{"folder", w.Folder}, {"files", strings.Join(w.Files, ", ")}}
	if len(w.Loose) > 0 {
		rows = append(rows, []string{"loose", strings.Join(w.Loose, ", ") + "; install a package for all of its types"})
	}
	return c.Print(output.View{Value: w, Rows: rows})
}

package cli

import (
	"runtime"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"fazt/internal/schema"
)

func goVersion() string { return runtime.Version() }
func platform() string  { return runtime.GOOS + "/" + runtime.GOARCH }

func flagNames(cmd *cobra.Command) []string {
	var names []string
	visit := func(f *pflag.Flag) { names = append(names, f.Name) }
	cmd.Flags().VisitAll(visit)
	cmd.InheritedFlags().VisitAll(visit)
	return names
}

// nearest is the word most like the one given, or "" when none is much like it.
func nearest(word string, words []string) string { return schema.Nearest(word, words) }

// distance is how many letters must be added, removed or changed to make a of b.
func distance(a, b string) int { return schema.Distance(a, b) }

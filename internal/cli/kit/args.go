package kit

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"fazt/internal/schema"
)

// Group returns a command that only has subcommands.
func Group(use, short string, commands ...*cobra.Command) *cobra.Command {
	g := &cobra.Command{
		Use: use, Short: short,
		Args: NoCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	g.AddCommand(commands...)
	return g
}

// NoCommand refuses an argument in place of a subcommand.
func NoCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	message := fmt.Sprintf("unknown command %q", strings.TrimPrefix(cmd.CommandPath()+" "+args[0], "fazt "))
	var names []string
	for _, sub := range cmd.Commands() {
		names = append(names, sub.Name())
	}
	if near := Nearest(args[0], names); near != "" {
		message += fmt.Sprintf("; did you mean %q?", near)
	}
	return &Usage{message}
}

// Arguments checks the number of arguments and names the missing one.
func Arguments(names ...string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) < len(names) {
			return Usagef("%s is missing", names[len(args)])
		}
		if len(args) > len(names) {
			return Usagef("%q is one argument too many", args[len(names)])
		}
		return nil
	}
}

// Nearest returns the word most similar to the given one; "" if none is similar.
func Nearest(word string, words []string) string { return schema.Nearest(word, words) }

// Distance returns the number of letters to add, remove or change to get from b to a.
func Distance(a, b string) int { return schema.Distance(a, b) }

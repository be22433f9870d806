// Package env holds the commands on environment variables.
package env

import (
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"fazt/internal/api/op"
	"fazt/internal/cli/kit"
	"fazt/internal/client"
	"fazt/internal/errs"
	"fazt/internal/output"
)

// commands holds what all commands of the package share.
type commands struct{ *kit.CLI }

// Command returns `fazt env` with its subcommands.
func Command(shared *kit.CLI) *cobra.Command {
	c := commands{shared}
	return kit.Group("env", "Set environment variables of an app, read as env.NAME", c.envSet())
}

// envInput holds the flags of `env set`.
type envInput struct {
	value string
	given bool // --value was given, perhaps empty
	file  string
}

func (c commands) envSet() *cobra.Command {
	var in envInput
	cmd := &cobra.Command{
		Use: "set APP [NAME | NAME=VALUE]…", Short: "Set variables; functions see them from the next request on",
		Long: `Set variables of an app; its functions see them from the next request on,
without a deploy.

The value of a single NAME is asked for at the terminal without showing it, or
read from a pipe, so that a secret stays out of the history of your shell.`,
		Example: `  fazt env set blog API_KEY                    asks for the value
  fazt env set blog API_KEY < key.txt
  fazt env set blog MODE=live COLOR=blue
  fazt env set blog GREETING --value "hello"
  fazt env set blog --file .env                every variable of the file`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return kit.Usagef("the name of the app is missing")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			in.given = cmd.Flags().Changed("value")
			values, err := c.envValues(args[1:], in)
			if err != nil {
				return err
			}
			return c.Existing(func(cl *client.Client) error {
				list, err := client.Call(c.Ctx, cl, op.EnvSet, op.EnvValues{App: args[0], Values: values})
				if err != nil {
					return err
				}
				names := slices.Sorted(maps.Keys(values))
				return c.Print(output.View{Value: list, Rows: [][]string{{"app", args[0]}, {"set", strings.Join(names, ", ")}}})
			})
		},
	}
	cmd.Flags().StringVar(&in.value, "value", "", "the value of NAME")
	cmd.Flags().StringVar(&in.file, "file", "", "set every variable of a .env file; - is standard input")
	return cmd
}

// envValues returns the variables given by the arguments and flags.
func (c commands) envValues(args []string, in envInput) (map[string]string, error) {
	if in.file != "" {
		if len(args) > 0 || in.given {
			return nil, kit.Usagef("--file sets all variables; it cannot be combined with NAME or --value")
		}
		return c.envFile(in.file)
	}
	values := map[string]string{}
	bare := ""
	for _, arg := range args {
		name, value, has := strings.Cut(arg, "=")
		if _, twice := values[name]; twice || bare != "" && name == bare {
			return nil, kit.Usagef("%s is given twice", name)
		}
		switch {
		case has:
			values[name] = value
		case len(args) > 1:
			return nil, kit.Usagef("%s has no value; several variables are written NAME=VALUE", arg)
		default:
			bare = arg
		}
	}
	switch {
	case len(args) == 0:
		return nil, kit.Usagef("the name of the variable is missing")
	case bare == "" && in.given:
		return nil, kit.Usagef("the value is given twice: with = and with --value")
	case bare != "":
		value, err := c.envValue(bare, in)
		return map[string]string{bare: value}, err
	}
	return values, nil
}

// envValue returns the value of one variable: from the flag, the terminal, or a pipe without its last line end.
func (c commands) envValue(name string, in envInput) (string, error) {
	if in.given {
		return in.value, nil
	}
	if terminal, ok := c.Stdin.(*os.File); ok && term.IsTerminal(int(terminal.Fd())) {
		return c.Secret(terminal, "Value of "+name+": ")
	}
	text, err := kit.ReadInput(c.Stdin, "the value of "+name)
	if err != nil {
		return "", err
	}
	if text == "" {
		return "", kit.Usagef("%s has no value: pipe it in, or give it with --value, which may be empty", name)
	}
	return strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\r"), nil
}

func (c commands) envFile(path string) (map[string]string, error) {
	in := c.Stdin
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, errs.Wrap(errs.Invalid, err, "the file %s cannot be read", path)
		}
		defer f.Close()
		in = f
	}
	text, err := kit.ReadInput(in, "the file "+path)
	if err != nil {
		return nil, err
	}
	values, err := parseEnv(text)
	if err != nil {
		return nil, errs.Wrap(errs.Invalid, err, "%s, %v", path, err)
	}
	if len(values) == 0 {
		return nil, errs.New(errs.Invalid, "%s contains no variables", path)
	}
	return values, nil
}

package cli

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"fazt/internal/api/op"
	"fazt/internal/client"
	"fazt/internal/errs"
	"fazt/internal/limitio"
	"fazt/internal/output"
)

func (c *command) env() *cobra.Command {
	return group("env", "Set the environment of an app: what its functions see as env.NAME",
		c.envList(), c.envSet(), c.envUnset())
}

func (c *command) envList() *cobra.Command {
	return &cobra.Command{
		Use: "list APP", Short: "List the variables of an app, without their values", Args: arguments("the name of the app"),
		Example: "  fazt env list blog",
		RunE: func(_ *cobra.Command, args []string) error {
			return c.existing(func(cl *client.Client) error {
				list, err := pages(func(cursor string) (op.Page[op.EnvVariable], error) {
					return client.Call(c.ctx, cl, op.EnvList, op.AppPage{App: args[0], List: op.List{Cursor: cursor, Limit: 1000}})
				})
				if err != nil {
					return err
				}
				return c.print(envView(args[0], list))
			})
		},
	}
}

// envView shows that a variable has a value, and never the value: what a list prints ends up in logs and on screens.
func envView(app string, list []op.EnvVariable) output.View {
	v := output.View{
		Value: list, Columns: []string{"name", "value", "updated"},
		Empty: fmt.Sprintf("%s has no variables. `fazt env set %s NAME` sets one.", app, app),
	}
	for _, e := range list {
		v.Rows = append(v.Rows, []string{e.Name, fmt.Sprintf("•••••• (%s)", output.Count(e.Length, "byte")), output.Time(e.UpdatedAt)})
	}
	return v
}

// envInput is where the values of `env set` come from.
type envInput struct {
	value string
	given bool // --value is there, perhaps empty
	file  string
}

func (c *command) envSet() *cobra.Command {
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
				return usagef("the name of the app is missing")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			in.given = cmd.Flags().Changed("value")
			values, err := c.envValues(args[1:], in)
			if err != nil {
				return err
			}
			return c.existing(func(cl *client.Client) error {
				list, err := client.Call(c.ctx, cl, op.EnvSet, op.EnvValues{App: args[0], Values: values})
				if err != nil {
					return err
				}
				names := slices.Sorted(maps.Keys(values))
				return c.print(output.View{Value: list, Rows: [][]string{{"app", args[0]}, {"set", strings.Join(names, ", ")}}})
			})
		},
	}
	cmd.Flags().StringVar(&in.value, "value", "", "the value of NAME")
	cmd.Flags().StringVar(&in.file, "file", "", "set every variable of a .env file; - is standard input")
	return cmd
}

// envValues are the variables that the arguments and flags name.
func (c *command) envValues(args []string, in envInput) (map[string]string, error) {
	if in.file != "" {
		if len(args) > 0 || in.given {
			return nil, usagef("--file names all variables; it goes with no NAME and no --value")
		}
		return c.envFile(in.file)
	}
	values := map[string]string{}
	bare := ""
	for _, arg := range args {
		name, value, has := strings.Cut(arg, "=")
		if _, twice := values[name]; twice || bare != "" && name == bare {
			return nil, usagef("%s is given twice", name)
		}
		switch {
		case has:
			values[name] = value
		case len(args) > 1:
			return nil, usagef("%s has no value; several variables are written NAME=VALUE", arg)
		default:
			bare = arg
		}
	}
	switch {
	case len(args) == 0:
		return nil, usagef("the name of the variable is missing")
	case bare == "" && in.given:
		return nil, usagef("the value is given twice: with = and with --value")
	case bare != "":
		value, err := c.envValue(bare, in)
		return map[string]string{bare: value}, err
	}
	return values, nil
}

// mostInput bounds what is read of a pipe or a file; the instance has tighter bounds and says so.
const mostInput = 1 << 20

// envValue is the value of one variable: of the flag, or asked for, or all of a pipe but the end of its last line.
func (c *command) envValue(name string, in envInput) (string, error) {
	if in.given {
		return in.value, nil
	}
	if terminal, ok := c.Stdin.(*os.File); ok && term.IsTerminal(int(terminal.Fd())) {
		return c.secret(terminal, "Value of "+name+": ")
	}
	text, err := readMost(c.Stdin)
	if err != nil {
		return "", errs.Wrap(errs.Invalid, err, "the value of %s cannot be read", name)
	}
	if text == "" {
		return "", usagef("%s has no value: pipe it in, or give it with --value, which may be empty", name)
	}
	return strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\r"), nil
}

func (c *command) envFile(path string) (map[string]string, error) {
	in := c.Stdin
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, errs.Wrap(errs.Invalid, err, "the file %s cannot be read", path)
		}
		defer f.Close()
		in = f
	}
	text, err := readMost(in)
	if err != nil {
		return nil, errs.Wrap(errs.Invalid, err, "the file %s cannot be read", path)
	}
	values, err := parseEnv(text)
	if err != nil {
		return nil, errs.Wrap(errs.Invalid, err, "%s, %v", path, err)
	}
	if len(values) == 0 {
		return nil, errs.New(errs.Invalid, "there are no variables in %s", path)
	}
	return values, nil
}

func readMost(r io.Reader) (string, error) {
	text, err := limitio.ReadAll(r, mostInput)
	if errors.Is(err, limitio.ErrTooLong) {
		err = errs.New(errs.TooLarge, "it is longer than %d bytes", mostInput)
	}
	return string(text), err
}

func (c *command) envUnset() *cobra.Command {
	return &cobra.Command{
		Use: "unset APP NAME…", Short: "Remove variables of an app",
		Example: "  fazt env unset blog API_KEY MODE",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return nil
			}
			return usagef("%s is missing", []string{"the name of the app", "the name of the variable"}[len(args)])
		},
		RunE: func(_ *cobra.Command, args []string) error {
			return c.existing(func(cl *client.Client) error {
				list, err := client.Call(c.ctx, cl, op.EnvUnset, op.EnvNames{App: args[0], Names: args[1:]})
				if err != nil {
					return err
				}
				return c.print(output.View{Value: list, Rows: [][]string{{"app", args[0]}, {"removed", strings.Join(args[1:], ", ")}}})
			})
		},
	}
}

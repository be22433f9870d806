package limits

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"fazt/internal/api/op"
	"fazt/internal/cli/kit"
	"fazt/internal/client"
	"fazt/internal/output"
	"fazt/internal/schema"
	"fazt/internal/system"
)

// Settings returns `fazt settings` with its subcommands.
func Settings(shared *kit.CLI) *cobra.Command {
	c := commands{shared}
	return kit.Group("settings", "Show and change the settings of the instance",
		c.settingsList(), c.settingsGet(), c.settingsSet(), c.settingsReset())
}

// SettingFlags adds a flag for every setting to a command; those of lists may be repeated.
func SettingFlags(cmd *cobra.Command) {
	for _, f := range schema.Of[system.Settings]().Fields() {
		desc := strings.ToLower(f.Desc[:1]) + f.Desc[1:]
		if words := strings.Trim(f.Default, `[]"`); words != "" {
			desc += " (default " + words + ")"
		}
		if f.Type == "array" {
			cmd.Flags().StringSlice(system.FlagName(f.Path), nil, desc)
		} else {
			cmd.Flags().String(system.FlagName(f.Path), "", desc)
		}
	}
}

// GivenSettings returns the settings given by the flags of a command, by path.
func GivenSettings(cmd *cobra.Command) map[string]string {
	given := map[string]string{}
	for _, f := range schema.Of[system.Settings]().Fields() {
		name := system.FlagName(f.Path)
		switch flag := cmd.Flags().Lookup(name); {
		case flag == nil || !flag.Changed:
		case f.Type == "array":
			list, _ := cmd.Flags().GetStringSlice(name) // SettingFlags added it
			given[f.Path] = strings.Join(list, ",")
		default:
			given[f.Path] = flag.Value.String()
		}
	}
	return given
}

func (c commands) settingsList() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the settings, and where their values come from", Args: kit.Arguments(),
		Long: `List the settings and where their values come from: a flag of the server, else
the environment, else the stored value, else the default. The variable of a
setting is FAZT_ and its name, such as FAZT_DOMAIN.`,
		Example: `  fazt settings list
  fazt @home settings list`,
		RunE: func(*cobra.Command, []string) error {
			return c.Existing(func(cl *client.Client) error {
				list, err := client.Call(c.Ctx, cl, op.SettingsList, op.None{})
				if err != nil {
					return err
				}
				c.reportIgnored(list.Ignored)
				v := output.View{Value: list, Columns: []string{"setting", "value", "comes from", "changed"}, Yields: []string{"changed", "comes from"}}
				var notes [][]string
				for _, i := range list.Settings {
					v.Rows = append(v.Rows, []string{i.Path, shown(i, i.Value, ""), origin(i), changedBy(i)})
					if i.Note != "" {
						notes = append(notes, []string{fmt.Sprintf("%s %s", i.Path, waiting(i))})
					}
				}
				v.Rows = append(v.Rows, notes...)
				return c.Print(v)
			})
		},
	}
}

// waiting returns the note of a setting, with the value that is not in force yet.
func waiting(i system.Item) string {
	if waits(i) {
		return fmt.Sprintf("= %s %s", shown(i, i.Next, ""), i.Note)
	}
	return note(i.Note)
}

func (c commands) settingsGet() *cobra.Command {
	return &cobra.Command{
		Use: "get SETTING", Short: "Show one setting, and what it means", Args: kit.Arguments("the name of the setting"),
		Example: `  fazt settings get trusted_proxies`,
		RunE: func(_ *cobra.Command, args []string) error {
			return c.Existing(func(cl *client.Client) error {
				list, err := client.Call(c.Ctx, cl, op.SettingsList, op.None{})
				if err != nil {
					return err
				}
				i, err := item(list.Settings, "setting", args[0])
				if err != nil {
					return err
				}
				return c.Print(itemView("setting", i))
			})
		},
	}
}

func (c commands) settingsSet() *cobra.Command {
	return &cobra.Command{
		Use: "set SETTING VALUE…", Short: "Change a setting", Args: settingAndValues,
		Long: `Change a setting. The output says if it needs a restart, or if a flag or the
environment overrides it. A list takes several values, or one with commas.`,
		Example: `  fazt settings set domain example.com
  fazt settings set listen 0.0.0.0:80 '[::]:80'
  fazt settings set trusted_proxies 10.0.0.0/8,fd00::/8
  fazt settings set log_retention 30d`,
		RunE: func(_ *cobra.Command, args []string) error {
			return c.changeSettings(map[string]json.RawMessage{args[0]: quoted(strings.Join(args[1:], ","))})
		},
	}
}

func settingAndValues(_ *cobra.Command, args []string) error {
	if len(args) < 2 {
		return kit.Usagef("%s is missing", []string{"the name of the setting", "the value"}[len(args)])
	}
	return nil
}

func (c commands) settingsReset() *cobra.Command {
	return &cobra.Command{
		Use: "reset SETTING…", Short: "Reset settings to their defaults", Args: atLeastOne("the name of the setting"),
		Example: `  fazt settings reset domain`,
		RunE:    func(_ *cobra.Command, args []string) error { return c.changeSettings(resets(args)) },
	}
}

func (c commands) changeSettings(values map[string]json.RawMessage) error {
	return c.Existing(func(cl *client.Client) error {
		changed, err := client.Call(c.Ctx, cl, op.SettingsSet, op.SettingsChange{Values: values})
		if err != nil {
			return err
		}
		groups, err := client.Call(c.Ctx, cl, op.SettingsSchema, op.None{})
		if err != nil {
			return err
		}
		return c.Print(changedView("setting", changed, groups))
	})
}

// Package limits holds the commands on limits and settings.
package limits

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"fazt/internal/api/op"
	"fazt/internal/cli/kit"
	"fazt/internal/client"
	"fazt/internal/errs"
	"fazt/internal/output"
	"fazt/internal/schema"
	"fazt/internal/system"
)

// commands holds what all commands of the package share.
type commands struct{ *kit.CLI }

// Command returns `fazt limits` with its subcommands.
func Command(shared *kit.CLI) *cobra.Command {
	c := commands{shared}
	return kit.Group("limits", "Show and change the limits of the instance",
		c.limitsList(), c.limitsGet(), c.limitsSet(), c.limitsReset())
}

func (c commands) limitsList() *cobra.Command {
	var app string
	var changed bool
	cmd := &cobra.Command{
		Use: "list [GROUP]", Short: "List the limits: value, default, range, who changed it",
		Args: atMost(1, "a group"),
		Long: `List the limits, or those of one group: hardware, storage, runtime, http, sql,
capacity, net. Limits that depend on the machine show the default for this
machine. With --format json the numbers are exact.`,
		Example: `  fazt limits list
  fazt limits list runtime --app shop
  fazt limits list --changed`,
		RunE: func(_ *cobra.Command, args []string) error {
			return c.Existing(func(cl *client.Client) error {
				list, err := client.Call(c.Ctx, cl, op.LimitsList, op.LimitsOf{App: app})
				if err != nil {
					return err
				}
				if len(args) == 1 {
					if list.Limits, err = inGroup(list.Limits, args[0]); err != nil {
						return err
					}
				}
				if changed {
					list.Limits = slices.DeleteFunc(list.Limits, func(i system.Item) bool { return i.SetAt == nil && len(i.ForApps) == 0 })
				}
				c.reportIgnored(list.Ignored)
				return c.Print(limitsView(list))
			})
		},
	}
	cmd.Flags().StringVar(&app, "app", "", "show the limits of one app")
	cmd.Flags().BoolVar(&changed, "changed", false, "only show limits that were changed")
	return cmd
}

// atMost allows up to n arguments.
func atMost(n int, what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) > n {
			return kit.Usagef("%q is one argument too many; %s is a single word", args[n], what)
		}
		return nil
	}
}

// groupOf returns the first part of a path.
func groupOf(path string) string {
	name, _, _ := strings.Cut(path, ".")
	return name
}

func inGroup(list []system.Item, name string) ([]system.Item, error) {
	var names []string
	for _, i := range list {
		if g := groupOf(i.Path); !slices.Contains(names, g) {
			names = append(names, g)
		}
	}
	if slices.Contains(names, name) {
		return slices.DeleteFunc(list, func(i system.Item) bool { return groupOf(i.Path) != name }), nil
	}
	if near := kit.Nearest(name, names); near != "" {
		return nil, errs.New(errs.Invalid, "unknown group %q; did you mean %s?", name, near)
	}
	return nil, errs.New(errs.Invalid, "unknown group %q; use %s", name, strings.Join(names, ", "))
}

// reportIgnored reports stored values that are not in force.
func (c commands) reportIgnored(list []system.Ignored) {
	if c.Quiet {
		return
	}
	for _, i := range list {
		of := ""
		if i.App != "" {
			of = " for " + i.App
		}
		fmt.Fprintf(c.Stderr, "The stored value %s of %s%s is ignored: %s\n", output.Line(i.Value), output.Line(i.Path), output.Line(of), output.Line(i.Why))
	}
}

func limitsView(list op.LimitList) output.View {
	v := output.View{Value: list, Columns: []string{"limit", "value", "default", "range", "changed"}, Empty: "No limits were changed.", Yields: []string{"changed", "range", "default"}}
	last := ""
	for _, i := range list.Limits {
		if g := groupOf(i.Path); g != last {
			v.Rows, last = append(v.Rows, []string{g}), g
		}
		v.Rows = append(v.Rows, []string{"  " + strings.TrimPrefix(i.Path, last+"."), shown(i, i.Value, ""), shown(i, i.Default, ""), rangeOf(i), changedBy(i)})
		for _, a := range i.ForApps {
			v.Rows = append(v.Rows, []string{"    for " + a.App, shown(i, a.Value, ""), "", "", byAndWhen(a.SetBy, a.SetAt)})
		}
	}
	return v
}

// shown formats a value. counted follows a plain number.
func shown(i system.Item, value json.RawMessage, counted string) string {
	var n int64
	var text string
	var list []string
	switch {
	case string(value) == "null":
		return ""
	case i.Type == "integer" && json.Unmarshal(value, &n) == nil:
		return strings.TrimSuffix(schema.Quantity(i.Unit, n), unlessTimeOrSize(i.Unit)) + counted
	case json.Unmarshal(value, &text) == nil:
		return text
	case json.Unmarshal(value, &list) == nil:
		return strings.Join(list, ", ")
	}
	return string(value)
}

// unlessTimeOrSize returns the unit of counted things, which is redundant next to their name.
func unlessTimeOrSize(unit string) string {
	switch unit {
	case "bytes", "bytes/s", "%", "ms", "s", "days":
		return ""
	}
	return " " + unit
}

func rangeOf(i system.Item) string {
	switch {
	case i.ReadOnly:
		return "read only"
	case i.Type != "integer" || i.Min == nil || i.Max == nil:
		return ""
	}
	end := func(n int64) string { return shown(i, json.RawMessage(strconv.FormatInt(n, 10)), "") }
	return end(*i.Min) + " to " + end(*i.Max)
}

func changedBy(i system.Item) string {
	if i.SetAt == nil {
		return ""
	}
	return byAndWhen(i.SetBy, *i.SetAt)
}

func byAndWhen(by string, at time.Time) string {
	if by == "" {
		return output.Time(at)
	}
	return by + ", " + output.Time(at)
}

func (c commands) limitsGet() *cobra.Command {
	var app string
	cmd := &cobra.Command{
		Use: "get LIMIT", Short: "Show one limit, and what it means", Args: kit.Arguments("the name of the limit"),
		Example: `  fazt limits get runtime.exec_timeout
  fazt limits get storage.max_upload --app shop`,
		RunE: func(_ *cobra.Command, args []string) error {
			return c.Existing(func(cl *client.Client) error {
				list, err := client.Call(c.Ctx, cl, op.LimitsList, op.LimitsOf{App: app})
				if err != nil {
					return err
				}
				i, err := item(list.Limits, "limit", args[0])
				if err != nil {
					return err
				}
				return c.Print(itemView("limit", i))
			})
		},
	}
	cmd.Flags().StringVar(&app, "app", "", "the limit of one app")
	return cmd
}

// item finds a limit or a setting by its path; the error suggests the nearest.
func item(list []system.Item, noun, path string) (system.Item, error) {
	paths := make([]string, 0, len(list))
	for _, i := range list {
		if i.Path == path {
			return i, nil
		}
		paths = append(paths, i.Path)
	}
	if near := schema.NearestPath(path, paths); near != "" {
		return system.Item{}, errs.New(errs.Invalid, "there is no %s %q; did you mean %s?", noun, path, near)
	}
	return system.Item{}, errs.New(errs.Invalid, "there is no %s %q; `fazt %ss list` shows them", noun, path, noun)
}

func itemView(noun string, i system.Item) output.View {
	unit := unlessTimeOrSize(i.Unit)
	rows := [][]string{{noun, i.Path}, {"is", i.Desc}, {"value", shown(i, i.Value, unit)}, {"comes from", origin(i)}}
	if i.Formula != "" {
		rows = append(rows, []string{"default", fmt.Sprintf("%s (%s)", shown(i, i.Default, unit), i.Formula)})
	} else if !i.ReadOnly {
		rows = append(rows, []string{"default", shown(i, i.Default, unit)})
	}
	if r := rangeOf(i); r != "" {
		rows = append(rows, []string{"range", r})
	}
	if by := changedBy(i); by != "" {
		rows = append(rows, []string{"changed", by})
	}
	for _, a := range i.ForApps {
		rows = append(rows, []string{"for " + a.App, shown(i, a.Value, unit) + " (" + byAndWhen(a.SetBy, a.SetAt) + ")"})
	}
	switch {
	case waits(i) && string(i.Stored) == "null":
		rows = append(rows, []string{"reset", fmt.Sprintf("to %s; it %s", shown(i, i.Next, unit), i.Note)})
	case waits(i):
		rows = append(rows, []string{"stored", fmt.Sprintf("%s; it %s", shown(i, i.Next, unit), i.Note)})
	case i.Note != "":
		rows = append(rows, []string{"note", i.Note})
	}
	return output.View{Value: i, Rows: rows}
}

// waits reports whether a setting has another value that takes effect at the next restart.
func waits(i system.Item) bool { return i.Source == system.FromStart }

// origin returns where a value comes from.
func origin(i system.Item) string {
	switch i.Source {
	case system.FromStart:
		return "the last start"
	case system.FromFlag, system.FromEnvironment:
		return i.Place
	case system.FromStored:
		return "stored"
	case system.FromApp:
		return "stored for the app"
	case system.FromMachine:
		return "the machine"
	}
	return string(i.Source)
}

func (c commands) limitsSet() *cobra.Command {
	var app string
	cmd := &cobra.Command{
		Use: "set LIMIT VALUE", Short: "Change a limit, at once", Args: kit.Arguments("the name of the limit", "the value"),
		Long: `Change a limit of the instance, or of one app. It takes effect at once and is
stored. Sizes and times may have a unit: 64MiB, 100MB, 500ms, 8s, 5min.`,
		Example: `  fazt limits set runtime.exec_timeout 8000
  fazt limits set runtime.exec_timeout 8s --app shop
  fazt limits set storage.max_upload 200MB`,
		RunE: func(_ *cobra.Command, args []string) error {
			return c.changeLimits(app, map[string]json.RawMessage{args[0]: quoted(args[1])})
		},
	}
	cmd.Flags().StringVar(&app, "app", "", "for this app only")
	return cmd
}

func (c commands) limitsReset() *cobra.Command {
	var app string
	cmd := &cobra.Command{
		Use: "reset LIMIT…", Short: "Reset limits to their defaults", Args: atLeastOne("the name of the limit"),
		Long: `Reset limits to their defaults, at once. With --app, the limits of the instance
apply to the app again.`,
		Example: `  fazt limits reset runtime.exec_timeout
  fazt limits reset runtime.exec_timeout runtime.max_memory --app shop`,
		RunE: func(_ *cobra.Command, args []string) error { return c.changeLimits(app, resets(args)) },
	}
	cmd.Flags().StringVar(&app, "app", "", "for this app only")
	return cmd
}

func atLeastOne(what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) == 0 {
			return kit.Usagef("%s is missing", what)
		}
		return nil
	}
}

// quoted returns a text as JSON.
func quoted(text string) json.RawMessage {
	data, _ := json.Marshal(text) // a text can always be written
	return data
}

func resets(paths []string) map[string]json.RawMessage {
	values := map[string]json.RawMessage{}
	for _, path := range paths {
		values[path] = json.RawMessage("null")
	}
	return values
}

func (c commands) changeLimits(app string, values map[string]json.RawMessage) error {
	return c.Existing(func(cl *client.Client) error {
		changed, err := client.Call(c.Ctx, cl, op.LimitsSet, op.LimitsChange{App: app, Values: values})
		if err != nil {
			return err
		}
		groups, err := client.Call(c.Ctx, cl, op.LimitsSchema, op.None{})
		if err != nil {
			return err
		}
		return c.Print(changedView("limit", changed, groups))
	})
}

func changedView(noun string, changed []system.Changed, groups []system.Group) output.View {
	v := output.View{Value: changed, Columns: []string{noun, "was", "is"}}
	notes := [][]string{}
	for _, ch := range changed {
		i := system.Item{Described: described(groups, ch.Path)}
		name := ch.Path
		if ch.App != "" {
			name += " of " + ch.App
		}
		v.Rows = append(v.Rows, []string{name, shown(i, ch.Old, ""), shown(i, ch.New, "")})
		if ch.Note != "" {
			notes = append(notes, []string{ch.Path + " " + note(ch.Note)})
		}
	}
	v.Rows = append(v.Rows, notes...)
	return v
}

// note continues a sentence that starts with the name of a setting.
func note(text string) string {
	if strings.HasPrefix(text, "the ") {
		return "is not in force: " + text
	}
	return text
}

func described(groups []system.Group, path string) system.Described {
	for _, g := range groups {
		for _, d := range g.Fields {
			if d.Path == path {
				return d
			}
		}
	}
	return system.Described{Path: path}
}

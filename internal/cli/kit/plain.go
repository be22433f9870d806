package kit

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/spf13/cobra"

	"fazt/internal/api/op"
	"fazt/internal/client"
	"fazt/internal/output"
)

// Plain is a command that runs one operation and is derived from it: arguments and flags from the fields of the
// request, the table from the fields of the response, the help from the doc.
type Plain struct {
	spec    op.Spec
	parents []string // the commands above it
	name    string
	words   []argument // after its name
	view    func(req, res reflect.Value) output.View
	call    func(c *CLI, cl *client.Client, req reflect.Value) (res reflect.Value, err error)
	options
}

// options holds what a line of the table may add.
type options struct {
	cells    map[string]func(req, element any) string
	show     func(any) output.View
	then     func(*CLI, any) error
	empty    string
	examples []string
	deed     string
	facts    string
	shortOf  string
	hint     string
}

// Option adds something to a command that does not follow from its operation.
type Option func(*options)

// Cell computes the named column from an element of the response.
func Cell[T any](column string, text func(T) string) Option {
	return func(o *options) { o.cells[column] = func(_, element any) string { return text(element.(T)) } }
}

// CellOf is like Cell; its function also gets the request.
func CellOf[Req, T any](column string, text func(Req, T) string) Option {
	return func(o *options) {
		o.cells[column] = func(req, element any) string { return text(req.(Req), element.(T)) }
	}
}

// Show sets the view of the response, in place of columns.
func Show[Res any](view func(Res) output.View) Option {
	return func(o *options) { o.show = func(v any) output.View { return view(v.(Res)) } }
}

// Then sets a function that runs after the response was printed.
func Then[Res any](fn func(*CLI, Res) error) Option {
	return func(o *options) { o.then = func(c *CLI, v any) error { return fn(c, v.(Res)) } }
}

// Empty sets the text that is printed in place of a table without rows.
func Empty(text string) Option { return func(o *options) { o.empty = text } }

// Example adds examples to the derived one.
func Example(lines ...string) Option { return func(o *options) { o.examples = lines } }

// Ask makes the command ask before it runs, unless --yes is given. %s in deed is the first argument.
func Ask(deed, facts string) Option { return func(o *options) { o.deed, o.facts = deed, facts } }

// Hint adds a paragraph to the help that concerns only the command line.
func Hint(text string) Option { return func(o *options) { o.hint = text } }

// ShortOf marks a command as the short form of another.
func ShortOf(command string) Option { return func(o *options) { o.shortOf = command } }

// Derive returns the command of an operation.
//
// use is its path and its arguments. In "alias swap A=alias B=with", the help shows A and B, and alias and with are the
// names of the request's fields on the wire; APP is short for APP=app. Fields that use does not name become
// flags. A flag in use is required.
//
// columns are fields of the response, separated by commas, each "heading=path" or just the path. If the
// heading ends in ?, its row is left out when the text is empty. A path can also be an argument as use shows it, such as
// APP. Derive panics if a field does not exist: the table is constant, so any test finds it.
func Derive[Req, Res any](o op.Op[Req, Res], use, columns string, more ...Option) Plain {
	p := Plain{spec: o.Spec, options: options{cells: map[string]func(req, element any) string{}}}
	for _, add := range more {
		add(&p.options)
	}
	p.call = func(c *CLI, cl *client.Client, req reflect.Value) (reflect.Value, error) {
		res, err := client.Call(c.Ctx, cl, o, req.Interface().(Req))
		return reflect.ValueOf(res), err
	}
	p.parseUse(use)
	p.view = p.tableOf(columns)
	return p
}

// parseUse splits the path of the command from its arguments.
func (p *Plain) parseUse(use string) {
	words := strings.Fields(use)
	n := 0
	for n < len(words) && strings.ToLower(words[n]) == words[n] && !strings.HasPrefix(words[n], "-") {
		n++
	}
	p.parents, p.name = words[:n-1], words[n-1]
	p.words = parseArguments(p.spec.Req, words[n:])
}

// Add puts the commands below root, each below the commands of its path.
func Add(c *CLI, root *cobra.Command, table []Plain) {
	for _, p := range table {
		parent := root
		for _, name := range p.parents {
			parent = child(parent, name)
		}
		parent.AddCommand(p.command(c))
		parent.Args = NoCommand
	}
}

// child finds a command by its name. It panics if there is none: a group must be declared before its commands.
func child(parent *cobra.Command, name string) *cobra.Command {
	for _, cmd := range parent.Commands() {
		if cmd.Name() == name {
			return cmd
		}
	}
	panic(fmt.Sprintf("kit: %s has no command %s", parent.CommandPath(), name))
}

func (p Plain) command(c *CLI) *cobra.Command {
	req := reflect.New(p.spec.Req).Elem()
	args := arguments{p.words, req}
	cmd := &cobra.Command{Use: args.use(p.name), Args: args.check, Example: p.example()}
	cmd.Short, cmd.Long = help(p.spec.Doc)
	if p.hint != "" {
		cmd.Long = wrap(p.spec.Doc, 80) + "\n\n" + wrap(p.hint, 80)
	}
	if p.shortOf != "" {
		cmd.Short += " (fazt " + p.shortOf + ")"
	}
	named := map[string]bool{}
	for _, w := range p.words {
		named[w.field.name] = !w.flag
	}
	check := flags(cmd, req, func(name string) bool { return named[name] || p.paged() && (name == "cursor" || name == "limit") })
	yes := false
	if p.deed != "" {
		cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	}
	cmd.RunE = func(_ *cobra.Command, given []string) error {
		args.fill(given)
		if err := check(); err != nil {
			return err
		}
		if err := args.required(cmd); err != nil {
			return err
		}
		if p.deed != "" {
			if err := c.Sure(yes, fmt.Sprintf(p.deed, given[0]), p.facts, given[0]); err != nil {
				return err
			}
		}
		return c.Existing(func(cl *client.Client) error { return p.run(c, cl, req) })
	}
	return cmd
}

func (p Plain) run(c *CLI, cl *client.Client, req reflect.Value) error {
	res, err := p.read(c, cl, req)
	if err != nil {
		return err
	}
	v := p.view(req, res)
	v.Value = res.Interface()
	if err := c.Print(v); err != nil || p.then == nil {
		return err
	}
	return p.then(c, res.Interface())
}

// paged reports whether the response is one page of a list.
func (p Plain) paged() bool { return strings.HasPrefix(p.spec.Res.Name(), "Page[") }

// read runs the operation; of a list it reads all pages.
func (p Plain) read(c *CLI, cl *client.Client, req reflect.Value) (reflect.Value, error) {
	if !p.paged() {
		return p.call(c, cl, req)
	}
	items, _ := p.spec.Res.FieldByName("Items")
	all := reflect.MakeSlice(items.Type, 0, 0)
	req.FieldByName("Limit").SetInt(1000)
	for {
		page, err := p.call(c, cl, req)
		if err != nil {
			return all, err
		}
		all = reflect.AppendSlice(all, page.FieldByName("Items"))
		next := page.FieldByName("Next").String()
		if next == "" {
			return all, nil
		}
		req.FieldByName("Cursor").SetString(next)
	}
}

// help returns the heading and the text of a command: the first sentence of a doc, and the whole doc if it is longer.
func help(doc string) (short, long string) {
	short, rest, more := strings.Cut(doc, ". ")
	if !more {
		return strings.TrimSuffix(short, "."), ""
	}
	return short, wrap(short+". "+rest, 80)
}

// wrap breaks a text into lines of at most width characters.
func wrap(text string, width int) string {
	var b strings.Builder
	column := 0
	for _, word := range strings.Fields(text) {
		n := len([]rune(word))
		switch {
		case column == 0:
		case column+1+n > width:
			b.WriteByte('\n')
			column = 0
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += n
	}
	return b.String()
}

// example returns a call with the example values of its arguments, and the examples that the table adds.
func (p Plain) example() string {
	line := append([]string{"fazt"}, append(p.parents, p.name)...)
	for _, w := range p.words {
		if w.flag {
			line = append(line, "--"+w.field.flagName())
		}
		line = append(line, w.field.example(w.shown))
	}
	return "  " + strings.Join(append([]string{strings.Join(line, " ")}, p.examples...), "\n  ")
}

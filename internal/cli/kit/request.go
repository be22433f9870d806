package kit

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"fazt/internal/errs"
)

// A request is filled from the command line. The tags of its fields say how:
//
//	desc     the text of the flag, and the name of an argument that is missing
//	flag     the name of the flag, if it differs from the name on the wire
//	example  a value for the example in the help
//	enum     "a|b": the possible values
//	range    "min,max" of a number; max may be empty
//	format   "time": a moment; a date begins in the time zone of the user

// field is a field of a request, with its name on the wire.
type field struct {
	name  string
	tag   reflect.StructTag
	index []int
	typ   reflect.Type
}

// fieldsOf lists the fields of a request that a user can set, including those of embedded structs.
func fieldsOf(t reflect.Type) (list []field) {
	for _, sf := range reflect.VisibleFields(t) {
		for _, kind := range []string{"path", "query", "json"} {
			if name, _, _ := strings.Cut(sf.Tag.Get(kind), ","); name != "" {
				list = append(list, field{name, sf.Tag, sf.Index, sf.Type})
			}
		}
	}
	return list
}

func (f field) flagName() string {
	if name := f.tag.Get("flag"); name != "" {
		return name
	}
	return strings.ReplaceAll(f.name, "_", "-")
}

// called returns the field's name in a sentence: "the name or id of the app".
func (f field) called() string {
	text, _, _ := strings.Cut(f.tag.Get("desc"), ":")
	text, _, _ = strings.Cut(text, ",")
	return "the " + strings.TrimPrefix(text, "the ")
}

func (f field) example(otherwise string) string {
	if text := f.tag.Get("example"); text != "" {
		return text
	}
	return otherwise
}

// argument is a positional argument or a required flag in the use of a command.
type argument struct {
	shown string // in the help: APP
	flag  bool
	field field
}

// parseArguments parses the words of a use: APP, A=alias, or --app APP.
func parseArguments(req reflect.Type, words []string) (list []argument) {
	for i := 0; i < len(words); i++ {
		name, flag := strings.CutPrefix(words[i], "--")
		shown, wire, renamed := strings.Cut(words[i], "=")
		switch {
		case flag:
			i++
			shown, wire = words[i], strings.ReplaceAll(name, "-", "_")
		case !renamed:
			wire = strings.ToLower(shown)
		}
		at := slices.IndexFunc(fieldsOf(req), func(f field) bool { return f.name == wire })
		if at < 0 {
			panic("kit: " + req.String() + " has no field " + wire)
		}
		list = append(list, argument{shown, flag, fieldsOf(req)[at]})
	}
	return list
}

// arguments fill a request.
type arguments struct {
	words []argument
	req   reflect.Value
}

func (a arguments) use(name string) string {
	words := []string{name}
	for _, w := range a.words {
		switch {
		case w.flag:
			words = append(words, "--"+w.field.flagName(), w.shown)
		case w.field.typ.Kind() == reflect.Slice:
			words = append(words, w.shown+"…")
		default:
			words = append(words, w.shown)
		}
	}
	return strings.Join(words, " ")
}

func (a arguments) positional() (list []argument) {
	return slices.DeleteFunc(slices.Clone(a.words), func(w argument) bool { return w.flag })
}

// check returns an error that names an argument that is missing or one too many.
func (a arguments) check(_ *cobra.Command, given []string) error {
	words := a.positional()
	if len(given) < len(words) {
		return Usagef("%s is missing", words[len(given)].field.called())
	}
	if n := len(words); len(given) > n && (n == 0 || words[n-1].field.typ.Kind() != reflect.Slice) {
		return Usagef("%q is one argument too many", given[n])
	}
	return nil
}

// fill puts the positional arguments into the request; the last one takes the rest if it is a list.
func (a arguments) fill(given []string) {
	for i, w := range a.positional() {
		if v := a.req.FieldByIndex(w.field.index); v.Kind() == reflect.Slice {
			v.Set(reflect.ValueOf(given[i:]))
		} else {
			v.SetString(given[i])
		}
	}
}

// required returns an error if a flag that the use names is missing.
func (a arguments) required(cmd *cobra.Command) error {
	for _, w := range a.words {
		if w.flag && !cmd.Flags().Changed(w.field.flagName()) {
			return Usagef("--%s is missing", w.field.flagName())
		}
	}
	return nil
}

// Flags gives a command a flag for every field of the request that req points to, except those named. Call check
// after the flags are parsed.
func Flags(cmd *cobra.Command, req any, except ...string) (check func() error) {
	return flags(cmd, reflect.ValueOf(req).Elem(), func(name string) bool { return slices.Contains(except, name) })
}

func flags(cmd *cobra.Command, req reflect.Value, skip func(name string) bool) (check func() error) {
	var given []field
	for _, f := range fieldsOf(req.Type()) {
		if skip(f.name) {
			continue
		}
		given = append(given, f)
		s, name, desc := cmd.Flags(), f.flagName(), f.tag.Get("desc")
		if f.tag.Get("format") == "time" {
			desc = strings.Replace(desc, " (UTC)", "", 1) // WireTime sends midnight in the user's time zone
		}
		switch to := req.FieldByIndex(f.index).Addr().Interface().(type) {
		case *string:
			s.StringVar(to, name, "", desc)
		case *bool:
			s.BoolVar(to, name, false, desc)
		case *int:
			s.IntVar(to, name, 0, desc)
		case **int:
			s.Var(&optionalInt{to}, name, desc)
		case *[]string:
			s.StringSliceVar(to, name, nil, desc)
		default:
			panic("kit: no flag can hold " + f.typ.String() + " of " + req.Type().String())
		}
	}
	return func() error {
		for _, f := range given {
			if cmd.Flags().Changed(f.flagName()) {
				if err := f.check(req.FieldByIndex(f.index)); err != nil {
					return err
				}
			}
		}
		return nil
	}
}

// check checks a value.
func (f field) check(v reflect.Value) error {
	if values := f.tag.Get("enum"); values != "" && !slices.Contains(strings.Split(values, "|"), v.String()) {
		return Usagef("--%s is %s, not %q", f.flagName(), strings.ReplaceAll(values, "|", " or "), v)
	}
	if err := f.checkRange(v); err != nil {
		return err
	}
	if f.tag.Get("format") == "time" {
		text, err := WireTime(f.flagName(), v.String(), time.Now())
		if err != nil {
			return err
		}
		v.SetString(text)
	}
	return nil
}

func (f field) checkRange(v reflect.Value) error {
	least, most, ok := strings.Cut(f.tag.Get("range"), ",")
	if !ok {
		return nil
	}
	n := int(reflect.Indirect(v).Int())
	low, _ := strconv.Atoi(least)
	high, err := strconv.Atoi(most)
	switch {
	case err == nil && (n < low || n > high):
		return Usagef("--%s must be from %d to %d", f.flagName(), low, high)
	case n < low:
		return Usagef("--%s must be at least %d", f.flagName(), low)
	}
	return nil
}

// optionalInt is a number that may be absent, which differs from 0.
type optionalInt struct{ to **int }

func (o *optionalInt) Type() string { return "int" }

func (o *optionalInt) String() string {
	if o.to == nil || *o.to == nil {
		return ""
	}
	return strconv.Itoa(**o.to)
}

func (o *optionalInt) Set(text string) error {
	n, err := strconv.Atoi(text)
	*o.to = &n
	return errs.Wrap(errs.Invalid, err, "%q is not a whole number", text)
}

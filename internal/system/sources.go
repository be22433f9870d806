package system

import (
	"fmt"
	"strings"

	"fazt/internal/errs"
	"fazt/internal/schema"
)

// Source is where a value comes from.
type Source string

// The sources, from weakest to strongest. A value for one app overrides any for the instance.
const (
	FromDefault     Source = "default"
	FromMachine     Source = "machine" // detected or measured, never set
	FromStored      Source = "stored"
	FromEnvironment Source = "environment"
	FromFlag        Source = "flag"
	FromApp         Source = "app"   // stored for the app in question
	FromStart       Source = "start" // in force since the server started; another value waits for a restart
)

// Given are the settings from the command line and the environment.
type Given struct {
	Flags  map[string]string        // by path: what was typed after --domain, --trusted-proxies, …
	Getenv func(name string) string // nil = no environment
}

// FlagName returns the flag of a setting, without dashes.
func FlagName(path string) string { return strings.ReplaceAll(path, "_", "-") }

// EnvName returns the environment variable of a setting.
func EnvName(path string) string { return "FAZT_" + strings.ToUpper(path) }

// resolved is the value of one setting and its source.
type resolved struct {
	source Source
	place  string // --domain, FAZT_DOMAIN
	row    *row   // the stored value, whether in force or not
}

// resolve is the one place that decides which value of a setting is in force: that of the flag, else the environment,
// else the stored one, else the default. An invalid stored value is ignored; an invalid flag or variable is an error.
func resolve(given Given, stored []row) (Settings, map[string]resolved, []Ignored, error) {
	s := schema.Defaults[Settings]()
	from := map[string]resolved{}
	var ignored []Ignored
	for i := range stored {
		r := &stored[i]
		f, err := schema.Of[Settings]().Lookup(setting, r.path)
		var text *string
		if err == nil {
			text, err = canonical[Settings](f, r.value)
		}
		if err == nil {
			err = schema.Set(&s, r.path, *text)
		}
		if err != nil {
			ignored = append(ignored, r.ignored(err))
			continue
		}
		from[r.path] = resolved{FromStored, "", r}
	}
	for _, f := range schema.Of[Settings]().Fields() {
		text, there := given.Flags[f.Path]
		now := resolved{FromFlag, "--" + FlagName(f.Path), from[f.Path].row}
		if !there && given.Getenv != nil {
			now.source, now.place = FromEnvironment, EnvName(f.Path)
			text = given.Getenv(now.place)
			there = text != ""
		}
		if !there {
			continue
		}
		if err := setFromText(&s, f, text); err != nil {
			return s, from, ignored, errs.Wrap(errs.Invalid, err, "%s: %s", now.place, errs.Sentence(err))
		}
		from[f.Path] = now
	}
	return s, from, ignored, nil
}

func setFromText(s *Settings, f *schema.Field, typed string) error {
	text, err := fromText(f, typed)
	if err != nil {
		return err
	}
	c, err := canonical[Settings](f, text)
	if err != nil {
		return err
	}
	return schema.Set(s, f.Path, *c)
}

// note explains what is not obvious about a setting: that its stored value is overridden or needs a restart.
func (r resolved) note(f *schema.Field, inForce, next string) string {
	switch {
	case r.row != nil && r.source != FromStored:
		return fmt.Sprintf("the stored value %s is overridden by %s", r.row.value, r.place)
	case f.Restart && inForce != next:
		return "takes effect at the next start of the server"
	}
	return ""
}

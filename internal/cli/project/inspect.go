package project

import (
	"context"
	"regexp"
	"strconv"
	"strings"

	"fazt/internal/api/show"
	"fazt/internal/cli/kit"
	"fazt/internal/egress/rules"
	"fazt/internal/errs"
	"fazt/internal/hosting"
	"fazt/internal/hosting/siterules"
	"fazt/internal/output"
	"fazt/internal/runtime/compile"
	"fazt/internal/system"
)

// Validity is the result as JSON.
type Validity struct {
	Valid    bool                 `json:"valid"`
	App      string               `json:"app"` // "" = no usable name
	Files    int                  `json:"files"`
	Bytes    int64                `json:"bytes"`
	Function string               `json:"function"` // its entry file; "" = no function, or it does not compile
	Net      []string             `json:"net"`      // domains its fazt.json asks for; only the instance knows which are granted
	Secrets  []string             `json:"secrets"`  // names of secrets it asks for
	Faults   []compile.Diagnostic `json:"faults"`
	Warnings []string             `json:"warnings"`
}

// Inspect finds everything that is wrong with a project whose files were read.
func Inspect(ctx context.Context, p *Project, dir string, o Options) Validity {
	described := p.describe()
	missing := p.addPackages(ctx, dir, o.Compiler)
	v := Validity{Files: len(p.Plan.Files), Faults: []compile.Diagnostic{}, Warnings: append([]string{}, p.Warnings...)}
	for _, f := range p.Plan.Files {
		v.Bytes += f.Size
	}
	if described != nil {
		v.Faults = append(v.Faults, located(described, hosting.ManifestFile))
	}
	v.Net, v.Secrets = append([]string{}, p.Plan.Manifest.Net...), append([]string{}, p.Plan.Manifest.Secrets...)
	if err := rules.CheckNeeds(p.Plan.Manifest.Net, p.Plan.Manifest.Secrets); err != nil {
		v.Faults = append(v.Faults, compile.Diagnostic{File: hosting.ManifestFile, Text: errs.Sentence(err)})
	}
	var err error
	if v.App, err = p.chooseName(dir, o.Name); err != nil {
		v.App = ""
		v.Faults = append(v.Faults, located(err, ""))
	}
	if warning := compile.UnusedEntries(local{p}.Exists); warning != "" {
		v.Warnings = append(v.Warnings, warning)
	}
	for _, check := range []func(context.Context) ([]string, error){p.ruleFaults, p.Shadowed} {
		faults, err := check(ctx)
		if err != nil {
			v.Faults = append(v.Faults, located(err, ""))
		}
		v.Warnings = append(v.Warnings, faults...)
	}
	if note := p.Unserved(); note != "" {
		v.Warnings = append(v.Warnings, note)
	}
	for _, f := range show.Plan(p.Plan).Faults(system.Defaults().Storage) {
		v.Faults = append(v.Faults, compile.Diagnostic{File: f.Path, Text: f.Text})
	}
	var program *compile.Program
	if err = missing; err == nil {
		program, err = o.Compiler.Compile(ctx, dir, local{p})
	}
	switch found := kit.Diagnostics(err); {
	case err != nil && len(found) == 0:
		v.Faults = append(v.Faults, located(err, ""))
	case err != nil:
		v.Faults = append(v.Faults, found...)
	case program != nil:
		v.Function = program.Entry
	}
	v.Valid = len(v.Faults) == 0
	return v
}

func (p *Project) ruleFaults(ctx context.Context) ([]string, error) {
	return siterules.Check(ctx, local{p})
}

// Shadowed returns what of the project no visitor reaches, because its path belongs to Fazt.
func (p *Project) Shadowed(ctx context.Context) ([]string, error) {
	m := show.Plan(p.Plan).Manifest
	return m.Shadowed(ctx, p.paths(), local{p})
}

func (p *Project) paths() []string {
	paths := make([]string, len(p.Plan.Files))
	for i, f := range p.Plan.Files {
		paths[i] = f.Path
	}
	return paths
}

// Unserved describes the sources of the project that are sent but not served; "" = there are none.
func (p *Project) Unserved() string {
	list := siterules.Unserved(p.paths(), hosting.Hidden)
	if len(list) == 0 {
		return ""
	}
	shown := strings.Join(list[:min(len(list), 3)], ", ")
	if len(list) > 3 {
		shown += ", …"
	}
	return "not served, because they are sources of the project: " + shown + " (" + output.Count(len(list), "file") + ")"
}

// place is the start of a sentence about a file.
var place = regexp.MustCompile(`^([^\s:]+):(\d+):(\d+): `)

// located turns an error into a fault, with the place at the start of its sentence.
func located(err error, file string) compile.Diagnostic {
	text := errs.Sentence(err)
	at := place.FindStringSubmatch(text)
	if at == nil {
		if file != "" { // the sentence may name it too
			text = strings.TrimPrefix(text, file+": ")
		}
		return compile.Diagnostic{File: file, Text: text}
	}
	line, _ := strconv.Atoi(at[2])
	column, _ := strconv.Atoi(at[3])
	return compile.Diagnostic{File: at[1], Line: line, Column: column, Text: text[len(at[0]):]}
}

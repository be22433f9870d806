package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/rogpeppe/go-internal/txtar"
)

// frameworkLine is a request in the comment of a framework's archive: a path, the status, and a part of the body.
var frameworkLine = regexp.MustCompile(`(?m)^GET (/\S*) (\d{3}) (.*)$`)

// framework is a project that its own tool builds.
type framework struct {
	name     string
	template string // of `fazt app create`; "" = files
	files    []txtar.File
	requests [][]string // as frameworkLine finds them
}

// readFrameworks returns the projects in frameworks/ and the templates that come with Fazt.
func readFrameworks() ([]framework, error) {
	entries, err := files.ReadDir("frameworks")
	if err != nil {
		return nil, err
	}
	var list []framework
	for _, e := range entries {
		data, err := files.ReadFile("frameworks/" + e.Name())
		if err != nil {
			return nil, err
		}
		archive := txtar.Parse(data)
		f := framework{name: strings.TrimSuffix(e.Name(), ".txtar"), files: archive.Files, requests: frameworkLine.FindAllStringSubmatch(string(archive.Comment), -1)}
		if name, ok := strings.CutPrefix(f.name, "template-"); ok {
			f.template = name
		}
		list = append(list, f)
	}
	return list, nil
}

// tryFramework creates a project, lets `fazt app deploy` install and build it, and asks for its pages.
func (s *server) tryFramework(ctx context.Context, f framework) outcome {
	o := outcome{testCase: testCase{name: f.name}, result: "fails"}
	dir := filepath.Join(s.work, "frameworks", f.name)
	if err := errors.Join(os.RemoveAll(dir), os.MkdirAll(filepath.Dir(dir), 0o755)); err != nil {
		o.why = err.Error()
		return o
	}
	fazt := func(args ...string) error {
		cmd := exec.CommandContext(ctx, s.fazt, append([]string{"--db", s.db}, args...)...)
		cmd.Dir, cmd.Env = filepath.Dir(dir), append(os.Environ(), "HOME="+s.work)
		out, err := cmd.CombinedOutput()
		if err != nil {
			return fmt.Errorf("fazt %s: %s", strings.Join(args, " "), lastLine(string(out)))
		}
		return nil
	}
	if f.template != "" {
		if err := fazt("app", "create", f.name, "--template", f.template); err != nil {
			o.why = err.Error()
			return o
		}
	}
	for _, file := range f.files {
		at := filepath.Join(dir, filepath.FromSlash(file.Name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(at), 0o755), os.WriteFile(at, file.Data, 0o644)); err != nil {
			o.why = err.Error()
			return o
		}
	}
	host := "f-" + f.name
	if err := fazt("app", "deploy", dir, "--name", host); err != nil {
		o.why = err.Error()
		return o
	}
	equal := 0
	for _, r := range f.requests {
		got, err := s.ask(ctx, host, request{Method: "GET", Path: r[1]})
		switch {
		case err != nil:
			o.why = err.Error()
		case fmt.Sprint(got.Status) != r[2] || !strings.Contains(got.Body, r[3]):
			o.why = fmt.Sprintf("GET %s: %d %.160q, wanted %s with %q", r[1], got.Status, got.Body, r[2], r[3])
		default:
			equal++
		}
	}
	switch equal {
	case len(f.requests):
		o.result = "works"
	case 0:
	default:
		o.result = "partly"
	}
	return o
}

func lastLine(text string) string {
	text = strings.TrimSpace(text)
	return text[strings.LastIndex(text, "\n")+1:]
}

// frameworkReport writes the table of frameworks.
func frameworkReport(w io.Writer, list []outcome) {
	fmt.Fprint(w, "\n## Frameworks\n\nEach row is a small project, made for Cloudflare Workers or by `fazt app create --template`. `fazt app deploy` installed its packages from\nnpm, built it and deployed its pages and its function; then a rendered page, an endpoint and a missing page were requested.\n\n| project | result | difference |\n|---|---|---|\n")
	for _, o := range list {
		fmt.Fprintf(w, "| %s | %s | %s |\n", o.name, o.result, cell(o.why))
	}
}

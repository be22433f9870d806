package system

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"fazt/internal/schema"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares a generated document with the one in docs/reference.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("..", "..", "docs", "reference", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("docs/reference/%s is stale; run `make golden`\n%s", name, diff)
	}
}

// The reference is the same on every machine: defaults that depend on the machine are shown by their formula.
func TestTheReferenceMatchesTheDeclaration(t *testing.T) {
	var b bytes.Buffer
	b.WriteString(`# Limits and settings

Generated from their declarations. ` + "`fazt limits list` and `fazt settings list`" + ` show the values of an instance.

A limit is a number that the instance enforces. Change it with ` + "`fazt limits set NAME VALUE`" + `, for one app with ` + "`--app APP`" + `
where *per app* says yes; it is in force at once. ` + "`fazt limits reset NAME`" + ` takes that back.
`)
	for _, g := range LimitGroups() {
		fmt.Fprintf(&b, "\n## %s: %s\n\n%s.\n\n| limit | what it is | default | range | per app |\n|---|---|---|---|---|\n", g.Name, g.Label, g.Desc)
		for _, d := range g.Fields {
			perApp := ""
			if d.PerApp {
				perApp = "yes"
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", d.Path, d.Desc, defaultWords(d), rangeWords(d), perApp)
		}
	}
	b.WriteString(`
## Settings

A setting is a choice of the owner. The flag of ` + "`fazt server start`" + ` comes first, then the variable of the environment, then
what ` + "`fazt settings set`" + ` stored, then the default.

| setting | what it is | default | flag | variable | restart |
|---|---|---|---|---|---|
`)
	for _, g := range SettingGroups() {
		for _, d := range g.Fields {
			restart := ""
			if d.Restart {
				restart = "yes"
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s | `--%s` | `%s` | %s |\n", d.Path, d.Desc, defaultWords(d), FlagName(d.Path), EnvName(d.Path), restart)
		}
	}
	golden(t, "limits.md", b.Bytes())
}

func defaultWords(d Described) string {
	var n int64
	switch {
	case d.Formula != "":
		return d.Formula
	case d.Type == "string" && d.ReadOnly:
		return ""
	case string(d.Default) == "null":
		return "the machine's"
	case json.Unmarshal(d.Default, &n) == nil:
		return schema.Quantity(d.Unit, n)
	}
	return strings.Trim(string(d.Default), `[]"`)
}

func rangeWords(d Described) string {
	if d.ReadOnly {
		return "read only"
	}
	lo, hi := schema.Quantity(d.Unit, *d.Min), schema.Quantity(d.Unit, *d.Max)
	return strings.TrimSuffix(lo, " "+d.Unit) + " to " + hi // a common unit is written once
}

func TestTheJSONSchemaMatchesTheDeclaration(t *testing.T) {
	doc := schema.Of[Limits]().JSONSchema("https://fazt.dev/limits.schema.json", "Limits of a Fazt instance", "The values of GET /api/system/limits. PATCH takes any part of it.")
	text, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "limits.schema.json", append(text, '\n'))
}

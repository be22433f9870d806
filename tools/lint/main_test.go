package main

import (
	"slices"
	"strings"
	"testing"
)

const listing = `package lintersdb

import (
	"m/pkg/config"
	"github.com/golangci/golangci-lint/v2/pkg/golinters"
	"github.com/golangci/golangci-lint/v2/pkg/golinters/errcheck"
	"github.com/golangci/golangci-lint/v2/pkg/golinters/gocritic"
)

func build(cfg *config.Config) ([]*linter.Config, error) {
	replacer := config.New(cfg)

	return []*linter.Config{
		linter.NewConfig(errcheck.New(&cfg.Errcheck)).
			WithSince("v1"),

		// a comment
		linter.NewConfig(gocritic.New(&cfg.Gocritic, replacer)).
			WithSince("v1"),
		linter.NewConfig(golinters.NewTypecheck()),
	}, nil
}
`

func TestOnlyEnabledLintersStayInTheTable(t *testing.T) {
	out, err := without([]byte(listing), map[string]bool{"errcheck": true})
	if err != nil {
		t.Fatal(err)
	}
	text := string(out)
	for _, want := range []string{`golinters"`, `golinters/errcheck"`, "errcheck.New(", "golinters.NewTypecheck()", "_ = replacer"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	if strings.Contains(text, "gocritic") {
		t.Errorf("a disabled linter is still there:\n%s", text)
	}
	if all, err := without([]byte(listing), map[string]bool{"errcheck": true, "gocritic": true}); err != nil || !strings.Contains(string(all), "gocritic.New(") {
		t.Errorf("%s %v", all, err)
	}
}

func TestATableOfAnotherFormIsAnError(t *testing.T) {
	if _, err := without([]byte(strings.Replace(listing, "gocritic.New", "critic.New", 1)), map[string]bool{"errcheck": true}); err == nil {
		t.Error("an import was removed whose use was not found")
	}
	if _, err := without([]byte("no Go"), nil); err == nil {
		t.Error("a file that is not Go was accepted")
	}
}

func TestEveryLinterOfTheConfigurationIsKept(t *testing.T) {
	names := enabled([]byte("linters:\n  enable:\n    - errcheck          # why\n    - unused\nformatters:\n  enable:\n    - gofmt\n"))
	for _, want := range []string{"errcheck", "unused", "gofmt"} {
		if !names[want] {
			t.Errorf("%s is missing in %v", want, names)
		}
	}
	if slices.Contains([]bool{names["linters"], names["enable"]}, true) {
		t.Errorf("keys are not linters: %v", names)
	}
}

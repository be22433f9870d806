package limits

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"fazt/internal/api/op"
	"fazt/internal/cli/kit"
	"fazt/internal/errs"
	"fazt/internal/system"
)

// long ago, as a table shows it.
var longAgo = time.Date(2020, 1, 2, 3, 4, 0, 0, time.Local)

const longAgoText = "2020-01-02 03:04"

func raw(text string) json.RawMessage { return json.RawMessage(text) }

// integer returns a number from 1 to 1000 of a unit.
func integer(path, unit string) system.Item {
	low, high := int64(1), int64(1000)
	return system.Item{Described: system.Described{Path: path, Desc: "What it is.", Type: "integer", Unit: unit, Min: &low, Max: &high, Default: raw("10")}, Value: raw("20"), Stored: raw("null"), Next: raw("null"), Source: system.FromDefault}
}

func TestValuesAreShownInTheUnitThatPeopleRead(t *testing.T) {
	for _, tt := range []struct{ kind, unit, value, counted, want string }{
		{"integer", "ms", "5000", "", "5 s"},
		{"integer", "ms", "5001", "", "5001 ms"},
		{"integer", "ms", "0", "", "0 ms"},
		{"integer", "s", "3600", "", "1 h"},
		{"integer", "bytes", "104857600", "", "100 MiB"},
		{"integer", "bytes", "200000000", "", "200 MB"},
		{"integer", "bytes/s", "1048576", "", "1 MiB/s"},
		{"integer", "%", "30", "", "30 %"},
		{"integer", "days", "30", "", "30 days"},
		{"integer", "VMs", "64", "", "64"},
		{"integer", "VMs", "64", " VMs", "64 VMs"},
		{"integer", "", "64", "", "64"},
		{"integer", "bytes", "null", "", ""},
		{"string", "", `"localhost"`, "", "localhost"},
		{"string", "", `""`, "", ""},
		{"array", "", `["a","b"]`, "", "a, b"},
		{"array", "", `[]`, "", ""},
		{"boolean", "", "true", "", "true"},
		{"integer", "ms", `"soon"`, "", "soon"}, // an instance may send anything
		{"object", "", `{"a":1}`, "", `{"a":1}`},
	} {
		i := system.Item{Described: system.Described{Type: tt.kind, Unit: tt.unit}}
		if got := shown(i, raw(tt.value), tt.counted); got != tt.want {
			t.Errorf("%s in %q: %q, want %q", tt.value, tt.unit, got, tt.want)
		}
	}
}

func TestRangesAndWhoChangedAValue(t *testing.T) {
	readOnly, unbounded, text := integer("a.b", "ms"), integer("a.b", "ms"), integer("a.b", "")
	readOnly.ReadOnly, unbounded.Max, text.Type = true, nil, "string"
	for name, tt := range map[string]struct {
		item system.Item
		want string
	}{
		"a time":    {integer("a.b", "ms"), "1 ms to 1 s"},
		"a count":   {integer("a.b", "VMs"), "1 to 1000"},
		"read only": {readOnly, "read only"},
		"no end":    {unbounded, ""},
		"a text":    {text, ""},
	} {
		if got := rangeOf(tt.item); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
	i := integer("a.b", "ms")
	if got := changedBy(i); got != "" {
		t.Errorf("never: %q", got)
	}
	i.SetAt = &longAgo
	if got := changedBy(i); got != longAgoText {
		t.Errorf("by nobody known: %q", got)
	}
	i.SetBy = "key ci"
	if got := changedBy(i); got != "key ci, "+longAgoText {
		t.Errorf("by a key: %q", got)
	}
}

func TestWhereAValueComesFrom(t *testing.T) {
	for source, want := range map[system.Source]string{
		system.FromDefault: "default", system.FromStored: "stored", system.FromApp: "stored for the app", system.FromMachine: "the machine",
		system.FromStart: "the last start", system.FromFlag: "--place", system.FromEnvironment: "--place", "of a newer version": "of a newer version",
	} {
		if got := origin(system.Item{Source: source, Place: "--place"}); got != want {
			t.Errorf("%s: %q, want %q", source, got, want)
		}
	}
}

func TestTheListOfLimitsHasAHeadingForEachGroup(t *testing.T) {
	changed := integer("runtime.vms", "VMs")
	changed.SetAt, changed.SetBy = &longAgo, "ana"
	changed.ForApps = []system.AppValue{{App: "shop", Value: raw("30"), SetBy: "key ci", SetAt: longAgo}}
	got := limitsView(op.LimitList{Limits: []system.Item{integer("runtime.exec", "ms"), changed, integer("http.body", "days")}})
	want := [][]string{
		{"runtime"}, {"  exec", "20 ms", "10 ms", "1 ms to 1 s", ""}, {"  vms", "20", "10", "1 to 1000", "ana, " + longAgoText}, {"    for shop", "30", "", "", "key ci, " + longAgoText},
		{"http"}, {"  body", "20 days", "10 days", "1 days to 1000 days", ""},
	}
	if diff := cmp.Diff(want, got.Rows); diff != "" {
		t.Error(diff)
	}
	if none := limitsView(op.LimitList{}); len(none.Rows) != 0 || none.Empty != "No limits were changed." {
		t.Errorf("%+v", none)
	}
}

func TestAGroupAndALimitAreFoundByNameOrTheNearestIsSuggested(t *testing.T) {
	list := func() []system.Item {
		return []system.Item{integer("runtime.exec_timeout", "ms"), integer("runtime.vms", "VMs"), integer("http.body", "bytes")}
	}
	for name, want := range map[string]struct {
		found int
		err   string
	}{
		"runtime":     {2, ""},
		"http":        {1, ""},
		"htpp":        {0, `unknown group "htpp"; did you mean http?`},
		"zzzzzz":      {0, `unknown group "zzzzzz"; use runtime, http`},
		"":            {0, `unknown group ""; use runtime, http`},
		"runtime.vms": {0, `unknown group "runtime.vms"; use runtime, http`},
	} {
		got, err := inGroup(list(), name)
		if err != nil && errs.Sentence(err) != want.err || err == nil && want.err != "" || len(got) != want.found {
			t.Errorf("%q: %d, %v, want %d, %q", name, len(got), err, want.found, want.err)
		}
	}
	for path, want := range map[string]string{
		"runtime.vms":          "",
		"runtime.vsm":          `there is no limit "runtime.vsm"; did you mean runtime.vms?`,
		"exec_timeout":         `there is no limit "exec_timeout"; did you mean runtime.exec_timeout?`,
		"RUNTIME":              "there is no limit \"RUNTIME\"; `fazt limits list` shows them",
		strings.Repeat("x", 9): "there is no limit \"xxxxxxxxx\"; `fazt limits list` shows them",
	} {
		i, err := item(list(), "limit", path)
		if err != nil && errs.Sentence(err) != want || err == nil && (want != "" || i.Path != path) {
			t.Errorf("%q: %q, %v, want %q", path, i.Path, err, want)
		}
	}
	if _, err := item(nil, "setting", "x"); err == nil || errs.Sentence(err) != "there is no setting \"x\"; `fazt settings list` shows them" {
		t.Error(err)
	}
}

func TestTheViewOfALimit(t *testing.T) {
	plain := integer("runtime.vms", "VMs")
	formula, readOnly, later, reset, overridden := plain, plain, plain, plain, plain
	formula.Formula, formula.SetAt, formula.SetBy = "half of hardware.total_ram", &longAgo, "ana"
	formula.ForApps = []system.AppValue{{App: "shop", Value: raw("30"), SetBy: "ana", SetAt: longAgo}}
	readOnly.ReadOnly, readOnly.Source = true, system.FromMachine
	later.Source, later.Stored, later.Next, later.Note = system.FromStart, raw("40"), raw("40"), "takes effect at the next start"
	reset.Source, reset.Next, reset.Note = system.FromStart, raw("10"), "takes effect at the next start"
	overridden.Source, overridden.Place, overridden.Note = system.FromFlag, "--vms", "the flag --vms overrides it"
	head := func(from string) [][]string {
		return [][]string{{"limit", "runtime.vms"}, {"is", "What it is."}, {"value", "20 VMs"}, {"comes from", from}}
	}
	standard, bounds := []string{"default", "10 VMs"}, []string{"range", "1 to 1000"}
	for name, tt := range map[string]struct {
		item system.Item
		want [][]string
	}{
		"plain":      {plain, append(head("default"), standard, bounds)},
		"a formula":  {formula, append(head("default"), []string{"default", "10 VMs (half of hardware.total_ram)"}, bounds, []string{"changed", "ana, " + longAgoText}, []string{"for shop", "30 VMs (ana, " + longAgoText + ")"})},
		"read only":  {readOnly, append(head("the machine"), []string{"range", "read only"})},
		"waiting":    {later, append(head("the last start"), standard, bounds, []string{"stored", "40 VMs; it takes effect at the next start"})},
		"reset":      {reset, append(head("the last start"), standard, bounds, []string{"reset", "to 10 VMs; it takes effect at the next start"})},
		"overridden": {overridden, append(head("--vms"), standard, bounds, []string{"note", "the flag --vms overrides it"})},
	} {
		v := itemView("limit", tt.item)
		if diff := cmp.Diff(tt.want, v.Rows); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if !reflect.DeepEqual(v.Value, tt.item) {
			t.Errorf("%s: JSON shows %+v", name, v.Value)
		}
	}
	for want, i := range map[string]system.Item{
		"= 40 takes effect at the next start":          later,
		"is not in force: the flag --vms overrides it": overridden,
		"takes effect at once":                         {Note: "takes effect at once"},
		"= 10 takes effect at the next start":          reset,
	} {
		if got := waiting(i); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestAChangeShowsTheValuesBeforeAndAfter(t *testing.T) {
	groups := []system.Group{{Name: "runtime", Fields: []system.Described{{Path: "runtime.exec", Type: "integer", Unit: "ms"}}}, {Fields: []system.Described{{Path: "domain", Type: "string"}}}}
	got := changedView("limit", []system.Changed{
		{Path: "runtime.exec", Old: raw("5000"), New: raw("8000")},
		{Path: "runtime.exec", App: "shop", Old: raw("null"), New: raw("9000")},
		{Path: "domain", Old: raw(`"localhost"`), New: raw(`"a.example"`), Note: "takes effect at the next start"},
		{Path: "of.newer", Old: raw("1"), New: raw("2"), Note: "the flag overrides it"},
	}, groups)
	want := [][]string{
		{"runtime.exec", "5 s", "8 s"}, {"runtime.exec of shop", "", "9 s"}, {"domain", "localhost", "a.example"}, {"of.newer", "1", "2"},
		{"domain takes effect at the next start"}, {"of.newer is not in force: the flag overrides it"},
	}
	if diff := cmp.Diff(want, got.Rows); diff != "" || !slices.Equal(got.Columns, []string{"limit", "was", "is"}) {
		t.Errorf("%s %q", diff, got.Columns)
	}
}

func TestStoredValuesThatAreIgnoredAreReported(t *testing.T) {
	var notes bytes.Buffer
	c := commands{&kit.CLI{Env: kit.Env{Stderr: &notes}}}
	list := []system.Ignored{{Path: "a.b", Value: "9", Why: "there is no limit \"a.b\""}, {Path: "a.c\x1b", App: "shop", Value: "1\n2", Why: "it is too large"}}
	c.reportIgnored(list)
	if want := "The stored value 9 of a.b is ignored: there is no limit \"a.b\"\nThe stored value 1 2 of a.c for shop is ignored: it is too large\n"; notes.String() != want {
		t.Errorf("%q", notes.String())
	}
	notes.Reset()
	c.Quiet = true
	c.reportIgnored(list)
	if notes.Len() > 0 {
		t.Errorf("%q", notes.String())
	}
}

func TestTheFlagsOfSettings(t *testing.T) {
	cmd := &cobra.Command{}
	SettingFlags(cmd)
	for name, want := range map[string]string{"domain": "string", "listen": "stringSlice", "trusted-proxies": "stringSlice", "log-retention": "string"} {
		if f := cmd.Flags().Lookup(name); f == nil || f.Value.Type() != want || f.Usage == "" || f.Usage[0] < 'a' {
			t.Errorf("%s: %+v", name, f)
		}
	}
	if f := cmd.Flags().Lookup("listen"); !strings.Contains(f.Usage, "(default 127.0.0.1:4698)") {
		t.Errorf("%q", f.Usage)
	}
	if given := GivenSettings(cmd); len(given) != 0 {
		t.Errorf("no flag was given: %v", given)
	}
	if err := cmd.ParseFlags([]string{"--domain", "a.example", "--listen", "[::]:80", "--listen", "0.0.0.0:80,0.0.0.0:81", "--log-retention="}); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"domain": "a.example", "listen": "[::]:80,0.0.0.0:80,0.0.0.0:81", "log_retention": ""}
	if diff := cmp.Diff(want, GivenSettings(cmd)); diff != "" {
		t.Error(diff)
	}
	if given := GivenSettings(&cobra.Command{}); len(given) != 0 {
		t.Errorf("a command without these flags: %v", given)
	}
}

func TestArgumentsOfLimitsAndSettings(t *testing.T) {
	for name, tt := range map[string]struct {
		check cobra.PositionalArgs
		args  []string
		want  string
	}{
		"no group":       {atMost(1, "a group"), nil, ""},
		"a group":        {atMost(1, "a group"), []string{"runtime"}, ""},
		"two groups":     {atMost(1, "a group"), []string{"runtime", "http"}, `"http" is one argument too many; a group is a single word`},
		"no limit":       {atLeastOne("the name of the limit"), nil, "the name of the limit is missing"},
		"several limits": {atLeastOne("the name of the limit"), []string{"a", "b"}, ""},
		"no setting":     {settingAndValues, nil, "the name of the setting is missing"},
		"no value":       {settingAndValues, []string{"domain"}, "the value is missing"},
		"a value":        {settingAndValues, []string{"domain", ""}, ""},
		"several values": {settingAndValues, []string{"listen", "a", "b"}, ""},
	} {
		err := tt.check(nil, tt.args)
		var usage *kit.Usage
		if (err == nil) != (tt.want == "") || err != nil && (err.Error() != tt.want || !errors.As(err, &usage)) {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
	if got := string(quoted("a\"\n<ü>")); got != `"a\"\n\u003cü\u003e"` {
		t.Error(got)
	}
	if diff := cmp.Diff(map[string]json.RawMessage{"a": raw("null"), "b": raw("null")}, resets([]string{"a", "b", "a"})); diff != "" {
		t.Error(diff)
	}
}

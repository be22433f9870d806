package show

import (
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"fazt/internal/api/op"
	"fazt/internal/apps"
	"fazt/internal/auth"
	"fazt/internal/egress"
	"fazt/internal/egress/netlog"
	"fazt/internal/hosting"
)

// filled returns a value in which every field is set, each to something else.
func filled[T any]() (v T) {
	n := 0
	fill(reflect.ValueOf(&v).Elem(), &n)
	return v
}

func fill(v reflect.Value, n *int) {
	*n++
	switch p := v.Addr().Interface().(type) {
	case *time.Time:
		*p = time.Unix(int64(*n), 0).UTC()
		return
	case *netip.Addr:
		*p = netip.AddrFrom4([4]byte{192, 0, 2, byte(*n)})
		return
	case *netip.Prefix:
		*p = netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(*n), 0, 0}), 16)
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(fmt.Sprint("text", *n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(int64(*n))
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(uint64(*n))
	case reflect.Float64:
		v.SetFloat(float64(*n) + 0.5)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), n)
	case reflect.Array:
		for i := range v.Len() {
			fill(v.Index(i), n)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(v.Field(i), n)
			}
		}
	default:
		panic("no value for " + v.Type().String())
	}
}

// lost returns the fields of a value that are not set.
func lost(v reflect.Value, at string) (list []string) {
	switch {
	case v.Type() == reflect.TypeFor[time.Time](), v.Type() == reflect.TypeFor[netip.Addr](), v.Type() == reflect.TypeFor[netip.Prefix]():
		if v.IsZero() {
			list = []string{at}
		}
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			list = append(list, lost(v.Field(i), at+"."+v.Type().Field(i).Name)...)
		}
	case v.Kind() == reflect.Pointer && !v.IsNil():
		list = lost(v.Elem(), at)
	case v.Kind() == reflect.Slice && v.Len() > 0:
		list = lost(v.Index(0), at)
	case v.IsZero() || v.Kind() == reflect.Slice:
		list = []string{at}
	}
	return list
}

// A field that a conversion forgets is always empty for clients, and nothing else would notice.
func TestNoConversionForgetsAField(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		got  any
		lost []string // which no conversion can fill
	}{
		"alias":         {Alias(filled[apps.Alias]()), nil},
		"split losses":  {SplitLosses(filled[[]apps.SplitLoss]()), nil},
		"shares":        {Shares(filled[[]op.Share]()), nil},
		"deployment":    {Deployment(filled[hosting.Deployment]()), nil},
		"manifest":      {Manifest(filled[hosting.Manifest]()), nil},
		"plan":          {Plan(filled[op.Plan]()), nil},
		"announced":     {Announced(filled[[]op.Announced]()), nil},
		"upload":        {Upload(filled[hosting.Upload]()), nil},
		"files":         {Files(filled[[]hosting.Listed]()), nil},
		"damage":        {Damage(filled[hosting.Damage]()), nil},
		"damages":       {Damages(filled[[]hosting.Damage]()), nil},
		"key":           {Key(filled[auth.APIKey](), []string{"read"}), nil},
		"net verdict":   {NetVerdict(filled[egress.Explanation]()), []string{".App", ".Warnings"}}, // they need the name of the app
		"net attempt":   {NetAttempt(filled[netlog.Attempt](), "blog"), []string{".Missed"}},
		"net count":     {NetCount(filled[netlog.StatsRow]()), nil},
		"alias as list": {each([]apps.Alias{filled[apps.Alias]()}, Alias), nil},
	} {
		if got := lost(reflect.ValueOf(tt.got), ""); !slices.Equal(got, tt.lost) {
			t.Errorf("%s: lost %v, want %v", name, got, tt.lost)
		}
	}
}

// Two fields of one type are easily swapped.
func TestConversionsKeepEveryValueInItsField(t *testing.T) {
	t.Parallel()
	d, k, a, s := filled[hosting.Deployment](), filled[auth.APIKey](), filled[netlog.Attempt](), filled[netlog.StatsRow]()
	for name, pair := range map[string][2]any{
		"deployment":  {d, Deployment(d)},
		"manifest":    {d.Manifest, Manifest(d.Manifest)},
		"alias":       {filled[apps.Alias](), Alias(filled[apps.Alias]())},
		"upload":      {filled[hosting.Upload](), Upload(filled[hosting.Upload]())},
		"damage":      {filled[hosting.Damage](), Damage(filled[hosting.Damage]())},
		"key":         {k, Key(k, nil)},
		"net attempt": {a, NetAttempt(a, "")},
		"net count":   {s, NetCount(s)},
		"plan":        {filled[op.Plan](), Plan(filled[op.Plan]())},
	} {
		from, to := reflect.ValueOf(pair[0]), reflect.ValueOf(pair[1])
		compared := 0
		for i := range to.NumField() {
			f := to.Type().Field(i)
			source := from.FieldByName(f.Name)
			if !source.IsValid() || source.Type() != f.Type {
				continue
			}
			if compared++; !reflect.DeepEqual(source.Interface(), to.Field(i).Interface()) {
				t.Errorf("%s.%s is %v, want %v", name, f.Name, to.Field(i), source)
			}
		}
		if compared < 2 {
			t.Errorf("%s: only %d fields were compared", name, compared)
		}
	}
}

// An absent list, an empty one and an absent value stay what they are.
func TestNothingStaysNothing(t *testing.T) {
	t.Parallel()
	if AliasBefore(nil) != nil || AliasBefore(&apps.Alias{Name: "a"}).Name != "a" {
		t.Error("AliasBefore")
	}
	if Damages(nil) != nil || Damages([]hosting.Damage{}) == nil || Shares(nil) != nil || Files([]hosting.Listed{}) == nil {
		t.Error("a list that is absent became an empty one, or the other way round")
	}
	if u := Upload(hosting.Upload{}); u.Same != nil || u.Missing != nil {
		t.Errorf("%+v", u)
	}
	if d := Deployment(hosting.Deployment{}); d.Source != nil || d.LiveAt != nil || d.StoppedAt != nil {
		t.Errorf("%+v", d)
	}
	if v := NetVerdict(egress.Explanation{}); v.Entry != nil || v.Warnings == nil {
		t.Errorf("%+v", v)
	}
}

// The cookie of a visitor names its app by the token.
func TestTheTokenOfASplitIsNotShown(t *testing.T) {
	t.Parallel()
	shown := fmt.Sprintf("%+v %+v", Alias(apps.Alias{Targets: []apps.SplitTarget{{App: "blog", Token: "secret"}}}), SplitLosses([]apps.SplitLoss{{After: []apps.SplitTarget{{App: "blog", Token: "secret"}}}}))
	if !strings.Contains(shown, "blog") || strings.Contains(shown, "secret") {
		t.Error(shown)
	}
}

func TestTheAddressOfADeployment(t *testing.T) {
	t.Parallel()
	app := apps.App{ID: "app_1", Name: "blog"}
	for _, tt := range []struct {
		name    string
		address string // of the app; "" = nothing leads to it
		live    bool
		want    string
	}{
		{"live", "https://blog.example.com", true, "https://blog.example.com"},
		{"live, and nothing leads to it", "", true, "https://7--blog.example.com"},
		{"an earlier one", "https://blog.example.com", false, "https://7--blog.example.com"},
	} {
		s := Apps{URL: func(label string) string { return "https://" + label + ".example.com" }, AppURL: func(apps.App) string { return tt.address }}
		if got := s.Deployment(app, hosting.Deployment{Number: 7, Live: tt.live}); got.URL != tt.want || got.Preview != "https://7--blog.example.com" || got.Number != 7 {
			t.Errorf("%s: %+v", tt.name, got)
		}
	}
}

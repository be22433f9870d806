package app_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"fazt/internal/api/apitest"
	"fazt/internal/api/call"
	"fazt/internal/api/op"
	"fazt/internal/applog"
	"fazt/internal/auth"
	"fazt/internal/errs"
)

// record writes lines to the console of an app, as "level message".
func record(t *testing.T, d *apitest.Domains, app string, lines ...string) {
	t.Helper()
	for _, text := range lines {
		level, message, _ := strings.Cut(text, " ")
		d.AppLog.Record(applog.Line{AppID: d.App(app), Number: 2, Level: level, RequestID: "req_1", Message: message})
	}
}

func TestTheNewestLinesOfAnAppAreRead(t *testing.T) {
	t.Parallel()
	a, d := open(t)
	record(t, d, "blog", "debug a", "info b")
	if err := d.AppLog.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	record(t, d, "shop", "error not of blog")
	record(t, d, "blog", "warn c <&>", "error d") // not stored yet
	for name, tt := range map[string]struct {
		req  op.LogQuery
		want []string
	}{
		"all":          {op.LogQuery{App: "blog"}, []string{"a", "b", "c <&>", "d"}},
		"by id":        {op.LogQuery{App: d.App("blog")}, []string{"a", "b", "c <&>", "d"}},
		"the newest":   {op.LogQuery{App: "blog", Limit: 1}, []string{"d"}},
		"at most":      {op.LogQuery{App: "blog", Limit: 10_000}, []string{"a", "b", "c <&>", "d"}},
		"warnings":     {op.LogQuery{App: "blog", Level: "warn"}, []string{"c <&>", "d"}},
		"of this hour": {op.LogQuery{App: "blog", Since: 3_600_000}, []string{"a", "b", "c <&>", "d"}},
		"another app":  {op.LogQuery{App: "shop"}, []string{"not of blog"}},
	} {
		s, err := a.Logs(t.Context(), tt.req)
		if err != nil || s.Live || s.Size != -1 {
			t.Errorf("%s: %+v %v", name, s, err)
			continue
		}
		var b bytes.Buffer
		if err := s.Write(&b); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		var got []string
		for line := range strings.Lines(b.String()) {
			var l op.LogLine
			if err := json.Unmarshal([]byte(line), &l); err != nil || l.ID == 0 || l.Time.IsZero() || l.Deployment != 2 || l.RequestID != "req_1" {
				t.Errorf("%s: %s %v", name, line, err)
			}
			got = append(got, l.Message)
		}
		if !slices.Equal(got, tt.want) || strings.Contains(b.String(), `\u003c`) {
			t.Errorf("%s: %q", name, b.String())
		}
	}
	for name, req := range map[string]op.LogQuery{
		"a negative limit": {App: "blog", Limit: -1}, "a large limit": {App: "blog", Limit: 10_001}, "a negative age": {App: "blog", Since: -1}, "an unknown level": {App: "blog", Level: "fatal"},
	} {
		if _, err := a.Logs(t.Context(), req); !errs.Is(err, errs.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := a.LogsFollow(t.Context(), op.LogFollow{LogQuery: req}); !errs.Is(err, errs.Invalid) {
			t.Errorf("%s: follow: %v", name, err)
		}
	}
	for _, after := range []string{"x", "0", "-1"} {
		if _, err := a.LogsFollow(t.Context(), op.LogFollow{LogQuery: op.LogQuery{App: "blog"}, After: after}); !errs.Is(err, errs.Invalid) {
			t.Errorf("after %q: %v", after, err)
		}
	}
}

// follow starts a stream and returns a function that returns its next event.
func follow(t *testing.T, write func(io.Writer) error) (next func() op.LogLine) {
	t.Helper()
	r, w := io.Pipe()
	go func() { w.CloseWithError(write(w)) }()
	t.Cleanup(func() { r.Close() })
	lines := bufio.NewScanner(r)
	return func() (l op.LogLine) {
		t.Helper()
		for lines.Scan() {
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				if err := json.Unmarshal([]byte(data), &l); err != nil {
					t.Fatal(err)
				}
				return l
			}
		}
		t.Fatalf("the stream ended: %v", lines.Err())
		return l
	}
}

func TestAFollowedLogGoesOnWhereItBroke(t *testing.T) {
	t.Parallel()
	a, d := open(t)
	a.Follows = call.Follows{Keys: auth.NewKeys(d.DB), Ending: make(chan struct{})}
	record(t, d, "blog", "info a", "info b", "info c")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s := must(a.LogsFollow(ctx, op.LogFollow{LogQuery: op.LogQuery{App: "blog", Limit: 2}}))(t)
	if !s.Live || s.Size != -1 {
		t.Errorf("%+v", s)
	}
	next := follow(t, s.Write)
	b, c := next(), next()
	if b.Message != "b" || c.Message != "c" || b.ID >= c.ID {
		t.Errorf("%+v %+v", b, c)
	}
	record(t, d, "shop", "info not of blog")
	record(t, d, "blog", "info d")
	if l := next(); l.Message != "d" || l.Missed != 0 {
		t.Errorf("%+v", l)
	}
	again := must(a.LogsFollow(ctx, op.LogFollow{LogQuery: op.LogQuery{App: "blog", Limit: 1}, After: fmt.Sprint(b.ID)}))(t)
	next = follow(t, again.Write)
	if c, d := next(), next(); c.Message != "c" || d.Message != "d" {
		t.Errorf("%+v %+v", c, d)
	}
}

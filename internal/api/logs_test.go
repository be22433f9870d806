package api_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"fazt/internal/api/op"
	"fazt/internal/client"
	"fazt/internal/errs"
	"fazt/internal/fazttest"
	"fazt/internal/listener"
)

const talker = `
-- api/main.js --
console.log(request.query.say);
respond("ok");
`

// transports are the ways to an instance.
func transports(t *testing.T, i *fazttest.Instance) map[string]*client.Client {
	t.Helper()
	socket := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return listener.Dial(ctx, listener.SocketPath(i.Path))
	}}
	t.Cleanup(socket.CloseIdleConnections)
	return map[string]*client.Client{"in process": i.Client, "by the socket": client.New(socket, "http://fazt")}
}

func follow(t *testing.T, c *client.Client, q op.LogQuery) (next func() op.LogLine, stop func() error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // lines that never come must not hold up the tests
	stream, err := client.Call(ctx, c, op.AppLogsFollow, op.LogFollow{LogQuery: q})
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stream.Body)
	next = func() (l op.LogLine) {
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
	return next, func() error {
		cancel()
		return stream.Body.Close()
	}
}

// The predecessor failed on every attempt to follow a log, and published nothing to follow.
func TestFollowingALogShowsLinesAsTheyAreWritten(t *testing.T) {
	i := fazttest.New(t)
	i.Deploy("app", talker)
	i.Deploy("other", talker)
	i.Get("app", "/api/x?say=before")
	for name, c := range transports(t, i) {
		t.Run(name, func(t *testing.T) {
			next, stop := follow(t, c, op.LogQuery{App: "app", Limit: 1})
			i.Get("other", "/api/x?say=of+another+app")
			next()
			for n := range 3 {
				i.Get("app", fmt.Sprintf("/api/x?say=live+%d", n))
				l := next()
				if l.Message != fmt.Sprintf("live %d", n) || l.Level != "info" || l.Deployment != 1 || l.Time.IsZero() || l.RequestID == "" {
					t.Fatalf("%+v", l)
				}
			}
			if err := stop(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestAFollowerThatDoesNotReadDelaysNoRequest(t *testing.T) {
	i := fazttest.New(t)
	i.Deploy("app", `
-- api/main.js --
for (let n = 0; n < 150; n++) console.log("x".repeat(1000));
respond("ok");
`)
	for _, c := range transports(t, i) {
		_, stop := follow(t, c, op.LogQuery{App: "app"})
		defer stop()
	}
	for range 50 {
		if got := i.Get("app", "/api/x"); got.StatusCode != http.StatusOK {
			t.Fatalf("%d %s", got.StatusCode, got.Text)
		}
	}
}

func TestAFollowedLogEndsWithTheServer(t *testing.T) {
	i := fazttest.New(t)
	i.Deploy("app", talker)
	c := transports(t, i)["by the socket"]
	stream, err := client.Call(t.Context(), c, op.AppLogsFollow, op.LogFollow{LogQuery: op.LogQuery{App: "app"}})
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	i.Stop()
	if _, err := io.ReadAll(stream.Body); err != nil {
		t.Error(err)
	}
	stream.Body.Close()
	if took := time.Since(began); took > 9*time.Second { // the server cuts connections that do not end after 10 s
		t.Errorf("the server waited %v for its follower", took)
	}
}

func TestInvalidQueriesOfALog(t *testing.T) {
	i := fazttest.New(t)
	i.Deploy("app", talker)
	for name, tt := range map[string]struct {
		query op.LogQuery
		kind  errs.Kind
	}{
		"no app":        {op.LogQuery{App: "none"}, errs.NotFound},
		"level":         {op.LogQuery{App: "app", Level: "loud"}, errs.Invalid},
		"too many":      {op.LogQuery{App: "app", Limit: 10_001}, errs.Invalid},
		"negative":      {op.LogQuery{App: "app", Limit: -1}, errs.Invalid},
		"in the future": {op.LogQuery{App: "app", Since: -1}, errs.Invalid},
	} {
		for way, c := range transports(t, i) {
			if _, err := client.Call(t.Context(), c, op.AppLogs, tt.query); !errs.Is(err, tt.kind) {
				t.Errorf("%s, %s: %v", name, way, err)
			}
			if _, err := client.Call(t.Context(), c, op.AppLogsFollow, op.LogFollow{LogQuery: tt.query}); !errs.Is(err, tt.kind) {
				t.Errorf("follow: %s, %s: %v", name, way, err)
			}
		}
	}
}

package server_test

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"fazt/internal/database"
	"fazt/internal/fazttest"
	"fazt/internal/fazttest/await"
	"fazt/internal/system"
)

const lateApp = `
-- api/main.js --
const spend = (ms) => new Promise((done) => setTimeout(done, ms));
export default async (request) => {
	const path = new URL(request.url).pathname;
	for (;;) {
		try {
			if (path.endsWith("/get")) fazt.app.kv.get("k");
			else await fazt.app.kv.set("k", 1);
		} catch (e) {
			if (path.endsWith("/caught")) return Response.json({ code: e.code, retryable: e.retryable, message: e.message });
			throw e;
		}
		await spend(1);
	}
};
`

// The function uses storage until it is refused; by then some of its time is left, and it can still respond. About 20
// ms are left, which a busy machine may take away: so only one of several requests has to see the error.
func TestAFunctionThatRunsOutOfTimeForStorageGetsAnErrorAndCanRespond(t *testing.T) {
	i := fazttest.New(t, fazttest.Limit(func(l *system.Limits) { l.Runtime.ExecTimeout = 500 }))
	i.Deploy("late", lateApp)
	for path, want := range map[string]struct {
		status int
		texts  []string
	}{
		"/api/set":    {http.StatusServiceUnavailable, []string{`"UNAVAILABLE"`}},
		"/api/get":    {http.StatusServiceUnavailable, []string{`"UNAVAILABLE"`}},
		"/api/caught": {http.StatusOK, []string{`"code":"UNAVAILABLE"`, `"retryable":true`, "not enough time left for storage"}},
	} {
		sees := func(r fazttest.Response) bool {
			lacks := func(text string) bool { return !strings.Contains(r.Text, text) }
			return r.StatusCode == want.status && !slices.ContainsFunc(want.texts, lacks) && (r.StatusCode == http.StatusOK || r.Header.Get("Retry-After") == "1")
		}
		r := i.Get("late", path)
		for tries := 1; !sees(r) && tries < 20; tries++ {
			r = i.Get("late", path)
		}
		if !sees(r) {
			t.Errorf("%s: %d, Retry-After %q, %s", path, r.StatusCode, r.Header.Get("Retry-After"), r.Text)
		}
	}
}

// While the writer is blocked, writes of functions fail with a retryable error before their function is stopped, and
// none of them is done later.
func TestWritesThatWaitTooLongForTheDiskAreRefusedAndNeverDone(t *testing.T) {
	i := fazttest.New(t, fazttest.Limit(func(l *system.Limits) { l.Runtime.ExecTimeout, l.Storage.WriteQueue = 4000, 3 }))
	i.Deploy("app", `
-- api/main.js --
export default async (request) => {
	const n = new URL(request.url).searchParams.get("n");
	await fazt.app.kv.set("n" + n, n);
	return new Response("stored");
};
`)
	i.Get("app", "/api/?n=first") // on a busy machine, compiling may take longer than a write waits
	began, goOn := make(chan struct{}), make(chan struct{})
	var held sync.WaitGroup
	held.Go(func() {
		_ = i.DB.Write(t.Context(), func(*database.Tx) error { close(began); <-goOn; return nil })
	})
	<-began
	var all sync.WaitGroup
	for n := range 8 { // more than the queue holds
		all.Go(func() {
			r := i.Get("app", "/api/?n="+string(rune('0'+n)))
			if r.StatusCode != http.StatusServiceUnavailable || r.Header.Get("Retry-After") == "" {
				t.Errorf("%d: %d, Retry-After %q, %s", n, r.StatusCode, r.Header.Get("Retry-After"), r.Text)
			}
		})
	}
	all.Wait()
	close(goOn)
	held.Wait()
	await.Until(t, "a write behind those that were queued", func() bool {
		return i.DB.Write(t.Context(), func(*database.Tx) error { return nil }) == nil
	})
	keys := 0
	err := i.DB.Read(t.Context(), func(c *database.Conn) error {
		_, err := c.First("SELECT count(*) FROM kv", func(r *database.Row) { keys = r.Int(0) })
		return err
	})
	if err != nil || keys != 1 {
		t.Errorf("%d writes were done after they had been refused, %v", keys-1, err)
	}
}

// The quota of an app applies to its functions, which get an error that names the limit.
func TestAFunctionThatExceedsTheQuotaOfItsAppGetsAnError(t *testing.T) {
	i := fazttest.New(t, fazttest.Limit(func(l *system.Limits) { l.Storage.MaxAppData = 2000 }))
	d := i.Deploy("hoard", `
-- api/main.js --
export default async () => {
	const refused = [];
	for (let n = 0; n < 20; n++) {
		try {
			await fazt.app.kv.set("k" + n, "x".repeat(100));
		} catch (e) {
			refused.push(e.code + " " + e.retryable + " " + e.message);
		}
	}
	await fazt.app.kv.set("k0", "less"); // writes that add nothing are always possible
	await fazt.app.kv.delete("k1");
	return Response.json(refused);
};
`)
	r := i.Get("hoard", "/api/")
	if r.StatusCode != http.StatusOK || !strings.Contains(r.Text, "APP_DATA_FULL false the app stores") || !strings.Contains(r.Text, "storage.max_app_data") {
		t.Errorf("%d %s", r.StatusCode, r.Text)
	}
	u, err := i.KV.Usage(t.Context(), d.App.ID)
	if err != nil || u.Bytes > 2000 || u.Keys < 8 {
		t.Errorf("%+v %v", u, err)
	}
}

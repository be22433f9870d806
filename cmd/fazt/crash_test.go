package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"fazt/internal/api/op"
	"fazt/internal/client"
	"fazt/internal/database"
	"fazt/internal/fazttest"
)

// TestKillLosesNothingAcknowledged switches back and forth between two versions of an app, with eight
// readers and a writer to the key-value store, while the server is killed with SIGKILL at random moments. Every
// response must be entirely old or entirely new, and after every kill the file must be intact and have every
// acknowledged deployment and write.
//
// FAZT_KILLS sets the number of kills (20), FAZT_SEED repeats a run.
func TestKillLosesNothingAcknowledged(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("there is no SIGKILL")
	}
	kills := number(t, "FAZT_KILLS", 20)
	if testing.Short() {
		kills = 3
	}
	seed := uint64(number(t, "FAZT_SEED", int(time.Now().UnixNano()&0xffffffff)))
	t.Logf("seed %d (FAZT_SEED=%d repeats the run)", seed, seed)
	c := &crash{t: t, binary: program(t), db: filepath.Join(t.TempDir(), "data.db"), random: rand.New(rand.NewPCG(seed, 1))}
	c.versions = [2]fazttest.Folder{version(1), version(2)}

	c.start()
	c.patient()
	c.kill()
	var slowest time.Duration
	worked := func() bool { return c.answers.Load() > 0 && c.deploys.Load() > 0 && len(c.acked) > 0 }
	done := 0
	for ; done < kills || !worked() && done < 10*kills; done++ { // on a busy machine little happens before each kill
		took := c.start()
		slowest = max(slowest, took)
		c.verify()
		c.workUntilKilled()
		c.examine(done)
	}
	c.start()
	c.verify()
	c.kill()
	t.Logf("other changes acknowledged, by kind: %v", c.changed.counts)
	for _, k := range changes() {
		if done >= 100 && c.changed.counts[k.kind] == 0 {
			t.Errorf("no %s was acknowledged", k.kind)
		}
	}
	t.Logf("%d kills: %d responses read, %d deploys, %d writes and %d removals of values acknowledged, none lost; ready again in %v at most",
		done, c.answers.Load(), c.deploys.Load(), len(c.acked), len(c.deleted), slowest.Round(time.Millisecond))
	if !worked() {
		t.Fatal("the test did too little work")
	}
}

func number(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s=%s is not a number", name, text)
	}
	return n
}

// program returns the path of a program that is fazt. It is this test binary under that name: nothing has to be linked twice.
func program(t *testing.T) string {
	t.Helper()
	path, err := linked()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// programs is the folder of the program; TestMain removes it.
var programs string

var linked = sync.OnceValues(func() (path string, err error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	// Next to the test binary, because a hard link does not leave the file system.
	if programs, err = os.MkdirTemp(filepath.Dir(self), "fazt-program"); err != nil {
		return "", err
	}
	path = filepath.Join(programs, programName)
	return path, os.Link(self, path)
})

const programName = "fazt"

func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == programName {
		main()
	}
	code := m.Run()
	if programs != "" {
		os.RemoveAll(programs)
	}
	os.Exit(code)
}

// version returns one of the two versions: a small page, a page larger than a chunk, and a function.
func version(n int) fazttest.Folder {
	mark := fmt.Sprintf("version-%d ", n)
	return fazttest.Folder{
		"index.html": []byte("<p>" + strings.Repeat(mark, 400)),
		"big.txt":    []byte(strings.Repeat(mark, 150_000)), // 1.5 MB
		"api/main.js": []byte(fmt.Sprintf(`export default { fetch(request) {
			const url = new URL(request.url), n = url.searchParams.get("n");
			if (request.method === "DELETE") { fazt.app.kv.delete("k" + n); return new Response("ok"); }
			if (request.method === "POST") { fazt.app.kv.set("k" + n, Number(n)); return new Response("ok"); }
			if (n !== null) return Response.json({ n: fazt.app.kv.get("k" + n) ?? null });
			return new Response(%q.repeat(400));
		} };`, mark)),
	}
}

// insideNamespace is set in test processes that have their own network namespace (outside_linux_test.go).
const insideNamespace = "FAZT_TEST_NAMESPACE"

type crash struct {
	t        *testing.T
	binary   string
	db       string
	random   *rand.Rand
	versions [2]fazttest.Folder

	cmd     *exec.Cmd
	address string

	answers atomic.Int64
	acks    atomic.Int64 // of any kind
	deploys atomic.Int64 // acknowledged
	live    int          // number of the newest acknowledged deployment
	trying  bool         // whether another deploy was in progress when the server was killed
	written int          // number of writes so far
	acked   []int        // acknowledged writes
	deleted []int        // acknowledged removals of other writes
	changed changed      // other acknowledged changes
}

// start runs the server and returns how long it took to respond.
func (c *crash) start() time.Duration {
	c.t.Helper()
	if c.address == "" {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			c.t.Fatal(err)
		}
		c.address = l.Addr().String()
		l.Close()
	}
	began := time.Now()
	c.cmd = exec.Command(c.binary, "server", "start", "--db", c.db, "--listen", c.address)
	c.cmd.Stdout, c.cmd.Stderr = io.Discard, os.Stderr
	if err := c.cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(c.kill)
	for time.Since(began) < 30*time.Second {
		if _, err := c.get(context.Background(), http.MethodGet, "/"); err == nil {
			return time.Since(began)
		}
		time.Sleep(time.Millisecond)
	}
	c.t.Fatal("the server did not start")
	return 0
}

// patient lets requests wait long enough that none is refused on a busy machine.
func (c *crash) patient() {
	c.t.Helper()
	cl, err := c.client(context.Background())
	if err != nil {
		c.t.Fatal(err)
	}
	defer cl.Close()
	change := op.LimitsChange{Values: map[string]json.RawMessage{"runtime.queue_wait": json.RawMessage("30000")}}
	if _, err := client.Call(context.Background(), cl, op.LimitsSet, change); err != nil {
		c.t.Fatal(err)
	}
}

func (c *crash) kill() {
	if c.cmd == nil || c.cmd.ProcessState != nil {
		return
	}
	_ = c.cmd.Process.Signal(syscall.SIGKILL)
	_ = c.cmd.Wait()
}

// get requests a page of the app; it returns an error if no whole response arrived.
func (c *crash) get(ctx context.Context, method, target string) (body string, err error) {
	r, err := http.NewRequestWithContext(ctx, method, "http://"+c.address+target, nil)
	if err != nil {
		return "", err
	}
	r.Host = "app.localhost"
	deployed := c.deploys.Load() > 0
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		return "", err
	}
	if resp.StatusCode != http.StatusOK && deployed {
		c.t.Errorf("%s %s: %d %.200s", method, target, resp.StatusCode, data)
	}
	return string(data), nil
}

func (c *crash) client(ctx context.Context) (*client.Client, error) {
	return client.Open(ctx, client.Config{Database: c.db})
}

// workUntilKilled deploys, reads and writes for a moment, kills the server in the middle of that, and waits until
// every client has noticed.
func (c *crash) workUntilKilled() {
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() { c.read(ctx) })
	}
	all.Go(func() { c.write(ctx) })
	all.Go(func() { c.deploy(ctx) })
	all.Go(func() { c.change(ctx) })
	switch c.random.IntN(4) { // on a busy machine nothing would be acknowledged before the kill otherwise
	case 0:
	case 1:
		waitFor(&c.deploys)
	default:
		waitFor(&c.acks)
	}
	time.Sleep(time.Duration(20+c.random.IntN(400)) * time.Millisecond)
	c.kill()
	cancel()
	all.Wait()
	http.DefaultClient.CloseIdleConnections()
}

// waitFor returns when a count has increased, or after a few seconds.
func waitFor(n *atomic.Int64) {
	for before, began := n.Load(), time.Now(); n.Load() == before && time.Since(began) < 10*time.Second; {
		time.Sleep(time.Millisecond)
	}
}

func (c *crash) read(ctx context.Context) {
	for i := 0; ctx.Err() == nil; i++ {
		target, deployed := []string{"/", "/big.txt", "/api/x"}[i%3], c.deploys.Load() > 0
		body, err := c.get(ctx, http.MethodGet, target)
		if err != nil || !deployed {
			time.Sleep(time.Millisecond)
			continue
		}
		if !c.whole(target, body) {
			c.t.Errorf("%s is neither version: %d bytes, hash %x, begins %.60q", target, len(body), sha256.Sum256([]byte(body)), body)
		}
		c.answers.Add(1)
	}
}

// whole reports whether body is all of one version of the page.
func (c *crash) whole(target, body string) bool {
	for n, v := range c.versions {
		want := string(v["index.html"])
		switch target {
		case "/big.txt":
			want = string(v["big.txt"])
		case "/api/x":
			want = strings.Repeat(fmt.Sprintf("version-%d ", n+1), 400)
		}
		if body == want {
			return true
		}
	}
	return false
}

func (c *crash) write(ctx context.Context) {
	for ctx.Err() == nil {
		if c.deploys.Load() == 0 {
			time.Sleep(time.Millisecond)
			continue
		}
		n := c.written
		c.written++
		body, err := c.get(ctx, http.MethodPost, "/api/x?n="+strconv.Itoa(n))
		switch {
		case err != nil || body != "ok":
		case n%4 > 0:
			c.acks.Add(1)
			c.acked = append(c.acked, n)
		default:
			if body, err = c.get(ctx, http.MethodDelete, "/api/x?n="+strconv.Itoa(n)); err == nil && body == "ok" {
				c.deleted = append(c.deleted, n)
			}
		}
	}
}

func (c *crash) deploy(ctx context.Context) {
	cl, err := c.client(ctx)
	if err != nil {
		return
	}
	defer cl.Close()
	for ctx.Err() == nil {
		v := c.versions[c.deploys.Load()%2]
		c.trying = true
		d, err := client.Deploy(ctx, cl, "app", v.Plan(), v, false, nil)
		if err != nil {
			return
		}
		if d.Deployed != nil {
			c.live = d.Deployed.Deployment.Number
		}
		c.deploys.Add(1)
		c.acks.Add(1)
		c.trying = false
	}
}

// examine checks the file that the killed server left behind.
func (c *crash) examine(kill int) {
	c.t.Helper()
	db, err := database.Open(context.Background(), database.Config{Path: c.db})
	if err != nil {
		c.t.Fatalf("after kill %d: %v", kill, err)
	}
	defer db.Close()
	if faults, err := db.CheckIntegrity(context.Background()); err != nil || len(faults) > 0 {
		c.t.Fatalf("after kill %d: %v %v", kill, faults, err)
	}
	number := 0 // even if no deploy was acknowledged so far: one in progress may have completed
	err = db.Read(context.Background(), func(q *database.Conn) error {
		_, err := q.First("SELECT number FROM live JOIN deployments ON deployments.id = deployment_id JOIN apps ON apps.id = live.app_id WHERE apps.name = 'app'", func(r *database.Row) { number = r.Int(0) })
		return err
	})
	if err != nil || number != c.live && (!c.trying || number != c.live+1) {
		c.t.Fatalf("after kill %d: deployment %d is live, %d was acknowledged (%v)", kill, number, c.live, err)
	}
	c.live = number
	c.changed.verify(c.t, db)
	c.wantWhole(db)
}

// wantWhole fails the test if a change that takes many writes is visible half done.
func (c *crash) wantWhole(db *database.DB) {
	c.t.Helper()
	for what, sql := range map[string]string{
		"deployments without some of their files":          "SELECT count(*) FROM deployments d WHERE files <> (SELECT count(*) FROM deployment_files WHERE deployment_id = d.id)",
		"apps whose values are not those that are counted": "SELECT count(*) FROM usage u WHERE keys <> (SELECT count(*) FROM kv WHERE app_id = u.app_id)",
		"values of apps that are not there and not known as left over": `SELECT count(*) FROM (SELECT DISTINCT app_id FROM kv)
			WHERE app_id NOT IN (SELECT id FROM apps) AND app_id NOT IN (SELECT app_id FROM leftovers)`,
	} {
		n := 0
		err := db.Read(context.Background(), func(q *database.Conn) error {
			_, err := q.First(sql, func(r *database.Row) { n = r.Int(0) })
			return err
		})
		if err != nil || n > 0 {
			c.t.Fatalf("%d %s (%v)", n, what, err)
		}
	}
}

// verify asks the server for every acknowledged write.
func (c *crash) verify() {
	c.t.Helper()
	for _, n := range c.acked {
		c.want(n, fmt.Sprint(n))
	}
	for _, n := range c.deleted {
		c.want(n, "null")
	}
}

func (c *crash) want(n int, value string) {
	c.t.Helper()
	body, err := c.get(context.Background(), http.MethodGet, "/api/x?n="+strconv.Itoa(n))
	if want := fmt.Sprintf(`{"n":%s}`, value); err != nil || body != want {
		c.t.Fatalf("acknowledged write %d: got %q, %v, want %s", n, body, err, want)
	}
}

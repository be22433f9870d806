package server

import (
	"archive/zip"
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"fazt/internal/api/backup"
	"fazt/internal/api/op"
	"fazt/internal/errs"
	"fazt/internal/gateway"
	"fazt/internal/listener"
	"fazt/internal/system"
)

// The self-test measures a second instance that exists only for it: built by the same code with the same limits, in the
// same process, with its database in a folder beside the real one and so on the same disk, reached over the loopback
// interface through the same front door. So it is honest, and touches nothing: the real database does not grow by what
// is written, no list shows an app that nobody made, and what a crash leaves behind is a folder.
//
// It drives itself: about half of the processors' time goes into asking. What it finds is a lower bound.

const (
	askers    = 32 // connections that ask at once
	quiet     = 300 * time.Millisecond
	patience  = 15 * time.Second // for the first good answer, on a slow machine that has other things to do
	quietRate = 20               // requests and writes in a second that an idle instance may have
)

// calibration is at most one at a time.
type calibration struct{ busy atomic.Bool }

// count is told of every answer of the front door.
func (i *Instance) count(e gateway.Event) {
	i.visits.Add(1)
	i.traffic.count(e)
}

// measure runs the self-test for about the given time.
func (i *Instance) measure(ctx context.Context, length time.Duration, force bool) (m system.Measured, err error) {
	r := i.running.Load()
	if r == nil {
		return m, errs.New(errs.Conflict, "no server is running on %s: what is measured is a running server; start one with `fazt server start`", i.DB.Path())
	}
	if !i.calibration.busy.CompareAndSwap(false, true) {
		return m, errs.New(errs.Conflict, "the instance is being measured already")
	}
	defer i.calibration.busy.Store(false)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stopped := context.AfterFunc(r.ctx, cancel) // a server that is told to stop does not measure to the end
	defer stopped()
	if !force {
		if err := i.checkIdle(ctx); err != nil {
			return m, err
		}
	}
	beside, prefix := i.scratch()
	dir, err := os.MkdirTemp(beside, prefix)
	if err != nil {
		return m, errs.Wrap(errs.Unavailable, err, "no folder can be made beside the database")
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	limits := *i.Limits.Load()
	s, err := Open(ctx, Config{Database: filepath.Join(dir, "data.db"), Domain: "localhost", Limits: &limits})
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if m, err = s.carry(ctx, length); err != nil {
		if r.ctx.Err() != nil {
			err = errs.New(errs.Unavailable, "the server is stopping; nothing was measured")
		}
		return m, err
	}
	m.MeasuredAt = time.Now().UTC().Truncate(time.Second)
	m.CPUCores, m.TotalRAM = limits.Hardware.CPUCores, limits.Hardware.TotalRAM
	return m, nil
}

// sweepScratch removes what self-tests and copies for peers left behind that did not get to their end. The caller has the lock of the database.
func (i *Instance) sweepScratch() {
	beside, prefix := i.scratch()
	entries, err := os.ReadDir(beside)
	if err != nil {
		return // a folder that nobody may list has none of ours that could be found
	}
	for _, e := range entries {
		if !e.IsDir() || !strings.HasPrefix(e.Name(), prefix) && !strings.HasPrefix(e.Name(), backup.FetchPrefix(i.config.Database)) {
			continue
		}
		if err := os.RemoveAll(filepath.Join(beside, e.Name())); err != nil {
			i.log.Warn("what a self-test or a backup left behind cannot be removed", "folder", e.Name(), "error", err)
		}
	}
}

// scratch is where the folders of self-tests are, and how their names begin: with that of the database, as there may be
// other databases beside it, with servers of their own.
func (i *Instance) scratch() (beside, prefix string) {
	return filepath.Dir(i.config.Database), ".fazt-bench-" + filepath.Base(i.config.Database) + "-"
}

// checkIdle watches the instance for a moment: under load it would measure what is left of the machine, and take that
// from those who use it.
func (i *Instance) checkIdle(ctx context.Context) error {
	work := func() uint64 { return i.visits.Load() + i.DB.Stats().Writes }
	before := work()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(quiet):
	}
	rate := float64(work()-before) / quiet.Seconds()
	if busy := i.engine.Stats().Busy; rate > quietRate || busy > 0 {
		return errs.New(errs.Conflict, "the instance is busy (%.0f requests and writes in a second, %d functions at work): measure when it is quiet, or all the same with --force", rate, busy)
	}
	return nil
}

// The app that is measured.
const (
	scratchApp  = "bench"
	scratchPage = "<!doctype html>\n<title>Bench</title>\n"
	scratchCode = `const kv = fazt.app.kv;
let n = 0;
export default async (request) => {
	if (request.method !== "POST") return Response.json({ hello: "world" });
	n = (n + 1) % 1000;
	await kv.set("n:" + n, { n, at: Date.now() });
	return Response.json({ n });
};
`
)

// carry deploys the app, serves it, and asks for it in four ways, each for a quarter of the time.
func (i *Instance) carry(ctx context.Context, length time.Duration) (m system.Measured, err error) {
	if err := i.deployScratch(ctx); err != nil {
		return m, err
	}
	l, err := listener.TCP("127.0.0.1:0", nil)
	if err != nil {
		return m, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	// What stops last runs on when ctx ends; the edge drains before the engine it needs.
	work := begin(context.WithoutCancel(ctx), cancel, i.engine.Run)
	front := begin(context.WithoutCancel(ctx), cancel, i.edge("", l, i.front).Run)
	defer func() { err = errors.Join(err, front.end(), work.end()) }()

	file, call, write := ask("GET", "/"), ask("GET", "/api/"), ask("POST", "/api/")
	for _, request := range [][]byte{file, call, write} { // what is made at the first request is not measured
		if err := first(ctx, l.Addr().String(), request); err != nil {
			return m, err
		}
	}
	for _, step := range []struct {
		into *int
		next func(n int) []byte
	}{
		{&m.Reads, func(int) []byte { return file }},
		{&m.Functions, func(int) []byte { return call }},
		{&m.Writes, func(int) []byte { return write }},
		{&m.Mixed, func(n int) []byte {
			if n%10 < 3 {
				return write
			}
			return file
		}},
	} {
		if *step.into, err = drive(ctx, l.Addr().String(), length/4, step.next); err != nil {
			return m, err
		}
	}
	return m, nil
}

// deployScratch deploys by the same operation as anybody.
func (i *Instance) deployScratch(ctx context.Context) error {
	var archive, form bytes.Buffer
	z := zip.NewWriter(&archive)
	for name, text := range map[string]string{"index.html": scratchPage, "api/main.js": scratchCode} {
		w, err := z.Create(name)
		if err != nil {
			return err
		}
		if _, err := io.WriteString(w, text); err != nil {
			return err
		}
	}
	if err := z.Close(); err != nil {
		return err
	}
	f := multipart.NewWriter(&form)
	if err := f.WriteField("app", scratchApp); err != nil {
		return err
	}
	w, err := f.CreateFormFile("file", "bench.zip")
	if err != nil {
		return err
	}
	if _, err := w.Write(archive.Bytes()); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, op.DeployArchive.Spec.Method, op.DeployArchive.Spec.Path, &form)
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", f.FormDataContentType())
	a := &kept{header: http.Header{}}
	i.API().ServeHTTP(a, r)
	if a.status != http.StatusOK {
		return errs.New(errs.Unavailable, "the app to measure with could not be deployed: %s", strings.TrimSpace(a.body.String()))
	}
	return nil
}

// kept is an answer that nobody sends.
type kept struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header is of the answer.
func (k *kept) Header() http.Header { return k.header }

// WriteHeader keeps the first status.
func (k *kept) WriteHeader(status int) {
	if k.status == 0 {
		k.status = status
	}
}

// Write keeps the body.
func (k *kept) Write(p []byte) (int, error) {
	k.WriteHeader(http.StatusOK)
	return k.body.Write(p)
}

func ask(method, path string) []byte {
	return fmt.Appendf(nil, "%s %s HTTP/1.1\r\nHost: %s.localhost\r\nContent-Length: 0\r\n\r\n", method, path, scratchApp)
}

// first asks until there is a good answer.
func first(ctx context.Context, address string, request []byte) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var good atomic.Int64
	err := converse(ctx, address, time.Time{}, &good, func() []byte {
		if good.Load() > 0 {
			cancel()
		}
		return request
	})
	switch {
	case good.Load() > 0:
		return nil
	case err != nil && ctx.Err() == nil:
		return errs.Wrap(errs.Unavailable, err, "the instance did not answer itself: %v", err)
	case errors.Is(ctx.Err(), context.Canceled):
		return ctx.Err()
	}
	return refusedAll()
}

func refusedAll() error {
	return errs.New(errs.Unavailable, "the instance gave itself no good answer for %v: is the machine that busy, or are its limits that low?", patience)
}

// drive asks over many connections, each for its next answer when it has the last, and gives how many good answers
// came in a second. The first tenth of the time is not counted: machines are made then. Where no good answer came in
// time, it waits for one.
func drive(outer context.Context, address string, length time.Duration, next func(n int) []byte) (perSecond int, err error) {
	ctx, cancel := context.WithTimeout(outer, length+patience)
	defer cancel()
	from, ends := time.Now().Add(length/10), time.Now().Add(length)
	var good, n atomic.Int64
	var once sync.Once
	var all sync.WaitGroup
	for range askers {
		all.Go(func() {
			failed := converse(ctx, address, from, &good, func() []byte {
				if good.Load() > 0 && time.Now().After(ends) {
					cancel()
				}
				return next(int(n.Add(1)))
			})
			if failed != nil && ctx.Err() == nil {
				once.Do(func() { err = failed })
				cancel()
			}
		})
	}
	all.Wait()
	took := time.Since(from)
	switch {
	case err != nil:
		return 0, errs.Wrap(errs.Unavailable, err, "the instance did not answer itself: %v", err)
	case outer.Err() != nil:
		return 0, outer.Err()
	case good.Load() == 0:
		return 0, refusedAll()
	}
	return int(float64(good.Load()) / took.Seconds()), nil
}

// converse asks over one connection until ctx ends. A client as plain as can be: what it costs is taken from what is
// measured.
func converse(ctx context.Context, address string, from time.Time, good *atomic.Int64, next func() []byte) error {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	defer conn.Close()
	closed := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Now()) })
	defer closed()
	in := bufio.NewReader(conn)
	for ctx.Err() == nil {
		if _, err := conn.Write(next()); err != nil {
			return err
		}
		ok, err := answer(in)
		if err != nil {
			return err
		}
		if ok && time.Now().After(from) {
			good.Add(1)
		}
	}
	return nil
}

// answer reads an answer that tells its length, and says whether it is good.
func answer(in *bufio.Reader) (good bool, err error) {
	line, err := in.ReadSlice('\n')
	if err != nil {
		return false, err
	}
	good = bytes.HasPrefix(line, []byte("HTTP/1.1 200 "))
	length := -1
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return false, err
		}
		name, value, found := bytes.Cut(bytes.TrimRight(line, "\r\n"), []byte(":"))
		if !found {
			break
		}
		if strings.EqualFold(string(name), "Content-Length") {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return false, err
			}
		}
	}
	if length < 0 {
		return false, errors.New("an answer without a length")
	}
	_, err = in.Discard(length)
	return good, err
}

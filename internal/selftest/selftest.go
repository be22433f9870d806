// Package selftest measures an instance that exists only for it: it deploys an app and sends it four kinds of requests. It
// runs in the same process as the instance and uses about half of the processor time for itself, so the results are lower
// bounds.
package selftest

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
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"fazt/internal/api/op"
	"fazt/internal/errs"
	"fazt/internal/system"
)

const (
	askers   = 32               // concurrent connections
	patience = 15 * time.Second // how long to wait for the first good response, on a slow and busy machine
)

// The measured app.
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

// Measure sends the four kinds of requests to the app of Deploy at address, each for a quarter of the time.
func Measure(ctx context.Context, address string, length time.Duration) (m system.Measured, err error) {
	file, call, write := ask("GET", "/"), ask("GET", "/api/"), ask("POST", "/api/")
	for _, request := range [][]byte{file, call, write} { // the first request initializes things and is not measured
		if err := first(ctx, address, request); err != nil {
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
		if *step.into, err = drive(ctx, address, length/4, step.next); err != nil {
			return m, err
		}
	}
	return m, nil
}

// Deploy deploys the measured app, with the same operation as any other app.
func Deploy(ctx context.Context, api http.Handler) error {
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
	api.ServeHTTP(a, r)
	if a.status != http.StatusOK {
		return errs.New(errs.Unavailable, "the app of the self-test could not be deployed: %s", strings.TrimSpace(a.body.String()))
	}
	return nil
}

// kept is a response in memory.
type kept struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header returns the header of the response.
func (k *kept) Header() http.Header { return k.header }

// WriteHeader stores the first status.
func (k *kept) WriteHeader(status int) {
	if k.status == 0 {
		k.status = status
	}
}

// Write stores the body.
func (k *kept) Write(p []byte) (int, error) {
	k.WriteHeader(http.StatusOK)
	return k.body.Write(p)
}

func ask(method, path string) []byte {
	return fmt.Appendf(nil, "%s %s HTTP/1.1\r\nHost: %s.localhost\r\nContent-Length: 0\r\n\r\n", method, path, scratchApp)
}

// first sends a request until there is a good response.
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
		return errs.Wrap(errs.Unavailable, err, "the instance did not respond to its own requests: %v", err)
	case errors.Is(ctx.Err(), context.Canceled):
		return ctx.Err()
	}
	return refusedAll()
}

func refusedAll() error {
	return errs.New(errs.Unavailable, "the instance gave no good response to its own requests for %v; the machine may be too busy, or its limits too low", patience)
}

// drive sends requests over many connections, on each the next one after the last response, and returns the good responses
// per second. It does not count the first tenth of the time, in which VMs start. If no good response came in time, it waits
// for one.
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
		return 0, errs.Wrap(errs.Unavailable, err, "the instance did not respond to its own requests: %v", err)
	case outer.Err() != nil:
		return 0, outer.Err()
	case good.Load() == 0:
		return 0, refusedAll()
	}
	return int(float64(good.Load()) / took.Seconds()), nil
}

// converse sends requests over one connection until ctx ends. The client is as simple as possible, because its cost reduces
// the result.
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

// answer reads a response with a length and reports whether it is good.
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
		return false, errors.New("a response without a length")
	}
	_, err = in.Discard(length)
	return good, err
}

package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// hostileSources are functions that overflowed the compiler's stack or used up its memory, and variations of them: file
// and content alternate.
func hostileSources() map[string][]string {
	const n = 300_000
	r := strings.Repeat
	js := func(text string) []string { return []string{"api/main.js", text} }
	return map[string][]string{
		"parentheses":  js("respond(" + r("(", n)),
		"arrays":       js("respond(" + r("[", n) + r("]", n) + ")"),
		"objects":      js("respond(" + r("{a:", n) + "1" + r("}", n) + ")"),
		"json":         {"api/main.js", `import x from "./x.json"; respond(x)`, "api/x.json", r("[", 1_000_000)},
		"jsx":          {"api/main.tsx", "respond(" + r("<a>", n)},
		"templates":    js("respond(" + r("`${", n)),
		"blocks":       js(r("{", n) + r("}", n)),
		"extends":      js("respond(class " + r("extends class ", n) + "{})"),
		"arrows":       js("respond(" + r("a=>", n) + "1)"),
		"not":          js("respond(" + r("!", n) + "1)"),
		"conditions":   js("respond(" + r("a?b:", n) + "1)"),
		"else if":      js(r("if(a);else ", n) + ";"),
		"calls":        js("respond(a" + r("()", n) + ")"),
		"patterns":     js("var " + r("[", n) + "a" + r("]", n) + "=1"),
		"types":        {"api/main.ts", "type A = " + r("[", 4*n) + r("]", 4*n)},
		"generics":     {"api/main.ts", "let a: " + r("A<", n) + r(">", n)},
		"new":          js("respond(" + r("new ", n) + "a)"),
		"statements":   js(r("a=[1];", 1_300_000)),
		"regular exp.": js("respond(/" + r("(", n) + r(")", n) + "/)"),
		"a number":     js("respond(" + r("9", 3_000_000) + "n)"),
		"open blocks":  js(r("{", n)),
	}
}

// compileAttack deploys functions that no compiler survives, with a key for one app, while another app is requested and
// deployed.
func compileAttack(ctx context.Context, l *lab) error {
	i, err := l.start(ctx, "")
	if err != nil {
		return err
	}
	if err := l.deploy(ctx, i, "quiet", "index.html", "hi", "api/main.js", "respond('ok')"); err != nil {
		return err
	}
	if err := l.deploy(ctx, i, "evil", "index.html", "hi"); err != nil {
		return err
	}
	made, err := l.cli(ctx, i.db, "key", "create", "--name", "evil", "--scope", "deploy:evil", "--format", "json")
	if err != nil {
		return err
	}
	var key struct{ Token string }
	if err := json.Unmarshal([]byte(made), &key); err != nil {
		return err
	}
	dir, err := l.folder("small", "api/main.js", "respond('small')")
	if err != nil {
		return err
	}
	once := func(n int) (time.Duration, error) {
		if _, err := l.folder("small", "index.html", fmt.Sprint(n)); err != nil {
			return 0, err
		}
		begun := time.Now()
		_, err := l.cli(ctx, i.db, "app", "deploy", dir, "--name", "small")
		return time.Since(begun), err
	}
	calm := []time.Duration{}
	for n := range 5 {
		took, err := once(n)
		if err != nil {
			return err
		}
		calm = append(calm, took)
	}
	before := i.rss()

	names, sizes := []string{}, 0
	sources := hostileSources()
	for name := range sources {
		names = append(names, name)
	}
	slices.Sort(names)
	var mu sync.Mutex
	var failures []error
	slowest, highest, next := time.Duration(0), int64(0), 0
	var senders sync.WaitGroup
	for range 3 {
		senders.Go(func() {
			for {
				mu.Lock()
				if next == len(names) || ctx.Err() != nil {
					mu.Unlock()
					return
				}
				name := names[next]
				next++
				mu.Unlock()
				archive, err := tarGzip(sources[name])
				begun := time.Now()
				if err == nil {
					err = sendHostile(ctx, i, key.Token, archive)
				}
				mu.Lock()
				slowest, highest, sizes = max(slowest, time.Since(begun)), max(highest, i.rss()), max(sizes, len(archive))
				if err != nil {
					failures = append(failures, fmt.Errorf("%s: %w", name, err))
				}
				mu.Unlock()
			}
		})
	}
	stop := make(chan struct{})
	asked, worst := 0, time.Duration(0)
	var visitor sync.WaitGroup
	visitor.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(20 * time.Millisecond):
			}
			begun := time.Now()
			err := expectText(ctx, i, "quiet", "/api/x", "ok")
			if err != nil {
				mu.Lock()
				failures = append(failures, err)
				mu.Unlock()
				return
			}
			asked, worst = asked+1, max(worst, time.Since(begun))
		}
	})
	time.Sleep(100 * time.Millisecond)
	busy, err := once(100)
	senders.Wait()
	close(stop)
	visitor.Wait()
	failures = append(failures, err)
	if !i.alive() {
		failures = append(failures, errors.New("the server ended"))
	}
	// The command line compiles the same sources.
	evil, err := l.folder("evil", sources["parentheses"]...)
	if err != nil {
		return err
	}
	if _, err := l.cli(ctx, i.db, "app", "validate", evil); err == nil || !strings.Contains(err.Error(), "exit status 1") {
		failures = append(failures, fmt.Errorf("validate: %w", err))
	}
	slices.Sort(calm)
	l.note("hostile functions sent, three at a time", "%d, the largest archive %d bytes", len(names), sizes)
	l.note("slowest refusal", "%v", slowest.Round(time.Millisecond))
	l.note("requests to another app in the meantime, and the slowest", "%d, %v", asked, worst.Round(time.Millisecond))
	l.note("deploy of a small function, before and during", "%v, %v", calm[len(calm)/2].Round(time.Millisecond), busy.Round(time.Millisecond))
	l.note("resident memory of the server: before, peak, after", "%d, %d, %d MB", before>>20, highest>>20, i.rss()>>20)
	if highest > before+200<<20 {
		failures = append(failures, errors.New("the server's own memory grew by more than 200 MB"))
	}
	return errors.Join(failures...)
}

// sendHostile deploys an archive that must be rejected as the author's error.
func sendHostile(ctx context.Context, i *instance, token string, archive []byte) error {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	if err := form.WriteField("app", "evil"); err != nil {
		return err
	}
	part, err := form.CreateFormFile("file", "site.tar.gz")
	if err != nil {
		return err
	}
	if _, err := part.Write(archive); err != nil {
		return err
	}
	if err := form.Close(); err != nil {
		return err
	}
	req, err := i.request(ctx, http.MethodPost, "admin", "/api/deploy")
	if err != nil {
		return err
	}
	req.Body, req.ContentLength = io.NopCloser(&body), int64(body.Len())
	req.Header.Set("Content-Type", form.FormDataContentType())
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	// Source within the bounds is an ordinary function.
	if err == nil && resp.StatusCode != http.StatusUnprocessableEntity && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("status %d: %.300s", resp.StatusCode, text)
	}
	return err
}

// expectText requests a page of an app, which must be a text.
func expectText(ctx context.Context, i *instance, app, path, want string) error {
	req, err := i.request(ctx, http.MethodGet, app, path)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err == nil && (resp.StatusCode != http.StatusOK || string(text) != want) {
		err = fmt.Errorf("%s%s: status %d, %q", app, path, resp.StatusCode, text)
	}
	return err
}

// tarGzip packs files; paths and contents alternate.
func tarGzip(files []string) ([]byte, error) {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	w := tar.NewWriter(z)
	for i := 0; i+1 < len(files); i += 2 {
		if err := w.WriteHeader(&tar.Header{Name: filepath.ToSlash(files[i]), Mode: 0o644, Size: int64(len(files[i+1]))}); err != nil {
			return nil, err
		}
		if _, err := io.WriteString(w, files[i+1]); err != nil {
			return nil, err
		}
	}
	err = errors.Join(w.Close(), z.Close())
	return b.Bytes(), err
}

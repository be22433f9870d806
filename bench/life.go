package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Life is what an owner waits for or pays, apart from throughput.
type Life struct {
	DeployCold      time.Duration `json:"deploy_cold_ns"`      // 1,000 files the instance has never seen
	DeployUnchanged time.Duration `json:"deploy_unchanged_ns"` // the same files again
	Pull            time.Duration `json:"pull_ns"`             // the same files, fetched into an empty folder
	List            time.Duration `json:"list_ns"`             // a thousand apps
	FirstStatic     time.Duration `json:"first_static_ns"`     // from starting the process to the first file
	FirstFunction   time.Duration `json:"first_function_ns"`   // from starting the process to a function's first response
	RSS1            int64         `json:"rss_1_bytes"`         // one app, idle
	RSS100          int64         `json:"rss_100_bytes"`       // a hundred apps, idle
	RSS100Used      int64         `json:"rss_100_used_bytes"`  // a hundred apps, idle, after each function was called once
	Binary          int64         `json:"binary_bytes"`
}

const deployedFiles = 1000

// life measures deploys, starts and memory, each on its own database.
func (b *bench) life(ctx context.Context) (Life, error) {
	var l Life
	info, err := os.Stat(b.Fazt)
	if err != nil {
		return l, fmt.Errorf("build first: %w", err)
	}
	l.Binary = info.Size()
	for _, step := range []struct {
		name string
		do   func(context.Context, *Life) error
	}{
		{"deploy 1,000 files", b.deploys},
		{"list 1,000 apps", b.lists},
		{"start", b.starts},
		{"memory of 1 app", func(ctx context.Context, l *Life) (err error) {
			l.RSS1, _, err = b.memory(ctx, 1)
			return err
		}},
		{"memory of 100 apps", func(ctx context.Context, l *Life) (err error) {
			l.RSS100, l.RSS100Used, err = b.memory(ctx, 100)
			return err
		}},
	} {
		note("%s", step.name)
		if err := step.do(ctx, &l); err != nil {
			return l, fmt.Errorf("%s: %w", step.name, err)
		}
	}
	return l, nil
}

// deploys measures the whole command against a running instance: for the cold deploy a new app with new contents each
// time, so that nothing is known; then the same folder again.
func (b *bench) deploys(ctx context.Context, l *Life) error {
	db := filepath.Join(b.work, "deploys.db")
	p, err := b.startFazt(ctx, db)
	if err != nil {
		return err
	}
	defer p.stop()
	if err := awaitListening(ctx, p); err != nil {
		return err
	}
	var cold, unchanged, pull []time.Duration
	for round := range b.Rounds {
		name := fmt.Sprintf("folder-%d", round)
		files := folder(deployedFiles, uint64(round))
		d, err := b.deploy(ctx, db, name, files)
		if err != nil {
			return err
		}
		cold = append(cold, d)
		if d, err = b.deploy(ctx, db, name, files); err != nil {
			return err
		}
		unchanged = append(unchanged, d)
		if d, err = b.fazt(ctx, db, "app", "pull", name, "--to", filepath.Join(b.work, "pulled", name)); err != nil {
			return err
		}
		pull = append(pull, d)
	}
	l.DeployCold, l.DeployUnchanged, l.Pull = medianDuration(cold), medianDuration(unchanged), medianDuration(pull)
	return nil
}

// lists measures the whole command that lists a thousand apps, all forks of one.
func (b *bench) lists(ctx context.Context, l *Life) error {
	db := filepath.Join(b.work, "lists.db")
	p, err := b.startFazt(ctx, db)
	if err != nil {
		return err
	}
	defer p.stop()
	if err := awaitListening(ctx, p); err != nil {
		return err
	}
	if _, err := b.deploy(ctx, db, "app-0", smallApp("app-0")); err != nil {
		return err
	}
	for n := 1; n < 1000; n++ {
		if _, err := b.fazt(ctx, db, "app", "fork", "app-0", fmt.Sprintf("app-%d", n)); err != nil {
			return err
		}
	}
	var times []time.Duration
	for range b.Rounds {
		d, err := b.fazt(ctx, db, "app", "list")
		if err != nil {
			return err
		}
		times = append(times, d)
	}
	l.List = medianDuration(times)
	return nil
}

// starts measures from starting the process to the first successful response.
func (b *bench) starts(ctx context.Context, l *Life) error {
	db := filepath.Join(b.work, "starts.db")
	if _, err := b.deploy(ctx, db, "app", smallApp("app")); err != nil {
		return err
	}
	first := func(path string) (time.Duration, error) {
		var times []time.Duration
		for range b.Rounds {
			began := time.Now()
			p, err := b.startFazt(ctx, db)
			if err != nil {
				return 0, err
			}
			_, _, err = p.answer(ctx, target{host: hostOn("app", p.addr), path: path})
			times = append(times, time.Since(began))
			p.stop()
			if err != nil {
				return 0, err
			}
		}
		return medianDuration(times), nil
	}
	var err error
	if l.FirstStatic, err = first("/"); err != nil {
		return err
	}
	l.FirstFunction, err = first("/api/hello")
	return err
}

// memory starts an instance with n apps and reads its resident memory: idle after the start, and idle again after every
// app has served a file and a function call.
func (b *bench) memory(ctx context.Context, n int) (idle, used int64, err error) {
	db := filepath.Join(b.work, fmt.Sprintf("memory-%d.db", n))
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("app-%d", i)
		if _, err := b.deploy(ctx, db, names[i], smallApp(names[i])); err != nil {
			return 0, 0, err
		}
	}
	p, err := b.startFazt(ctx, db)
	if err != nil {
		return 0, 0, err
	}
	defer p.stop()
	if err := awaitListening(ctx, p); err != nil {
		return 0, 0, err
	}
	if idle, err = settled(ctx, p.rss); err != nil {
		return 0, 0, err
	}
	for _, name := range names {
		for _, path := range []string{"/", "/api/hello"} {
			if _, _, err := p.answer(ctx, target{host: hostOn(name, p.addr), path: path}); err != nil {
				return 0, 0, err
			}
		}
	}
	used, err = settled(ctx, p.rss)
	return idle, used, err
}

// settled reads the memory after a quiet moment.
func settled(ctx context.Context, measure func() (int64, error)) (int64, error) {
	select {
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-time.After(3 * time.Second):
	}
	return measure()
}

// deploy writes files into a folder, deploys it, and returns the time the command took.
func (b *bench) deploy(ctx context.Context, db, name string, files map[string]string) (time.Duration, error) {
	dir := filepath.Join(b.work, "folders", name)
	for path, content := range files {
		file := filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			return 0, err
		}
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			return 0, err
		}
	}
	return b.fazt(ctx, db, "app", "deploy", dir, "--name", name)
}

// fazt runs a command and returns the time it took.
func (b *bench) fazt(ctx context.Context, db string, args ...string) (time.Duration, error) {
	cmd := exec.CommandContext(ctx, b.Fazt, append(args, "--db", db)...)
	cmd.Dir = b.work
	cmd.Env = append(os.Environ(), "HOME="+b.work)
	began := time.Now()
	out, err := cmd.CombinedOutput()
	took := time.Since(began)
	if err != nil {
		return 0, fmt.Errorf("fazt %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return took, nil
}

// awaitListening waits until the instance accepts connections.
func awaitListening(ctx context.Context, p *process) error {
	for deadline := time.Now().Add(10 * time.Second); ; {
		c, err := net.Dial("tcp", p.addr)
		if err == nil {
			return c.Close()
		}
		if ctx.Err() != nil || time.Now().After(deadline) {
			return fmt.Errorf("%s does not listen: %w (its log is %s)", p.name, err, p.log.Name())
		}
		time.Sleep(time.Millisecond)
	}
}

// hostOn returns the Host header of an app on an instance.
func hostOn(app, addr string) string {
	_, port, _ := net.SplitHostPort(addr)
	return app + ".localhost:" + port
}

func smallApp(name string) map[string]string {
	return map[string]string{
		"index.html":  "<!doctype html><title>" + name + "</title><h1>" + name + "</h1>\n",
		"api/main.js": helloApp,
	}
}

// folder returns n files of about 2 KB in a tree, with the types and depth of a built site. The seed makes its contents
// unique.
func folder(n int, seed uint64) map[string]string {
	r := rand.New(rand.NewPCG(seed, 1))
	kinds := []string{"html", "css", "js", "svg"}
	files := make(map[string]string, n)
	for i := range n {
		path := fmt.Sprintf("section-%d/part-%d/page-%d.%s", i%10, i%7, i, kinds[i%len(kinds)])
		files[path] = prose(r, 2<<10)
	}
	return files
}

// stylesheet returns exactly n bytes of text that compresses like CSS.
func stylesheet(n int) string { return prose(rand.New(rand.NewPCG(10, 1)), n) }

// prose returns exactly n bytes of text made of few words.
func prose(r *rand.Rand, n int) string {
	words := strings.Fields(".card .entry { } margin padding color: var(--ink); display: grid; 1rem 0 auto #2a2520 font-weight border-radius")
	var b strings.Builder
	for b.Len() < n {
		fmt.Fprintf(&b, "%s-%d ", words[r.IntN(len(words))], r.IntN(100))
	}
	return b.String()[:n]
}

package cli

import (
	"context"
	"io/fs"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"
)

const (
	settle    = 40 * time.Millisecond  // quiet time after a change: editors write a file in several steps
	pollEvery = 500 * time.Millisecond // where the system does not tell of changes
)

// watcher tells when something in a folder changed. Its channel holds one token, however many changes there were.
type watcher struct {
	changed chan struct{}
	cancel  context.CancelFunc
	done    sync.WaitGroup
}

// watch begins to watch a folder and all below it, but what is never deployed.
func watch(ctx context.Context, dir string) (*watcher, error) {
	ctx, cancel := context.WithCancel(ctx)
	w := &watcher{changed: make(chan struct{}, 1), cancel: cancel}
	system, err := fsnotify.NewWatcher()
	if err == nil {
		err = addAll(system, dir)
	}
	if err != nil { // no watches left, or a file system without them
		if system != nil {
			system.Close()
		}
		w.done.Go(func() { w.poll(ctx, dir) })
		return w, nil //nolint:nilerr // polling does the same, a little later
	}
	w.done.Go(func() {
		defer system.Close()
		w.follow(ctx, system)
	})
	return w, nil
}

func (w *watcher) close() {
	w.cancel()
	w.done.Wait()
}

func (w *watcher) tell() {
	select {
	case w.changed <- struct{}{}:
	default:
	}
}

// addAll watches dir and the folders below it.
func addAll(system *fsnotify.Watcher, dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil //nolint:nilerr // it went away, or may not be read: the deploy will say so
		}
		if !d.IsDir() {
			return nil
		}
		if path != dir && unwatched(d.Name()) {
			return fs.SkipDir
		}
		return system.Add(path)
	})
}

// unwatched folders hold nothing that is deployed, or only what a build writes there.
func unwatched(name string) bool {
	switch name {
	case "node_modules", "dist", "build", "out":
		return true
	}
	return strings.HasPrefix(name, ".") && name != ".well-known"
}

func (w *watcher) follow(ctx context.Context, system *fsnotify.Watcher) {
	quiet := time.NewTimer(time.Hour)
	defer quiet.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case e := <-system.Events:
			if e.Op == fsnotify.Chmod {
				continue
			}
			if e.Has(fsnotify.Create) {
				_ = addAll(system, e.Name)
			}
			quiet.Reset(settle)
		case <-system.Errors: // some events were lost
			quiet.Reset(settle)
		case <-quiet.C:
			w.tell()
		}
	}
}

// poll compares the folder with what it was.
func (w *watcher) poll(ctx context.Context, dir string) {
	last := snapshot(dir)
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if now := snapshot(dir); now != last {
				last = now
				w.tell()
			}
		}
	}
}

// state sums up names, sizes and times of the files in a folder.
type state struct {
	files int
	bytes int64
	times int64
}

func snapshot(dir string) (s state) {
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil //nolint:nilerr // it went away
		}
		if d.IsDir() && path != dir && unwatched(d.Name()) {
			return fs.SkipDir
		}
		if info, err := d.Info(); err == nil && !d.IsDir() {
			s.files++
			s.bytes += info.Size()
			s.times += info.ModTime().UnixNano()
		}
		return nil
	})
	return s
}

package app

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"
)

const (
	settle    = 40 * time.Millisecond  // quiet time after a change: editors write a file in several steps
	pollEvery = 500 * time.Millisecond // if the system does not report changes
)

// watcher reports changes in a folder. Its channel holds one token for any number of changes.
type watcher struct {
	dir     string
	changed chan struct{}
	cancel  context.CancelFunc
	done    sync.WaitGroup
}

// watch starts to watch a folder and everything below it, except what is never deployed.
func watch(ctx context.Context, dir string) *watcher {
	ctx, cancel := context.WithCancel(ctx)
	w := &watcher{dir: dir, changed: make(chan struct{}, 1), cancel: cancel}
	system, err := fsnotify.NewWatcher()
	if err == nil {
		err = w.add(system, dir)
	}
	if err != nil { // no watches left, or a file system without them
		if system != nil {
			system.Close()
		}
		w.done.Go(func() { w.poll(ctx) })
		return w
	}
	w.done.Go(func() {
		defer system.Close()
		w.follow(ctx, system)
	})
	return w
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

// add watches top and the folders below it.
func (w *watcher) add(system *fsnotify.Watcher, top string) error {
	return w.walk(top, func(path string, d fs.DirEntry) error {
		if !d.IsDir() {
			return nil
		}
		return system.Add(path)
	})
}

// walk visits everything watched below top. It skips files that have vanished or are unreadable: the deploy reports those.
func (w *watcher) walk(top string, visit func(path string, d fs.DirEntry) error) error {
	return filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil // see above
		}
		if d.IsDir() && path != w.dir && w.unwatched(path) {
			return fs.SkipDir
		}
		return visit(path, d)
	})
}

func (w *watcher) unwatched(path string) bool {
	name := filepath.Base(path)
	return name == "node_modules" || strings.HasPrefix(name, ".") && name != ".well-known"
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
				_ = w.add(system, e.Name)
			}
			quiet.Reset(settle)
		case _, open := <-system.Errors: // some events were lost
			if open {
				quiet.Reset(settle)
			}
		case <-quiet.C:
			w.tell()
		}
	}
}

// poll compares the folder with its previous state.
func (w *watcher) poll(ctx context.Context) {
	last := w.snapshot()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if now := w.snapshot(); now != last {
				last = now
				w.tell()
			}
		}
	}
}

// snapshot sums up names, sizes and times of the files.
func (w *watcher) snapshot() [sha256.Size]byte {
	h := sha256.New()
	_ = w.walk(w.dir, func(path string, d fs.DirEntry) error {
		if info, err := d.Info(); err == nil && !d.IsDir() {
			fmt.Fprintf(h, "%q %d %d\n", path, info.Size(), info.ModTime().UnixNano())
		}
		return nil
	})
	return [sha256.Size]byte(h.Sum(nil))
}

// Package backup implements the operations on the database file: checks and copies.
package backup

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"fazt/internal/api/call"
	"fazt/internal/api/op"
	"fazt/internal/api/show"
	"fazt/internal/content"
	"fazt/internal/database"
	"fazt/internal/egress/rules"
	"fazt/internal/errs"
	"fazt/internal/hosting"
	"fazt/internal/runtime/compile"
	"fazt/internal/scratch"
)

// API implements the operations.
type API struct {
	DB      *database.DB
	Hosting *hosting.Store
	// Flush stores what the logs still hold in memory.
	Flush func(ctx context.Context) error
	Log   *slog.Logger
}

// Check checks the database file for damage.
func (a *API) Check(ctx context.Context, req op.DatabaseChecks) (op.DatabaseFaults, error) {
	call.Detail(ctx, "content", req.Content)
	found, err := examine(ctx, a.DB, false)
	if err == nil && req.Content {
		var damaged []hosting.Damage
		if damaged, found.Contents, err = a.Hosting.CheckContent(ctx, 0, nil); err == nil {
			found.Damaged = show.Damages(damaged)
			for _, d := range damaged {
				found.Faults = append(found.Faults, d.String())
			}
			found.Sound = len(found.Faults) == 0
		}
	}
	return found, err
}

// examined is a database to check: that of the instance or a copy.
type examined interface {
	content.Source
	CheckIntegrity(ctx context.Context) (faults []string, err error)
}

// examine checks the structure of a database and its content.
func examine(ctx context.Context, db examined, content bool) (found op.DatabaseFaults, err error) {
	found.Damaged = []op.Damage{}
	if found.Faults, err = db.CheckIntegrity(ctx); err == nil && content {
		found.Contents, err = hosting.Check{
			From: db, Program: checkProgram, Pace: func(int64, int) error { return nil },
			Found: func(d hosting.Damage) error {
				found.Faults = append(found.Faults, d.String())
				found.Damaged = append(found.Damaged, show.Damage(d))
				return nil
			},
		}.Run(ctx)
	}
	found.Sound = len(found.Faults) == 0
	return found, err
}

func checkProgram(program []byte) error { return new(compile.Program).UnmarshalBinary(program) }

// Verify checks a copy of a database: its structure and all its content.
func Verify(ctx context.Context, path string) (found op.DatabaseFaults, err error) {
	backup, err := database.OpenCopy(path)
	if err != nil {
		return found, err
	}
	defer func() { err = errors.Join(err, backup.Close()) }()
	return examine(ctx, backup, true)
}

const faultsNamed = 3

// Unsound returns why a copy must not be kept; nil if it is sound.
func Unsound(found op.DatabaseFaults) error {
	if found.Sound {
		return nil
	}
	named, more := found.Faults[:min(len(found.Faults), faultsNamed)], ""
	if len(found.Faults) > faultsNamed {
		more = "; and more"
	}
	return errs.New(errs.Unprocessable, "the database is damaged, so the copy was not kept: %s%s. `fazt database check --content` lists all damage; --damaged keeps the copy anyway", strings.Join(named, "; "), more)
}

// Backup copies the database to a file of this machine.
func (a *API) Backup(ctx context.Context, req op.Backup) (op.BackedUp, error) {
	call.Detail(ctx, "path", req.Path)
	done := op.BackedUp{Path: req.Path, KeyFile: rules.KeyFile(a.DB.Path())}
	target := database.Target{Path: req.Path, Replace: req.Replace}
	if err := target.Check(a.DB.Path()); err != nil {
		return done, err
	}
	a.settle(ctx)
	err := target.Place(func(temp string) error {
		if err := a.DB.Backup(ctx, temp, nil); err != nil {
			return err
		}
		found, err := Verify(ctx, temp)
		if err != nil {
			return err
		}
		done.Faults, done.Contents = found.Faults, found.Contents
		if !req.Damaged {
			return Unsound(found)
		}
		return nil
	})
	if err != nil {
		return done, err
	}
	info, err := os.Stat(req.Path)
	if err != nil {
		return done, err
	}
	done.Bytes = info.Size()
	call.Detail(ctx, "bytes", done.Bytes)
	return done, nil
}

// settle flushes the logs, so that the backup contains everything that happened before it.
func (a *API) settle(ctx context.Context) {
	if err := a.Flush(ctx); err != nil {
		a.Log.Warn("a backup lacks the newest lines of the logs", "error", err)
	}
}

// FetchPrefix begins the names of the folders next to the database in which copies for peers are made.
func FetchPrefix(database string) string { return ".fazt-fetch-" + filepath.Base(database) + "-" }

// Fetch sends a copy of the database. It makes the copy next to the database first, because a slow reader must not keep
// the -wal file from being checkpointed.
func (a *API) Fetch(ctx context.Context, _ op.None) (op.Stream, error) {
	a.settle(ctx)
	folder, err := scratch.Folder(filepath.Dir(a.DB.Path()), FetchPrefix(a.DB.Path())+"*")
	if err != nil {
		return op.Stream{}, errs.Wrap(errs.StorageFull, err, "there is no space for the copy next to the database")
	}
	file, size, err := a.copyForFetch(ctx, folder)
	// On systems where an open file can lose its name, nothing is left of it even if the process is killed.
	_ = os.RemoveAll(folder)
	if err != nil {
		return op.Stream{}, errors.Join(err, os.RemoveAll(folder))
	}
	call.Detail(ctx, "bytes", size)
	return op.Stream{Size: size, Write: func(w io.Writer) error {
		defer os.RemoveAll(folder)
		defer file.Close()
		_, err := io.Copy(w, file)
		return err
	}}, nil
}

func (a *API) copyForFetch(ctx context.Context, folder string) (file *os.File, size int64, err error) {
	path := filepath.Join(folder, "copy.db")
	if err := a.DB.Backup(ctx, path, nil); err != nil {
		return nil, 0, err
	}
	if file, err = os.Open(path); err != nil {
		return nil, 0, err
	}
	info, err := file.Stat()
	if err != nil {
		return nil, 0, errors.Join(err, file.Close())
	}
	return file, info.Size(), nil
}

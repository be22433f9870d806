package database

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"strings"

	"fazt/internal/database/sqlite"
	"fazt/internal/errs"
)

// applicationID in the header of the file marks it as ours, so that another program's database is not migrated by
// mistake.
const applicationID = 0x46415a54 // "FAZT"

//go:embed migrations/*.sql
var migrationFiles embed.FS

// migration is one numbered script; its number is the schema version it leads to.
type migration struct {
	version int
	name    string
	script  string
}

// migrations returns all scripts in order. They are append-only: released scripts never change.
func migrations() ([]migration, error) {
	names, err := fs.Glob(migrationFiles, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	var list []migration
	for i, file := range names { // Glob sorts
		var m migration
		if _, err := fmt.Sscanf(strings.TrimPrefix(file, "migrations/"), "%04d_%s", &m.version, &m.name); err != nil {
			return nil, fmt.Errorf("migration %s is not called NNNN_name.sql", file)
		}
		if m.version != i+1 {
			return nil, fmt.Errorf("migration %s should have number %04d", file, i+1)
		}
		script, err := migrationFiles.ReadFile(file)
		if err != nil {
			return nil, err
		}
		m.script = string(script)
		list = append(list, m)
	}
	return list, nil
}

// migrate applies all pending migrations in one transaction together with the version number: after a crash or a
// failure, the file is unchanged, and the version of fazt that wrote it can still open it.
func migrate(ctx context.Context, c *Conn, path string) error {
	list, err := migrations()
	if err != nil {
		return err
	}
	return apply(ctx, c, list, path)
}

func apply(ctx context.Context, c *Conn, list []migration, path string) error {
	if version, err := pending(c, list, path); err != nil || version == len(list) {
		return err
	}
	if err := c.engine.Begin(); err != nil {
		return err
	}
	defer func() {
		if c.engine.InTransaction() {
			_ = c.engine.Rollback()
		}
	}()
	// Another process may have done the same, so read the version again under the lock.
	version, err := pending(c, list, path)
	if err != nil || version == len(list) {
		return err
	}
	for _, m := range list[version:] {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := c.engine.Script(m.script); err != nil {
			return errs.Wrap(errs.KindOf(err), err, "migration %04d_%s failed; the database is as it was", m.version, m.name)
		}
	}
	for _, p := range []string{fmt.Sprintf("PRAGMA user_version = %d", len(list)), fmt.Sprintf("PRAGMA application_id = %d", applicationID)} {
		if err := c.Exec(p); err != nil {
			return err
		}
	}
	return c.engine.Commit()
}

// pending returns the version of the file: the number of migrations that are applied.
func pending(c *Conn, list []migration, path string) (int, error) {
	version, err := schemaVersion(c, path)
	if err == nil && version > len(list) {
		return 0, errs.New(errs.Unsupported, "%s was written by a newer Fazt (schema %d, this one supports %d); nothing was changed; upgrade this fazt", path, version, len(list))
	}
	return version, err
}

// schemaVersion returns the version of the file after checking that the file is ours or empty.
func schemaVersion(c *Conn, path string) (int, error) {
	var id, version, tables int64
	// One statement sees one state of the file, even while another process is migrating it.
	_, err := c.First("SELECT application_id, user_version, (SELECT count(*) FROM sqlite_schema) FROM pragma_application_id, pragma_user_version", func(r *Row) {
		id, version, tables = r.Int64(0), r.Int64(1), r.Int64(2)
	})
	if err != nil {
		return 0, sqlite.CannotOpen(path, err)
	}
	if id != applicationID && (id != 0 || tables > 0) {
		return 0, errs.New(errs.Invalid, "%s is a database of another program; nothing was changed", path)
	}
	return int(version), nil
}

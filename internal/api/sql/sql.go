// Package sql implements the operations that run SQL statements on the database.
package sql

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"slices"
	"strings"

	"fazt/internal/api/call"
	"fazt/internal/api/op"
	"fazt/internal/auth"
	"fazt/internal/database"
	"fazt/internal/errs"
	"fazt/internal/system"
)

const (
	rowsDefault = 1000
	loggedSQL   = 2000 // bytes of a statement that the log stores
)

// secrets are the columns that read as NULL: credentials, and values that are documented as hidden. A test requires a
// decision for every column of the schema whose name sounds like a secret.
var secrets = map[string][]string{
	"users": {"password_hash"},
	"keys":  {"hash"},
	"env":   {"value"},
	"arms":  {"token"}, // only random values in the cookie count
	// The values are encrypted; hiding them too makes a copy of the result useless to someone who gets the key.
	"net_secrets": {"sealed"},
}

// identity are the tables that identify users. Only operations that check their input change them.
var identity = []string{"users", "keys"}

// API implements the operations.
type API struct {
	DB     *database.DB
	Limits *system.Live
	Log    *slog.Logger
}

func (a *API) guard() database.Guard {
	limits := a.Limits.SQL()
	return database.Guard{
		Hidden:    secrets,
		Protected: func(table string) bool { return slices.Contains(identity, table) },
		MaxBytes:  limits.MaxResult,
		MaxMemory: limits.MaxMemory,
		MaxSpill:  limits.MaxSpill,
	}
}

// Query runs a statement that reads.
func (a *API) Query(ctx context.Context, req op.Statement) (op.Rows, error) {
	c, err := a.collect(req)
	if err != nil {
		return op.Rows{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, a.Limits.SQL().Deadline())
	defer cancel()
	err = a.DB.ReadGuarded(ctx, req.SQL, a.guard(), c.add)
	return c.finish(a, err)
}

// Write runs a statement that changes rows.
func (a *API) Write(ctx context.Context, req op.Statement) (op.Rows, error) {
	c, err := a.collect(req)
	if err != nil {
		return op.Rows{}, err
	}
	c.all = true // a change that stops halfway through its rows would be undone
	ctx, cancel := context.WithTimeout(ctx, a.Limits.SQL().Deadline())
	defer cancel()
	c.Changes, err = a.DB.WriteGuarded(ctx, req.SQL, a.guard(), c.add)
	call.Detail(ctx, "statement", outline(req.SQL))
	call.Detail(ctx, "changes", c.Changes)
	statement := req.SQL[:min(len(req.SQL), loggedSQL)]
	a.Log.Info("sql write", "by", auth.From(ctx).Name, "statement", statement, "changes", c.Changes, "error", err)
	return c.finish(a, err)
}

// collector collects rows up to the limits.
type collector struct {
	op.Rows
	limit int
	bytes int64
	all   bool // run the statement to its end, even after enough rows are kept
}

var errEnough = errors.New("there are enough rows")

func (a *API) collect(req op.Statement) (*collector, error) {
	limits := a.Limits.SQL()
	if req.Limit == 0 {
		req.Limit = min(rowsDefault, limits.MaxRows)
	}
	if req.Limit < 1 || req.Limit > limits.MaxRows {
		return nil, errs.New(errs.Invalid, "the limit must be from 1 to %d, not %d", limits.MaxRows, req.Limit)
	}
	return &collector{Rows: op.Rows{Columns: []string{}, Rows: [][]json.RawMessage{}}, limit: req.Limit, bytes: limits.MaxResult}, nil
}

func (c *collector) add(r *database.Row) error {
	if len(c.Columns) == 0 {
		c.name(r)
	}
	if c.Truncated == "" && len(c.Rows.Rows) == c.limit {
		c.Truncated = "rows"
	}
	if c.Truncated == "" {
		if row := c.row(r); row != nil {
			c.Rows.Rows = append(c.Rows.Rows, row)
			return nil
		}
		c.Truncated = "bytes"
	}
	if c.all {
		return nil
	}
	return errEnough
}

func (c *collector) name(r *database.Row) {
	c.Columns = r.Columns()
	for _, name := range c.Columns {
		c.bytes -= int64(len(name))
	}
}

// row converts the current row if it fits. It stops converting at the first value that does not.
func (c *collector) row(r *database.Row) []json.RawMessage {
	row := make([]json.RawMessage, len(c.Columns))
	for i := range row {
		row[i] = wireValue(r.Value(i))
		if c.bytes -= int64(len(row[i])); c.bytes < 0 {
			return nil
		}
	}
	return row
}

func (c *collector) finish(a *API, err error) (op.Rows, error) {
	switch {
	case errors.Is(err, errEnough):
		err = nil
	case errors.Is(err, context.DeadlineExceeded):
		err = errs.Wrap(errs.Timeout, err, "the statement took longer than %v and was stopped; nothing was changed", a.Limits.SQL().Deadline())
	}
	return c.Rows, err
}

// wireValue returns a value of SQLite as JSON.
func wireValue(v any) json.RawMessage {
	switch x := v.(type) {
	case []byte:
		v = struct {
			Base64 []byte `json:"base64"`
		}{x}
	case string:
		v = strings.ToValidUTF8(x, "\uFFFD")
	case float64:
		if math.IsInf(x, 0) { // NaN is NULL in SQLite
			v = map[bool]string{true: "Infinity", false: "-Infinity"}[x > 0]
		}
	}
	data, err := json.Marshal(v)
	if err != nil { // unreachable: every case above has a JSON form
		return json.RawMessage("null")
	}
	return data
}

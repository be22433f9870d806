package database

import (
	"fmt"
	"time"
)

// Conn is a connection, lent to a closure of Read or Write while it runs. Statements are prepared once per connection
// and cached, so sql must be a constant of the program, never assembled from values.
type Conn struct{ engine engine }

// Tx is the writing connection inside a transaction.
type Tx struct{ *Conn }

// Row is the current row of a query. It is valid only inside the function that receives it.
type Row struct{ row }

// Exec runs a statement that returns no rows of interest. Arguments are nil, bool, int, int64, float64, string,
// []byte and time.Time (stored as epoch milliseconds; the zero time as NULL).
func (c *Conn) Exec(sql string, args ...any) error {
	return c.Each(sql, nil, args...)
}

// Each runs a query and calls fn for every row. fn must not use the connection: a statement that runs while the rows of
// another are being read is rejected, because not every engine supports it.
func (c *Conn) Each(sql string, fn func(r *Row) error, args ...any) error {
	s, err := c.engine.prepare(sql)
	if err != nil {
		return err
	}
	defer s.Release()
	if err := bind(s, args); err != nil {
		return err
	}
	row := &Row{s}
	for {
		more, err := s.Next()
		if err != nil || !more {
			return err
		}
		if fn == nil {
			continue
		}
		if err := fn(row); err != nil {
			return err
		}
	}
}

// First runs a query and calls fn for its first row. It reports whether there was one.
func (c *Conn) First(sql string, fn func(r *Row), args ...any) (found bool, err error) {
	s, err := c.engine.prepare(sql)
	if err != nil {
		return false, err
	}
	defer s.Release()
	if err := bind(s, args); err != nil {
		return false, err
	}
	if found, err = s.Next(); found {
		fn(&Row{s})
	}
	return found, err
}

// Changes returns how many rows the last statement inserted, changed or deleted.
func (c *Conn) Changes() int { return c.engine.Changes() }

// moment runs fn in a read-only transaction.
func (c *Conn) moment(fn func(c *Conn) error) (err error) {
	if err := c.engine.BeginRead(); err != nil {
		return err
	}
	defer func() {
		if end := c.engine.Rollback(); err == nil {
			err = end
		}
	}()
	return fn(c)
}

func bind(s statement, args []any) error {
	if n := s.Params(); n != len(args) {
		return fmt.Errorf("database: statement takes %d arguments, got %d", n, len(args))
	}
	for i, arg := range args {
		switch v := arg.(type) {
		case nil:
			s.BindNull(i + 1)
		case bool:
			s.BindInt64(i+1, toInt(v))
		case int:
			s.BindInt64(i+1, int64(v))
		case int64:
			s.BindInt64(i+1, v)
		case float64:
			s.BindFloat(i+1, v)
		case string:
			s.BindText(i+1, v)
		case []byte:
			bindBytes(s, i+1, v)
		case time.Time:
			bindTime(s, i+1, v)
		default:
			return fmt.Errorf("database: argument %d has type %T, which no column accepts", i+1, arg)
		}
	}
	return nil
}

func toInt(v bool) int64 {
	if v {
		return 1
	}
	return 0
}

// bindBytes preserves the difference between nil (NULL) and empty.
func bindBytes(s statement, param int, v []byte) {
	if v == nil {
		s.BindNull(param)
		return
	}
	s.BindBytes(param, v)
}

func bindTime(s statement, param int, v time.Time) {
	if v.IsZero() {
		s.BindNull(param)
		return
	}
	s.BindInt64(param, v.UnixMilli())
}

// Int returns column i as an integer.
func (r *Row) Int(i int) int { return int(r.Int64(i)) }

// Bool reports whether column i is not 0.
func (r *Row) Bool(i int) bool { return r.Int64(i) != 0 }

// Bytes returns a copy of column i; nil for NULL.
func (r *Row) Bytes(i int) []byte {
	if r.IsNull(i) {
		return nil
	}
	b := make([]byte, r.Len(i))
	r.ReadBytes(i, b)
	return b
}

// Time returns column i, epoch milliseconds, as a time; the zero time for NULL.
func (r *Row) Time(i int) time.Time {
	if r.IsNull(i) {
		return time.Time{}
	}
	return time.UnixMilli(r.Int64(i)).UTC()
}

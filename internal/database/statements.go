package database

import (
	"container/list"

	"zombiezen.com/go/sqlite"
)

// maxStatements is how many prepared statements a connection keeps. The program has about 150, and each path uses few of
// them again and again; one takes some kilobytes of SQLite's memory.
const maxStatements = 128

// statements are the prepared statements of a connection by their text. When there are too many, the one that was not
// used for the longest is finalized.
type statements struct {
	bySQL    map[string]*list.Element
	order    list.List // of *statement, the last used first
	prepared int       // how often one had to be prepared
}

type statement struct {
	sql string
	*sqlite.Stmt
}

// get returns the statement with this text, which is reset and has no arguments.
func (s *statements) get(c *sqlite.Conn, sql string) (*sqlite.Stmt, error) {
	if e, found := s.bySQL[sql]; found {
		s.order.MoveToFront(e)
		return e.Value.(*statement).Stmt, nil
	}
	stmt, err := c.Prepare(sql)
	if err != nil {
		return nil, err
	}
	if s.order.Len() >= maxStatements {
		oldest := s.order.Remove(s.order.Back()).(*statement)
		delete(s.bySQL, oldest.sql)
		_ = oldest.Finalize() // repeats the error of its last step, which was returned
	}
	if s.bySQL == nil {
		s.bySQL = map[string]*list.Element{}
	}
	s.bySQL[sql] = s.order.PushFront(&statement{sql, stmt})
	s.prepared++
	return stmt, nil
}

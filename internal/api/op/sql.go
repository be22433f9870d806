package op

import (
	"encoding/json"
	"net/http"

	"fazt/internal/activity"
)

// Statement is one SQL statement.
type Statement struct {
	SQL   string `json:"sql"`
	Limit int    `json:"limit" desc:"how many rows at most; 1000 when 0 or absent"`
}

// Rows is what a statement gave. A value is null, a number, a text, or an object with the one member base64: a blob.
// Numbers are exact; a program that keeps them as floating point must look out above 2^53.
type Rows struct {
	Columns   []string            `json:"columns"`
	Rows      [][]json.RawMessage `json:"rows"`
	Changes   int                 `json:"changes" desc:"rows that were inserted, changed or deleted"`
	Truncated string              `json:"truncated" desc:"why there are more rows than these: rows or bytes; empty when these are all"`
}

// The operations on the database as a whole.
var (
	SQLQuery = declare[Statement, Rows](Spec{Name: "sql.query", Method: http.MethodPost, Path: "/api/sql/query", Access: Admin, Tag: "SQL", Doc: "Run one statement that reads. Password hashes, values of variables and other secrets read as null."})
	SQLWrite = declare[Statement, Rows](Spec{Name: "sql.write", Weight: activity.Data, Method: http.MethodPost, Path: "/api/sql/write", Access: Owner, Tag: "SQL", Doc: "Run one statement that changes rows, in a transaction. The schema and who may sign in cannot be changed."})
)

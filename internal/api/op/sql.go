package op

import "encoding/json"

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

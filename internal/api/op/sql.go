package op

import "encoding/json"

// Statement is one SQL statement.
type Statement struct {
	SQL   string `json:"sql"`
	Limit int    `json:"limit" desc:"how many rows at most; 1000 when 0 or absent"`
}

// Rows is the result of a statement. A value is null, a number, a text, or a blob: an object with the one member base64.
// Numbers are exact; clients that read them as floating point lose digits above 2^53.
type Rows struct {
	Columns   []string            `json:"columns"`
	Rows      [][]json.RawMessage `json:"rows"`
	Changes   int                 `json:"changes" desc:"rows that were inserted, changed or deleted"`
	Truncated string              `json:"truncated" desc:"why there are more rows than these: rows or bytes; empty when these are all"`
}

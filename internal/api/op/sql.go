package op

import "encoding/json"

// Statement is one SQL statement.
type Statement struct {
	SQL   string `json:"sql"`
	Limit int    `json:"limit" desc:"maximum number of rows; 1000 when 0 or absent"`
}

// Rows is the result of a statement. A value is null, a number, a text, or a blob: an object with the one member base64.
// Numbers are exact; clients that read them as floating point lose digits above 2^53.
type Rows struct {
	Columns   []string            `json:"columns"`
	Rows      [][]json.RawMessage `json:"rows"`
	Changes   int                 `json:"changes" desc:"number of rows inserted, changed or deleted"`
	Truncated string              `json:"truncated" desc:"the limit that cut the result off: rows or bytes; empty when it is complete"`
}

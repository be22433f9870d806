package webapi_test

import (
	_ "embed"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"fazt/internal/runtime/runtimetest"
)

// nodeBuffers is what Node.js makes of expressions, one a line; testdata/buffer.mjs prints it.
//
//go:embed testdata/buffer.jsonl
var nodeBuffers string

//go:embed testdata/show.js
var showValue string

func TestBufferAndTextEncodingsAreThoseOfNode(t *testing.T) {
	var table [][2]string
	for line := range strings.Lines(nodeBuffers) {
		var row [2]string
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			t.Fatal(err)
		}
		table = append(table, row)
	}
	if len(table) < 4000 {
		t.Fatalf("the table has %d rows", len(table))
	}
	for rows := range slices.Chunk(table, 500) {
		var source strings.Builder
		source.WriteString("import { Buffer } from 'node:buffer';\nconst show = (() => {" + showValue + "})();\nconst all = [\n")
		for _, row := range rows {
			source.WriteString("() => (" + row[0] + "),\n")
		}
		source.WriteString(`];
export default () => Response.json(all.map((run) => {
  try { return show(run()); } catch (e) { return e instanceof DOMException ? e.name : e.name + (typeof e.code === "string" ? " [" + e.code + "]" : "") + ": " + e.message; }
}));`)
		got := runtimetest.New(t, source.String()).Ask(t, "GET", "/", "")
		var results []string
		if err := json.Unmarshal(got.Body.Bytes(), &results); got.Code != http.StatusOK || err != nil {
			t.Fatalf("%d %.300s", got.Code, got.Body)
		}
		for i, row := range rows {
			if results[i] != row[1] {
				t.Errorf("%s\n   got %s\n  want %s", row[0], results[i], row[1])
			}
		}
	}
}

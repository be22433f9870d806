package sql

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fazt/internal/api/op"
	"fazt/internal/cli/kit"
	"fazt/internal/errs"
)

func TestValuesInACellCanBeToldApart(t *testing.T) {
	blob := func(n int) string {
		return fmt.Sprintf(`{"base64":%q}`, base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{0xab}, n)))
	}
	for value, want := range map[string]string{
		"null":                       "NULL",
		" null ":                     "NULL",
		`"NULL"`:                     "'NULL'",
		`"null"`:                     "null",
		`""`:                         "",
		`"a"`:                        "a",
		`"日本"`:                       "日本",
		`"'a'"`:                      "''a''",
		`"x'00'"`:                    "'x'00''",
		`"x"`:                        "x",
		"1":                          "1",
		"-1.5e300":                   "-1.5e300",
		"9007199254740993":           "9007199254740993", // exact, although no float64 has this value
		blob(0):                      "x''",
		blob(1):                      "x'ab'",
		blob(16):                     "x'" + strings.Repeat("ab", 16) + "'",
		blob(17):                     "x'" + strings.Repeat("ab", 16) + "…' (17 bytes)",
		`{"base64":"!"}`:             `{"base64":"!"}`, // an instance may send anything
		`"a\u001b[2J\nb"`:            `a\x1b[2J\nb`,
		`"\u202e\u2028\u200b\ufeff"`: `\u202e\u2028\u200b\ufeff`,
		`"tab\tü"`:                   `tab\tü`,
		"true":                       "true",
	} {
		if got := cellText(json.RawMessage(value)); got != want {
			t.Errorf("%s: %q, want %q", value, got, want)
		}
	}
}

func FuzzCellText(f *testing.F) {
	f.Add("a")
	f.Add("\x1b[2J\u202e")
	f.Fuzz(func(t *testing.T, text string) {
		data, err := json.Marshal(text)
		if err != nil {
			t.Skip()
		}
		got := cellText(data)
		if strings.ContainsAny(got, "\x1b\n\r\u202e\u2028") || text != "" && got == "NULL" {
			t.Errorf("%q: %q", text, got)
		}
	})
}

func TestRowsAreCountedWhenNoneAreShown(t *testing.T) {
	row := func(values ...string) (row []json.RawMessage) {
		for _, v := range values {
			row = append(row, json.RawMessage(v))
		}
		return row
	}
	for name, tt := range map[string]struct {
		rows       op.Rows
		write      bool
		format     string
		quiet      bool
		out, notes string
	}{
		"rows":         {op.Rows{Columns: []string{"a", "b"}, Rows: [][]json.RawMessage{row("1", `"x"`), row("null", "2.5")}}, false, "table", false, "A     B\n1     x\nNULL  2.5\n", ""},
		"no rows":      {op.Rows{Columns: []string{"a"}}, false, "table", false, "There are no rows.\n", ""},
		"one change":   {op.Rows{Columns: []string{}, Changes: 1}, true, "table", false, "1 row changed.\n", ""},
		"no change":    {op.Rows{Columns: []string{}}, true, "table", false, "0 rows changed.\n", ""},
		"what changed": {op.Rows{Columns: []string{"a"}, Rows: [][]json.RawMessage{row("1")}, Changes: 1}, true, "table", false, "A\n1\n", ""},
		"a limit":      {op.Rows{Columns: []string{"a"}, Rows: [][]json.RawMessage{row("1")}, Truncated: "rows"}, false, "markdown", false, "| a |\n|---|\n| 1 |\n", "There are more rows than the 1 shown: --limit shows more.\n"},
		"too large":    {op.Rows{Columns: []string{"a"}, Rows: [][]json.RawMessage{row("1")}, Truncated: "bytes"}, false, "table", false, "A\n1\n", "There are more rows than the 1 shown: the result is too large; select fewer columns or rows.\n"},
		"quietly":      {op.Rows{Columns: []string{"a"}, Rows: [][]json.RawMessage{row("1")}, Truncated: "rows"}, false, "table", true, "A\n1\n", ""},
	} {
		var out, notes bytes.Buffer
		c := commands{&kit.CLI{Format: tt.format, Quiet: tt.quiet, Env: kit.Env{Stdout: &out, Stderr: &notes}}}
		if err := c.printRows(tt.rows, tt.write); err != nil || out.String() != tt.out || notes.String() != tt.notes {
			t.Errorf("%s: %q, %q, %v", name, out.String(), notes.String(), err)
		}
	}
}

func TestTheStatementIsAnArgumentAFileOrStandardInput(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "a.sql")
	if err := os.WriteFile(file, []byte("SELECT 'ü'"), 0o600); err != nil {
		t.Fatal(err)
	}
	missing := filepath.Join(dir, "b.sql")
	for name, tt := range map[string]struct {
		args        []string
		file, stdin string
		want, err   string
	}{
		"an argument":    {[]string{"SELECT 1"}, "", "SELECT 2", "SELECT 1", ""},
		"a file":         {nil, file, "SELECT 2", "SELECT 'ü'", ""},
		"standard input": {nil, "-", "SELECT 2", "SELECT 2", ""},
		"no file":        {nil, missing, "", "", "the file " + missing + " cannot be read"},
		"a folder":       {nil, dir, "", "", "the file " + dir + " cannot be read"},
		"too long":       {nil, "-", strings.Repeat("x", 1<<20+1), "", "the file - is longer than 1 MiB"},
	} {
		c := commands{&kit.CLI{Env: kit.Env{Stdin: strings.NewReader(tt.stdin)}}}
		got, err := c.statement(tt.args, tt.file)
		if got != tt.want || (err == nil) != (tt.err == "") || err != nil && errs.Sentence(err) != tt.err {
			t.Errorf("%s: %.20q, %v", name, got, err)
		}
	}
	for line, want := range map[string]string{
		"":                   "the statement is missing",
		"SELECT 1":           `"1" is one argument too many; put the statement in quotes`,
		"SELECT --file x":    "the statement is given twice: as an argument and with --file",
		"x --limit 0":        "--limit must be at least 1",
		"x --limit -1":       "--limit must be at least 1",
		"--limit 0 --file x": "--limit must be at least 1",
	} {
		cmd := Command(&kit.CLI{Env: kit.Env{Stdin: strings.NewReader("")}})
		cmd.SilenceErrors, cmd.SilenceUsage = true, true
		cmd.SetArgs(strings.Fields(line))
		err := cmd.Execute()
		var usage *kit.Usage
		if !errors.As(err, &usage) || err.Error() != want {
			t.Errorf("%q: %v, want %q", line, err, want)
		}
	}
}

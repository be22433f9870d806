// Package sql holds the command `fazt sql`.
package sql

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"unicode"

	"github.com/spf13/cobra"

	"fazt/internal/api/op"
	"fazt/internal/cli/kit"
	"fazt/internal/client"
	"fazt/internal/errs"
	"fazt/internal/output"
)

// commands holds what all commands of the package share.
type commands struct{ *kit.CLI }

// Command returns `fazt sql` with its subcommands.
func Command(shared *kit.CLI) *cobra.Command {
	c := commands{shared}
	var write bool
	var file string
	var limit int
	cmd := &cobra.Command{
		Use: "sql [STATEMENT]", Short: "Query the database",
		Long: `Run one SQL statement on the database of the instance, on a read-only
connection. Secrets read as NULL. --write lets it change rows, but neither the
schema nor who may sign in; make a backup first.

To list the tables: SELECT name, sql FROM sqlite_schema`,
		Example: `  fazt sql "SELECT name, created_at FROM apps"
  fazt sql "SELECT * FROM kv" --limit 20 --format json
  fazt sql --file report.sql --format markdown
  fazt sql --write "DELETE FROM kv WHERE key LIKE 'cache:%'"`,
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case len(args) > 1:
				return kit.Usagef("%q is one argument too many; put the statement in quotes", args[1])
			case len(args) == 0 && file == "":
				return kit.Usagef("the statement is missing")
			case len(args) == 1 && file != "":
				return kit.Usagef("the statement is given twice: as an argument and with --file")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("limit") && limit < 1 {
				return kit.Usagef("--limit must be at least 1")
			}
			statement, err := c.statement(args, file)
			if err != nil {
				return err
			}
			operation := op.SQLQuery
			if write {
				operation = op.SQLWrite
			}
			return c.Existing(func(cl *client.Client) error {
				rows, err := client.Call(c.Ctx, cl, operation, op.Statement{SQL: statement, Limit: limit})
				if err != nil {
					return err
				}
				return c.printRows(rows, write)
			})
		},
	}
	cmd.Flags().BoolVar(&write, "write", false, "let the statement change rows")
	cmd.Flags().IntVar(&limit, "limit", 0, "maximum number of rows (default 1000)")
	cmd.Flags().StringVar(&file, "file", "", "read the statement from a file; - is standard input")
	return cmd
}

func (c commands) statement(args []string, file string) (string, error) {
	if len(args) == 1 {
		return args[0], nil
	}
	in := c.Stdin
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return "", errs.Wrap(errs.Invalid, err, "the file %s cannot be read", file)
		}
		defer f.Close()
		in = f
	}
	return kit.ReadInput(in, "the file "+file)
}

func (c commands) printRows(r op.Rows, write bool) error {
	v := output.View{Value: r, Columns: r.Columns, Empty: "There are no rows."}
	if write {
		v.Empty = output.Count(r.Changes, "row") + " changed."
	}
	for _, row := range r.Rows {
		cells := make([]string, len(row))
		for i, value := range row {
			cells[i] = cellText(value)
		}
		v.Rows = append(v.Rows, cells)
	}
	if err := c.Print(v); err != nil {
		return err
	}
	if r.Truncated != "" {
		what := map[string]string{"rows": "--limit shows more", "bytes": "the result is too large; select fewer columns or rows"}[r.Truncated]
		fmt.Fprintf(c.Notes(), "There are more rows than the %d shown: %s.\n", len(r.Rows), what)
	}
	return nil
}

// shownBlob is the number of bytes of a blob that a table shows.
const shownBlob = 16

// cellText formats a value so that NULL, the text "NULL" and blobs can be told apart, and that it cannot move the cursor
// or change the text direction.
func cellText(value json.RawMessage) string {
	value = bytes.TrimSpace(value)
	switch {
	case bytes.Equal(value, []byte("null")):
		return "NULL"
	case value[0] == '{':
		var blob struct{ Base64 string }
		_ = json.Unmarshal(value, &blob)
		data, err := base64.StdEncoding.DecodeString(blob.Base64)
		if err != nil {
			return string(value)
		}
		if len(data) > shownBlob {
			return fmt.Sprintf("x'%x…' (%d bytes)", data[:shownBlob], len(data))
		}
		return fmt.Sprintf("x'%x'", data)
	case value[0] == '"':
		var text string
		_ = json.Unmarshal(value, &text)
		if text == "NULL" || strings.HasPrefix(text, "x'") || strings.HasPrefix(text, "'") {
			return "'" + escaped(text) + "'"
		}
		return escaped(text)
	}
	return string(value)
}

// escaped replaces characters that would act on a terminal with escapes.
func escaped(text string) string {
	var b strings.Builder
	for _, r := range text {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029' {
			quoted := strconv.QuoteRuneToASCII(r)
			b.WriteString(quoted[1 : len(quoted)-1])
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

package log

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"fazt/internal/activity"
	"fazt/internal/cli/kit"
	"fazt/internal/errs"
	"fazt/internal/output"
)

// entries iterates over the entries of an export.
type entries func(yield func(json.RawMessage) error) error

// errEnough stops reading an export.
var errEnough = errs.New(errs.Canceled, "enough entries were read")

// firstEntries returns the first entries of an export; limit 0 = all.
func firstEntries(r io.Reader, limit int) entries {
	return func(yield func(json.RawMessage) error) error {
		n := 0
		err := kit.EachLine(r, func(e json.RawMessage) error {
			if n++; limit > 0 && n > limit {
				return errEnough
			}
			return yield(e)
		})
		if err == error(errEnough) { //nolint:errorlint // it is returned unwrapped
			return nil
		}
		return err
	}
}

// toFile writes to a new file, or to standard output if path is empty. An incomplete file is removed.
func (c commands) toFile(path string, write func(io.Writer) error) error {
	if path == "" {
		return write(c.Stdout)
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return errs.Wrap(errs.Conflict, err, "the file cannot be created: %v", err)
	}
	err = write(file)
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err != nil {
		os.Remove(path)
	}
	return err
}

// exporter returns the writer of a format; nil = unknown format. Only one entry at a time is in memory.
func exporter(form string) func(w io.Writer, list entries) error {
	switch form {
	case "json":
		return exportJSON
	case "lines":
		return exportLines
	case "csv":
		return exportCSV
	}
	return nil
}

func exportJSON(w io.Writer, list entries) error {
	out := bufio.NewWriter(w)
	before := "[\n"
	err := list(func(e json.RawMessage) error {
		_, err := fmt.Fprintf(out, "%s%s", before, output.EscapeJSON(e))
		before = ",\n"
		return err
	})
	if err != nil {
		return err
	}
	end := "\n]\n"
	if before == "[\n" {
		end = "[]\n"
	}
	if _, err := out.WriteString(end); err != nil {
		return err
	}
	return out.Flush()
}

func exportLines(w io.Writer, list entries) error {
	out := bufio.NewWriter(w)
	err := list(func(e json.RawMessage) error {
		_, err := fmt.Fprintf(out, "%s\n", output.EscapeJSON(e))
		return err
	})
	if err != nil {
		return err
	}
	return out.Flush()
}

func exportCSV(w io.Writer, list entries) error {
	out := csv.NewWriter(w)
	head := []string{"id", "time", "weight", "action", "result", "code", "actor", "actor_id", "actor_name", "address", "agent", "resource_type", "resource", "app_id", "details"}
	if err := out.Write(head); err != nil {
		return err
	}
	err := list(func(data json.RawMessage) error {
		var e activity.Entry
		if err := kit.DecodeLine(data, &e); err != nil {
			return err
		}
		row := []string{fmt.Sprint(e.ID), e.Time.Format(time.RFC3339Nano), fmt.Sprint(uint8(e.Weight)), e.Action, string(e.Result), e.Code,
			e.Actor.Kind, e.Actor.ID, e.Actor.Name, e.Actor.Address, e.Actor.Agent, e.ResourceType, e.Resource, e.AppID, facts(e)}
		for i, text := range row {
			row[i] = harmless(text)
		}
		return out.Write(row)
	})
	if err != nil {
		return err
	}
	out.Flush()
	return out.Error()
}

// harmless returns a text that no spreadsheet takes for a formula: those begin with one of these characters, also after
// spaces (OWASP, CSV injection). It is one line without terminal control characters.
func harmless(text string) string {
	text = output.Line(text)
	begin, _ := utf8.DecodeRuneInString(strings.TrimLeftFunc(text, unicode.IsSpace))
	if strings.ContainsRune("=+-@|%＝＋－＠", begin) {
		return "'" + text
	}
	return text
}

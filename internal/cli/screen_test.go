package cli

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"fazt/internal/activity"
	"fazt/internal/api/op"
	"fazt/internal/cli/kit"
	"fazt/internal/output"
)

// steering is a text that attacks a terminal: escape and C1 sequences, a title, a reversed direction, invisible
// characters, and a carriage return.
const steering = "owned\x1b]0;t\x07\x1b[2J\u009b2J\u0085\u202egpj.exe\u202c\u2066\u2069\u200b\u2028\u2060\ufeff\x7f\x00\r\nz"

// bad returns the first forbidden character of an output, or "".
func bad(out string) string {
	for i, r := range out {
		switch {
		case r == '\n' || r == '\t':
		case r == '\r' && strings.HasPrefix(out[i:], "\r\n"): // the end of a row of CSV
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r), output.Hides(r):
			return fmt.Sprintf("%+q in %+q", r, out[max(0, i-60):min(len(out), i+60)])
		}
	}
	return ""
}

// hostile fills a value with hostile texts.
func hostile(v reflect.Value, depth int) {
	switch v.Type() {
	case reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(time.Now().UTC()))
		return
	case reflect.TypeFor[json.RawMessage]():
		text, _ := json.Marshal(steering)
		v.SetBytes(text)
		return
	}
	if depth > 8 {
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(steering)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(1)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(1)
	case reflect.Float32, reflect.Float64:
		v.SetFloat(1)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		hostile(v.Elem(), depth+1)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range 2 {
			hostile(v.Index(i), depth+1)
		}
	case reflect.Array:
		for i := range v.Len() {
			hostile(v.Index(i), depth+1)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		hostile(key, depth+1)
		hostile(value, depth+1)
		v.SetMapIndex(key, value)
	case reflect.Interface:
		if v.NumMethod() == 0 {
			v.Set(reflect.ValueOf(steering))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				hostile(v.Field(i), depth+1)
			}
		}
	}
}

// responseOf returns the hostile response to an operation.
func responseOf(s op.Spec) (media string, body []byte) {
	line := func(v any) []byte {
		data := reflect.New(reflect.TypeOf(v))
		hostile(data.Elem(), 0)
		text, _ := json.Marshal(data.Interface())
		return text
	}
	if s.Media != "" {
		body = []byte(steering)
		for name, v := range map[string]any{"app.logs": op.LogLine{}, "log.": activity.Entry{}, "net.logs": op.NetAttempt{}} {
			if strings.HasPrefix(s.Name, name) {
				body = line(v)
			}
		}
		if strings.Contains(s.Media, "event-stream") {
			return s.Media, op.AppendEvent(nil, op.Event{Data: body})
		}
		return s.Media, append(body, '\n')
	}
	data := reflect.New(s.Res)
	hostile(data.Elem(), 0)
	if items := itemsOf(data.Elem()); items.IsValid() {
		text, _ := json.Marshal(items.Interface())
		return "application/json", fmt.Appendf(nil, `{"data":%s,"meta":{}}`, text)
	}
	text, err := json.Marshal(data.Interface())
	if err != nil {
		text = []byte("{}")
	}
	if s.Bare {
		return "application/json", text
	}
	return "application/json", fmt.Appendf(nil, `{"data":%s}`, text)
}

// An instance is not trusted, and much of what an honest one sends was written by strangers: names, titles, log
// lines, errors. No response to any command, in any format, may control the terminal.
func TestNothingOfAnInstanceSteersTheTerminal(t *testing.T) {
	var fails, asked atomic.Bool
	mux := http.NewServeMux()
	for _, s := range op.All() {
		mux.HandleFunc(s.Method+" "+s.Path, func(w http.ResponseWriter, _ *http.Request) {
			asked.Store(true)
			if fails.Load() {
				text, _ := json.Marshal(map[string]any{"error": map[string]any{"code": "UNPROCESSABLE", "message": steering, "details": []map[string]any{{"file": steering, "line": 1, "column": 1, "text": steering, "frame": steering, "notes": []string{steering}}}}})
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(http.StatusUnprocessableEntity)
				_, _ = w.Write(text)
				return
			}
			media, body := responseOf(s)
			w.Header().Set("Content-Type", media)
			_, _ = w.Write(body)
		})
	}
	peer := httptest.NewServer(mux)
	defer peer.Close()
	home := t.TempDir()
	call := func(stdin string, args ...string) (int, string) {
		var out, notes strings.Builder
		code := Main(t.Context(), kit.Env{Args: args, Stdin: strings.NewReader(stdin), Stdout: &out, Stderr: &notes,
			Getenv: func(string) string { return "" }, Home: func() (string, error) { return home, nil }})
		return code, out.String() + notes.String()
	}
	if code, out := call("fazt_"+strings.Repeat("a", 12)+"_"+strings.Repeat("a", 52)+"\n", "peer", "add", "evil", "--url", peer.URL, "--token-stdin"); code != exitOK {
		t.Fatal(out)
	}
	t.Chdir(t.TempDir())
	if err := os.WriteFile("index.html", []byte("hi"), 0o600); err != nil {
		t.Fatal(err)
	}
	reached, told := 0, 0
	for _, cmd := range endings(commands{&kit.CLI{}}.root()) {
		for _, fail := range []bool{false, true} {
			for _, format := range []string{"table", "json", "markdown"} {
				fails.Store(fail)
				asked.Store(false)
				args := append([]string{"@evil", "--format", format}, words(cmd)...)
				_, out := call("x\n", args...)
				if found := bad(out); found != "" {
					t.Errorf("fazt %s: %s", strings.Join(args, " "), found)
				}
				if asked.Load() {
					reached++
				} else if format == "table" && !fail {
					t.Logf("not reached: fazt %s: %.200s", strings.Join(args, " "), out)
				}
				if strings.Contains(out, "owned") {
					told++
				}
			}
		}
	}
	t.Logf("%d calls reached the instance, %d showed its text", reached, told)
	if reached < 200 || told < 150 {
		t.Errorf("only %d calls reached the instance, and %d showed its text", reached, told)
	}
}

// endings returns the commands that use an instance and end on their own.
func endings(cmd *cobra.Command) (list []*cobra.Command) {
	for _, sub := range cmd.Commands() {
		list = append(list, endings(sub)...)
	}
	switch path := strings.TrimPrefix(cmd.CommandPath(), "fazt "); {
	case cmd.HasSubCommands(), cmd.Hidden, kit.IsLocalOnly(cmd), cmd.Name() == "help":
		return list
	case path == "app cat": // prints the bytes of a file unchanged, because this is not a terminal
		return list
	case strings.HasSuffix(path, "install"), strings.HasSuffix(path, "bench"), strings.HasSuffix(path, "calibrate"): // these fetch or measure
		return list
	}
	return append(list, cmd)
}

// words returns a call of a command, with a value for each argument in its use.
func words(cmd *cobra.Command) []string {
	args := strings.Fields(cmd.CommandPath())[1:]
	use := strings.Fields(strings.ReplaceAll(cmd.Use, "[NAME | NAME=VALUE]…", "NAME=VALUE"))
	for i, word := range use[1:] {
		if strings.HasPrefix(use[i], "--") { // the value of a flag, which is added below
			continue
		}
		word = strings.Trim(word, "[].…")
		value, known := map[string]string{"DIR": ".", "PATH": "index.html", "DOMAIN": "example.com", "NAME=VALUE": "A=b", "VALUE": "1", "NUMBER": "1", "DEPLOYMENT": "1", "SQL": "SELECT 1"}[word]
		switch {
		case known:
			args = append(args, value)
		case word == strings.ToUpper(word) && word != "":
			args = append(args, "shop")
		}
	}
	for name, value := range map[string]string{"yes": "true", "app": "shop", "to": "out", "name": "shop", "scope": "read", "domain": "example.com"} {
		if f := cmd.Flags().Lookup(name); f != nil && !strings.HasPrefix(cmd.CommandPath(), "fazt logs") && f.Value.Type() != "duration" && f.Value.Type() != "int" {
			args = append(args, "--"+name+"="+value)
		}
	}
	return args
}

// itemsOf returns the items of a page of a list.
func itemsOf(v reflect.Value) reflect.Value {
	if v.Kind() != reflect.Struct {
		return reflect.Value{}
	}
	return v.FieldByName("Items")
}

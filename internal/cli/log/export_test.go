package log

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"strings"
	"testing"

	"fazt/internal/activity"
)

func TestNoCellOfAnExportIsAFormulaOrControlsATerminal(t *testing.T) {
	for text, want := range map[string]string{
		"=1+1": "'=1+1", "+1": "'+1", "-1": "'-1", "@x": "'@x", "  =x": "'  =x", "\t=x": "' =x", "\r\n=x": "'  =x", "＝x": "'＝x", "|cmd": "'|cmd",
		"a=b": "a=b", "": "", "\x1b[2Jx": "[2Jx", "\x1b=1": "'=1", "a\nb": "a b", "\u00a0=x": "'\u00a0=x", "\ufeff=x": "'=x",
	} {
		if got := harmless(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func FuzzHarmless(f *testing.F) {
	f.Add("=x")
	f.Fuzz(func(t *testing.T, text string) {
		got := strings.TrimSpace(harmless(text))
		if got != "" && strings.ContainsRune("=+-@|%", rune(got[0])) || strings.ContainsAny(got, "\x1b\n\r") {
			t.Errorf("%q", got)
		}
	})
}

func TestEveryExportHasTheFormatOfItsName(t *testing.T) {
	list := func(yield func(json.RawMessage) error) error {
		for _, e := range []activity.Entry{{ID: 1, Action: "a", Actor: activity.Actor{Agent: "=evil()"}}, {ID: 2, Action: `b,"c"`}} {
			data, _ := json.Marshal(e)
			if err := yield(data); err != nil {
				return err
			}
		}
		return nil
	}
	var out bytes.Buffer
	var all []activity.Entry
	if err := exportJSON(&out, list); err != nil || json.Unmarshal(out.Bytes(), &all) != nil || len(all) != 2 {
		t.Errorf("%s %v", out.String(), err)
	}
	out.Reset()
	if err := exportLines(&out, list); err != nil || strings.Count(out.String(), "\n") != 2 {
		t.Errorf("%s %v", out.String(), err)
	}
	out.Reset()
	err := exportCSV(&out, list)
	rows, bad := csv.NewReader(&out).ReadAll()
	if err != nil || bad != nil || len(rows) != 3 || rows[1][10] != "'=evil()" || rows[2][3] != `b,"c"` {
		t.Errorf("%q %v %v", rows, err, bad)
	}
	out.Reset()
	if err := exportJSON(&out, func(func(json.RawMessage) error) error { return nil }); err != nil || out.String() != "[]\n" {
		t.Errorf("%q %v", out.String(), err)
	}
}

package output

import (
	"encoding/json"
	"strings"
	"testing"
)

const steering = "a\x1b[2J\u009b2J\u202eb\u2066\u200b\u2028\x7f\r\U000e0041c"

func steer(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return r != '\n' && r != '\t' && steers(r) })
}

// Headers are untrusted too: a statement names its columns.
func TestNoFormatControlsTheTerminal(t *testing.T) {
	for _, f := range []Format{Table, JSON, Markdown} {
		for name, v := range map[string]View{
			"list":  {Value: map[string]string{steering: steering}, Columns: []string{steering}, Rows: [][]string{{steering}}},
			"thing": {Value: steering, Rows: [][]string{{steering, steering}}},
			"empty": {Value: []string{}, Columns: []string{"a"}, Empty: steering},
		} {
			if out := printed(t, f, 80, v); steer(strings.NewReplacer("\x1b[1m", "", "\x1b[2m", "", "\x1b[0m", "").Replace(out)) {
				t.Errorf("%s, %s: %+q", f, name, out)
			}
		}
	}
}

func TestEscapedJSONHasTheSameValues(t *testing.T) {
	out := printed(t, JSON, 0, View{Value: steering})
	var back string
	if err := json.Unmarshal([]byte(out), &back); err != nil || back != steering || steer(out) {
		t.Errorf("%+q: %v", out, err)
	}
	if text := `{"a":"ü日"}`; string(EscapeJSON([]byte(text))) != text {
		t.Error("what does not steer is changed")
	}
}

func TestScreenShowsSplitCharacters(t *testing.T) {
	const text = "ü日\U0001f469 \u202e\x1b[1m\xff end \xe6"
	for size := 1; size < 5; size++ {
		var out strings.Builder
		s := NewScreen(&out)
		for i := 0; i < len(text); i += size {
			if _, err := s.Write([]byte(text[i:min(len(text), i+size)])); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if want := Visible(text); out.String() != want {
			t.Errorf("in pieces of %d: %+q, want %+q", size, out.String(), want)
		}
	}
}

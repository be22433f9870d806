package kit

import (
	"strings"
	"testing"

	"fazt/internal/errs"
)

func TestInputThatIsTooLongIsRefusedAndNotCut(t *testing.T) {
	longest := strings.Repeat("x", maxInput)
	if text, err := ReadInput(strings.NewReader(longest), "it"); text != longest || err != nil {
		t.Errorf("%d bytes, %v", len(text), err)
	}
	text, err := ReadInput(strings.NewReader(longest+"x"), "the value of KEY")
	if text != "" || !errs.Is(err, errs.TooLarge) || errs.Sentence(err) != "the value of KEY is longer than 1 MiB" {
		t.Errorf("%d bytes, %v", len(text), err)
	}
}

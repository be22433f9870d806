package output

import "testing"

func TestUntrustedTextCannotControlTheTerminal(t *testing.T) {
	const hostile = "a\x1b]0;owned\x07b\u202ec\u009b2Jd\r\n\te\x7f"
	if got, want := Visible(hostile), "a\ufffd]0;owned\ufffdb\ufffdc\ufffd2Jd\ufffd\n\te\ufffd"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := Line(hostile), "a]0;ownedbc2Jd   e"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := cell("x|\x1b[1m\ny"), `x\|[1m y`; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

package hostname

import (
	"errors"
	"strings"
	"testing"
)

func TestCanonical(t *testing.T) {
	long := strings.Repeat("a", 63)
	for raw, want := range map[string]any{
		"example.com": "example.com", "EXAMPLE.com.": "example.com", "localhost": "localhost", "a_B.example": "a_b.example",
		"bücher.example": "xn--bcher-kva.example", "xn--bcher-kva.example": "xn--bcher-kva.example", "XN--BCHER-KVA.example": "xn--bcher-kva.example",
		"ｂｌｏｇ。example。com。": "blog.example.com", "İ.com": "xn--i-9bb.com", "3--site.localhost": "3--site.localhost", "1.a": "1.a", "0x7f.a1": "0x7f.a1",
		long + ".com": long + ".com",

		"": ErrSyntax, ".": ErrSyntax, ".com": ErrSyntax, "a..b": ErrSyntax, "a.b..": ErrSyntax, "-a.com": ErrSyntax, "a-.com": ErrSyntax,
		"a.-": ErrSyntax, "a b": ErrSyntax, "a/b": ErrSyntax, "a:80": ErrSyntax, "a@b": ErrSyntax, "a%2eb": ErrSyntax, "[::1]": ErrSyntax, "::1": ErrSyntax,
		"*.example.com": ErrSyntax, "a\x00.com": ErrSyntax, "a\xff.com": ErrSyntax, "xn--a": ErrSyntax, "a\u200db.com": ErrSyntax, "a\u2024b.com": ErrSyntax,
		"ex℀mple.com": ErrSyntax, "bü_cher.example": ErrSyntax, long + "a.com": ErrSyntax, strings.Repeat("a.", 127) + "a": ErrSyntax,

		"127.0.0.1": ErrAddress, "127.1": ErrAddress, "1": ErrAddress, "2130706433": ErrAddress, "0x7f.1": ErrAddress, "0X7F.0x1": ErrAddress,
		"0x": ErrAddress, "example.1": ErrAddress, "example.0x1f.": ErrAddress, "１２７.１": ErrAddress,
	} {
		got, err := Canonical(raw)
		if wantErr, bad := want.(error); bad && !errors.Is(err, wantErr) || !bad && (err != nil || got != want) {
			t.Errorf("Canonical(%q) = %q, %v; want %v", raw, got, err, want)
		}
	}
	if _, err := Registrable("a_b.example"); !errors.Is(err, ErrSyntax) {
		t.Errorf("underscore: %v", err)
	}
	if host, err := Registrable("Example.com"); host != "example.com" {
		t.Error(host, err)
	}
}

func TestCanonicalAddress(t *testing.T) {
	for raw, want := range map[string]string{
		"127.0.0.1": "127.0.0.1", "::1": "::1", "2001:DB8:0::1": "2001:db8::1", "fe80::1%eth0": "", "127.1": "", "[::1]": "", "a": "", "": "", "abcd::1": "abcd::1",
	} {
		if got, ok := CanonicalAddress(raw); got != want || ok != (want != "") {
			t.Errorf("CanonicalAddress(%q) = %q, %t", raw, got, ok)
		}
	}
}

func TestCanonicalNamesCostNoAllocation(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() {
		if _, err := Canonical("blog.example.com"); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzCanonical(f *testing.F) {
	for _, s := range []string{"blog.localhost", "BÜCHER.example", "a..b", "1.2.3.4", "xn--a", "a_b.c", "。", "a.b.", "0x7f.1", "ＸＮ--a"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		host, err := Canonical(raw)
		if err != nil {
			return
		}
		if host == "" || host != strings.ToLower(host) || strings.ContainsAny(host, ":/@[]\\ %?#*") || len(host) > 253 || strings.HasSuffix(host, ".") || EndsInNumber(host) {
			t.Fatalf("Canonical(%q) = %q", raw, host)
		}
		if again, err := Canonical(host); err != nil || again != host {
			t.Fatalf("Canonical(%q) = %q, and of that %q, %v", raw, host, again, err)
		}
	})
}

package egress

import (
	"strings"
	"testing"
)

func TestURLsAreCanonicalOrRefused(t *testing.T) {
	tests := []struct{ name, url, want string }{ // "" = refused
		{"plain", "https://example.com/a?b=c", "https://example.com/a?b=c"},
		{"no path", "https://example.com", "https://example.com/"},
		{"query without path", "https://example.com?a", "https://example.com/?a"},
		{"scheme and host in capitals", "HTTPS://Example.COM/A", "https://example.com/A"},
		{"the scheme's own port", "https://example.com:443/", "https://example.com/"},
		{"another port", "http://example.com:8080/", "http://example.com:8080/"},
		{"root dot", "https://example.com./", "https://example.com/"},
		{"fragment", "https://example.com/#@evil.test/", "https://example.com/"},
		{"international", "https://bücher.example/", "https://xn--bcher-kva.example/"},
		{"international already", "https://xn--bcher-kva.example/", "https://xn--bcher-kva.example/"},
		{"full-width letters", "https://ｅｘａｍｐｌｅ.com/", "https://example.com/"},
		{"ideographic dot", "https://example。com/", "https://example.com/"},
		{"soft hyphen", "https://exam\u00adple.com/", "https://example.com/"},
		{"double hyphen", "https://r3---sn-a.example.com/", "https://r3---sn-a.example.com/"},
		{"dot segments", "https://example.com/a/../b/./c", "https://example.com/b/c"},
		{"dot segments above the root", "https://example.com/../../b", "https://example.com/b"},
		{"encoded dot segments", "https://example.com/a/%2e%2E/b/.%2e", "https://example.com/"},
		{"encoded slash stays", "https://example.com/a%2Fb", "https://example.com/a%2Fb"},
		{"letters beyond ASCII", "https://example.com/ü?ü", "https://example.com/%C3%BC?%C3%BC"},
		{"user in the query", "https://example.com/?a@b", "https://example.com/?a@b"},

		{"dotted literal", "https://127.0.0.1/", ""},
		{"short literal", "https://127.1/", ""},
		{"octal literal", "https://0177.0.0.1/", ""},
		{"hexadecimal literal", "https://0x7f.0.0.1/", ""},
		{"hexadecimal integer", "https://0x7f000001/", ""},
		{"0x alone", "https://a.0x/", ""},
		{"integer", "https://2130706433/", ""},
		{"literal with a root dot", "https://127.0.0.1./", ""},
		{"full-width literal", "https://１２７.０.０.１/", ""},
		{"circled digits", "https://①②⑦.⓪.⓪.①/", ""},
		{"literal with ideographic dots", "https://127。0。0。1/", ""},
		{"a name that ends in a number", "https://example.1/", ""},
		{"a name that ends in a hexadecimal number", "https://example.0X1f/", ""},
		{"IPv6", "https://[::1]/", ""},
		{"IPv6 with a zone", "https://[fe80::1%25eth0]/", ""},
		{"IPv4 in IPv6", "https://[::ffff:127.0.0.1]/", ""},
		{"brackets around a name", "https://[example.com]/", ""},
		{"user", "https://user@example.com/", ""},
		{"user and password", "https://user:pw@example.com/", ""},
		{"a host as a user", "https://example.com@evil.test/", ""},
		{"an encoded @", "https://example.com%40evil.test/", ""},
		{"two @", "https://a@b@example.com/", ""},
		{"an empty user", "https://@example.com/", ""},
		{"backslash for a slash", `https://example.com\@evil.test/`, ""},
		{"backslash in the path", `https://example.com/a\b`, ""},
		{"tab in the host", "https://exam\tple.com/", ""},
		{"line end in the path", "https://example.com/a\r\nHost: evil", ""},
		{"leading space", " https://example.com/", ""},
		{"no-break space", "https://example.com\u00a0.evil.test/", ""},
		{"zero", "https://example.com\x00.evil.test/", ""},
		{"encoded zero in the host", "https://example.com%00.evil.test/", ""},
		{"a control character of Latin-1", "https://example.com/\u0085", ""},
		{"byte order mark", "https://example.com/\ufeff", ""},
		{"no UTF-8", "https://example.com/\xff", ""},
		{"underscore", "https://A_b.example.com/", "https://a_b.example.com/"},
		{"underscore in front", "https://_dmarc.example.com/", "https://_dmarc.example.com/"},
		{"underscore in a number", "https://127.0.0._1/", "https://127.0.0._1/"},
		{"empty label", "https://example..com/", ""},
		{"leading dot", "https://.example.com/", ""},
		{"two root dots", "https://example.com../", ""},
		{"hyphen in front", "https://-a.example.com/", ""},
		{"long label", "https://" + strings.Repeat("a", 64) + ".com/", ""},
		{"long name", "https://" + strings.Repeat("a.", 130) + "com/", ""},
		{"bad punycode", "https://xn--a.example.com/", ""},
		{"right to left in between", "https://exa\u05d0mple.com/", ""},
		{"fraction slash", "https://example.com⁄evil.test/", "https://example.xn--comevil-3d7c.test/"},
		{"account of", "https://example.com℀.evil.test/", ""},
		{"port 0", "https://example.com:0/", ""},
		{"port with a plus", "https://example.com:+443/", ""},
		{"port above 65535", "https://example.com:65979/", ""},
		{"empty port", "https://example.com:/", ""},
		{"port with zeros in front", "https://example.com:0443/", ""},
		{"two ports", "https://example.com:80:443/", ""},
		{"a user in place of the port", "https://example.com:80@evil.test/", ""},
		{"broken encoding", "https://example.com/%zz", ""},
		{"no host", "https:///path", ""},
		{"one slash", "https:/example.com/", ""},
		{"three slashes", "https:///example.com/", ""},
		{"no scheme", "//example.com/", ""},
		{"file", "file:///etc/passwd", ""},
		{"gopher", "gopher://example.com/_x", ""},
		{"javascript", "javascript:alert(1)", ""},
		{"data", "data:text/plain,x", ""},
		{"unix", "http+unix://example.com/", ""},
		{"too long", "https://example.com/" + strings.Repeat("a", maxURL), ""},
		{"nothing", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, why := parseURL(tt.url)
			switch {
			case got == nil && tt.want != "":
				t.Errorf("refused: %s", why)
			case got != nil && got.url.String() != tt.want:
				t.Errorf("got %q, want %q", got.url, tt.want)
			case got == nil && why == "":
				t.Error("refused without a reason")
			}
		})
	}
}

package webapi

import (
	"testing"

	"github.com/nlnwa/whatwg-url/url"
)

func FuzzPlainURL(f *testing.F) {
	for _, seed := range []string{
		"http://a.localhost/", "https://a.example:8443/x/y?q=1&r=%20", "http://a/..", "http://a/%2e%2e/b", "http://a/b/.c", "http://a:80/", "http://a:080/",
		"http://1.2.3.4/", "http://a.0x7f/", "http://xn--a/", "http://a/|{}", "http://a/?'", "http://a./", "http://a/^", "http://-a-.b/~!$&()*+,;=:@[]",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, ok := plainURL(text)
		if !ok || len(text) > longestURL {
			return
		}
		u, err := url.Parse(text)
		if err != nil {
			t.Fatalf("%q: the library refuses it: %v", text, err)
		}
		if want := partsOf(u); got != want {
			t.Fatalf("%q\n got %+v\nwant %+v", text, got, want)
		}
	})
}

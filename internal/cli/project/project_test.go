package project

import (
	"testing"
)

func TestLabelsOfFolders(t *testing.T) {
	for base, want := range map[string]string{"site": "site", "My Site": "my-site", "a__b..c": "a-b-c", "-x-": "x", "日本": "", "a日": "", "café": "cafe", "cafe\u0301": "cafe", "Żółć": "zolc", "Straße": "strasse", "Smørrebrød ½": "smorrebrod-1-2",
		"ﬁle": "file", "x²": "x2", "a – b": "a-b", "🎉 party": "party", "मराठी": "", "v2.0": "v2-0", "a--b": "a-b"} {
		if got := Label(base); got != want {
			t.Errorf("%q: %q, want %q", base, got, want)
		}
	}
}

package database

import "testing"

func TestEscapesInMountPointsAreDecoded(t *testing.T) {
	for text, want := range map[string]string{
		"/srv/data.db":     "/srv/data.db",
		`/my\040data.db`:   "/my data.db",
		`/\011\012\134`:    "/\t\n\\",
		`/a\04`:            `/a\04`,
		`/a\`:              `/a\`,
		`/a\999b`:          `/a\999b`,
		`/end\040`:         "/end ",
		`/not\escaped/any`: `/not\escaped/any`,
	} {
		if got := unescapeMount(text); got != want {
			t.Errorf("%s is %q, want %q", text, got, want)
		}
	}
}

func TestMountPointsAreRecognized(t *testing.T) {
	for path, want := range map[string]bool{"/": true, "/proc": true, "/proc/self": false, "/pro": false, "/proc/": false, "": false, t.TempDir(): false} {
		if got := mounted(path); got != want {
			t.Errorf("%q: %v", path, got)
		}
	}
}

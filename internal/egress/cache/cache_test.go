package cache

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"fazt/internal/egress/rules"
)

// s-maxage implies proxy-revalidate.
func TestAResponseThatMustBeRevalidatedIsNeverServedStale(t *testing.T) {
	for _, also := range []string{"must-revalidate", "proxy-revalidate", "s-maxage=0", "no-cache"} {
		e := &rules.Entry{CacheTTL: 60, Stale: 60}
		header := http.Header{"Cache-Control": {"max-age=0, " + also}, "Etag": {`"a"`}}
		kept := Storable("http://example.com/", http.Header{}, false, &http.Response{StatusCode: 200, Status: "200 OK", Header: header}, e, time.Now(), time.Now())
		if kept == nil || kept.Usable(time.Now(), e) {
			t.Errorf("%s: %+v", also, kept)
		}
	}
}

// FuzzCacheControl compares the parser with a regular expression of the grammar, and checks that it finds every directive that
// a split by commas finds.
func FuzzCacheControl(f *testing.F) {
	for _, s := range []string{"max-age=60", `private="a,b", max-age="1"`, "no-store", " , ,a", "a=\"\\\"\"", "a=b=c", "max-age=60;no-store", "NO-STORE\t,x"} {
		f.Add(s)
	}
	quoted := regexp.MustCompile(`"(?:\\.|[^"\\])*"`)
	whole := regexp.MustCompile(`^[ \t,]*(?:[!#$%&'*+.^_\x60|~0-9A-Za-z-]+(?:=(?:[!#$%&'*+.^_\x60|~0-9A-Za-z-]+|"(?s:\\.|[^"\\])*"))?[ \t]*(?:,[ \t,]*|$))*$`)
	f.Fuzz(func(t *testing.T, line string) {
		found, ok := directives(http.Header{"Cache-Control": {line}})
		if ok != whole.MatchString(line) {
			t.Fatalf("%q: readable %v", line, ok)
		}
		if !ok {
			return
		}
		for part := range strings.SplitSeq(quoted.ReplaceAllString(line, ""), ",") {
			name, _, _ := strings.Cut(strings.ToLower(strings.Trim(part, " \t")), "=")
			if _, is := found[name]; name != "" && !is {
				t.Fatalf("%q: %q is overlooked: %v", line, name, found)
			}
		}
	})
}

func TestTheMemoryOfManyHeaderFieldsIsCounted(t *testing.T) {
	const fields = 10000
	var names strings.Builder
	many := http.Header{"Cache-Control": {"max-age=60"}}
	for i := range fields {
		names.WriteString(",a" + strconv.Itoa(i))
		many["A"+strconv.Itoa(i)] = []string{""}
	}
	for name, header := range map[string]http.Header{
		"names in Vary": {"Cache-Control": {"max-age=60"}, "Vary": {names.String()[1:]}},
		"fields":        many,
	} {
		kept := Storable("http://example.com/", http.Header{}, false, &http.Response{StatusCode: 200, Status: "200 OK", Header: header}, &rules.Entry{CacheTTL: 60}, time.Now(), time.Now())
		// The map alone takes 40 bytes for each: the name and the list.
		if kept == nil || kept.size() < fields*40 {
			t.Errorf("%s: %d of them count as %d bytes", name, fields, kept.size())
		}
		var c Cache
		if c.Put("a", kept, 10, fields*40); c.apps["a"] != nil {
			t.Errorf("%s: stored although it exceeds the limit", name)
		}
	}
}

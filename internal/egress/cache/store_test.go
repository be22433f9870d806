package cache

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"fazt/internal/egress/rules"
)

const (
	plenty  = 1 << 20 // bytes
	manyOf  = 100     // items
	someURL = "https://example.com/"
)

// item returns a response of one variant.
func item(url, body string, vary ...string) *Response {
	return &Response{url: url, body: []byte(body), status: 200, header: http.Header{}, vary: lines(vary...), at: began, lifetime: time.Hour}
}

// found returns the body that the cache has for a request; "" = none.
func found(c *Cache, app, url string, header ...string) string {
	if s := c.Get(app, url, lines(header...), false); s != nil {
		return string(s.body)
	}
	return ""
}

func TestEveryAppAndAddressHasItsOwnResponse(t *testing.T) {
	t.Parallel()
	var c Cache
	if found(&c, "a", someURL) != "" {
		t.Error("an empty cache has a response")
	}
	c.Put("a", item(someURL, "of a"), manyOf, plenty)
	c.Put("b", item(someURL, "of b"), manyOf, plenty)
	c.Put("a", item(someURL+"x", "another"), manyOf, plenty)
	for where, want := range map[[2]string]string{
		{"a", someURL}: "of a", {"b", someURL}: "of b", {"a", someURL + "x"}: "another", {"b", someURL + "x"}: "", {"c", someURL}: "", {"", someURL}: "",
	} {
		if got := found(&c, where[0], where[1]); got != want {
			t.Errorf("%v has %q, want %q", where, got, want)
		}
	}
	c.Put("a", item(someURL, "newer"), manyOf, plenty)
	if got := found(&c, "a", someURL); got != "newer" || c.Stats().Items != 3 {
		t.Errorf("%q of %+v", got, c.Stats())
	}
}

func TestAVariantIsFoundByTheHeadersItVariesBy(t *testing.T) {
	t.Parallel()
	var c Cache
	c.Put("a", item(someURL, "english", "Accept-Language: en"), manyOf, plenty)
	c.Put("a", item(someURL, "german", "Accept-Language: de"), manyOf, plenty)
	c.Put("a", item(someURL, "two lines", "Accept-Language: fr, it"), manyOf, plenty)
	for _, tt := range []struct{ header, want string }{
		{"Accept-Language: en", "english"}, {"Accept-Language: de", "german"}, {"Accept-Language: es", ""}, {"X-Other: en", ""}, {"Accept-Language: ", ""},
	} {
		if got := found(&c, "a", someURL, tt.header); got != tt.want {
			t.Errorf("%s gives %q, want %q", tt.header, got, tt.want)
		}
	}
	if got := found(&c, "a", someURL, "Accept-Language: fr", "Accept-Language: it"); got != "two lines" {
		t.Errorf("the same header on two lines gives %q", got)
	}
	c.Put("a", item(someURL, "german again", "Accept-Language: de"), manyOf, plenty)
	if got := found(&c, "a", someURL, "Accept-Language: de"); got != "german again" || c.Stats().Items != 3 {
		t.Errorf("%q of %+v", got, c.Stats())
	}
	c.Put("a", item(someURL, "any"), manyOf, plenty) // varies by nothing: matches each, and is newer
	if got := found(&c, "a", someURL, "Accept-Language: en"); got != "any" {
		t.Errorf("%q, want the newer of two that match", got)
	}
	absent := &Response{url: someURL + "n", body: []byte("none"), header: http.Header{}, vary: http.Header{"Accept": nil}}
	c.Put("a", absent, manyOf, plenty)
	if found(&c, "a", someURL+"n") != "none" || found(&c, "a", someURL+"n", "Accept: ") != "" {
		t.Error("an absent header and an empty one are the same")
	}
}

func TestACallWithCredentialsGetsOnlyPublicResponses(t *testing.T) {
	t.Parallel()
	var c Cache
	c.Put("a", item(someURL, "plain"), manyOf, plenty)
	if c.Get("a", someURL, http.Header{}, true) != nil {
		t.Error("a response that is not public was served for credentials")
	}
	public := item(someURL, "public")
	public.public = true
	c.Put("a", public, manyOf, plenty)
	for _, credentialed := range []bool{true, false} {
		if s := c.Get("a", someURL, http.Header{}, credentialed); s == nil || string(s.body) != "public" {
			t.Errorf("credentials %v: %+v", credentialed, s)
		}
	}
}

func TestTheCacheKeepsToItsLimits(t *testing.T) {
	t.Parallel()
	url := func(i int) string { return fmt.Sprintf("%s%02d", someURL, i) }
	size := item(url(0), "body").size()
	for _, tt := range []struct {
		name     string
		items    int
		bytes    int64
		put      int
		keep     []int // of the urls
		maxBytes int64
	}{
		{"no items", 0, plenty, 3, nil, 0},
		{"one item", 1, plenty, 3, []int{2}, size},
		{"two items", 2, plenty, 3, []int{1, 2}, 2 * size},
		{"no bytes", manyOf, 0, 3, nil, 0},
		{"a byte less than one", manyOf, size - 1, 3, nil, 0},
		{"bytes of one", manyOf, size, 3, []int{2}, size},
		{"a byte less than two", manyOf, 2*size - 1, 3, []int{2}, size},
		{"bytes of two", manyOf, 2 * size, 3, []int{1, 2}, 2 * size},
		{"enough", 3, 3 * size, 3, []int{0, 1, 2}, 3 * size},
	} {
		var c Cache
		for i := range tt.put {
			c.Put("a", item(url(i), "body"), tt.items, tt.bytes)
		}
		var kept []int
		for i := range tt.put {
			if found(&c, "a", url(i)) != "" {
				kept = append(kept, i)
			}
		}
		stats := c.Stats()
		if fmt.Sprint(kept) != fmt.Sprint(tt.keep) || stats.Bytes != tt.maxBytes || stats.Items != len(tt.keep) {
			t.Errorf("%s: kept %v with %+v, want %v with %d bytes", tt.name, kept, stats, tt.keep, tt.maxBytes)
		}
	}
}

func TestWhatWasUsedLastStays(t *testing.T) {
	t.Parallel()
	var c Cache
	c.Put("a", item("1", "one"), 2, plenty)
	c.Put("a", item("2", "two"), 2, plenty)
	found(&c, "a", "1")
	c.Put("a", item("3", "three"), 2, plenty)
	if found(&c, "a", "1") != "one" || found(&c, "a", "2") != "" || found(&c, "a", "3") != "three" {
		t.Error("the response that was used last was removed")
	}
	c.Put("b", item("1", "of b"), 2, plenty) // the limits are for each app
	if found(&c, "a", "1") != "one" {
		t.Error("another app removed a response")
	}
	c.Put("a", item("1", "larger than the limit"), 0, plenty)
	if found(&c, "a", "1") != "" {
		t.Error("an outdated response stays because its successor cannot be stored")
	}
}

func TestAnAddressHasAFewVariants(t *testing.T) {
	t.Parallel()
	var c Cache
	for i := range MaxVariants + 1 {
		if i == MaxVariants && found(&c, "a", someURL, "X: 0") != "0" {
			t.Fatalf("%d variants do not fit", MaxVariants)
		}
		c.Put("a", item(someURL, fmt.Sprint(i), fmt.Sprintf("X: %d", i)), manyOf, plenty)
	}
	if c.Stats().Items != MaxVariants || found(&c, "a", someURL, "X: 0") != "" || found(&c, "a", someURL, "X: 1") != "1" || found(&c, "a", someURL, fmt.Sprintf("X: %d", MaxVariants)) == "" {
		t.Errorf("%+v", c.Stats())
	}
}

func TestResponsesAreForgottenAndCleared(t *testing.T) {
	t.Parallel()
	fill := func() *Cache {
		c := &Cache{}
		for _, app := range []string{"a", "b"} {
			for _, url := range []string{"1", "2"} {
				c.Put(app, item(url, "x", "X: 1"), manyOf, plenty)
				c.Put(app, item(url, "y", "X: 2"), manyOf, plenty)
			}
		}
		return c
	}
	for _, tt := range []struct {
		name   string
		change func(*Cache)
		left   int
	}{
		{"nothing", func(*Cache) {}, 8},
		{"one address of an app", func(c *Cache) { c.Forget("a", "1") }, 6},
		{"an address that is not stored", func(c *Cache) { c.Forget("a", "3"); c.Forget("c", "1") }, 8},
		{"both addresses of an app", func(c *Cache) { c.Forget("a", "1"); c.Forget("a", "2") }, 4},
		{"an app", func(c *Cache) { c.Clear("b") }, 4},
		{"an unknown app", func(c *Cache) { c.Clear("c") }, 8},
		{"everything", func(c *Cache) { c.Clear("") }, 0},
	} {
		c := fill()
		each := c.Stats().Bytes / 8
		tt.change(c)
		if s := c.Stats(); s.Items != tt.left || s.Bytes != int64(tt.left)*each {
			t.Errorf("%s: %+v, want %d items of %d bytes", tt.name, s, tt.left, each)
		}
	}
	c := fill()
	if c.Forget("a", "1"); found(c, "a", "1", "X: 1") != "" || found(c, "a", "2", "X: 1") != "x" || found(c, "b", "1", "X: 1") != "x" {
		t.Error("the wrong responses were forgotten")
	}
}

func TestOutcomesAreCounted(t *testing.T) {
	t.Parallel()
	var c Cache
	for state, n := range map[string]int{Hit: 1, Revalidated: 2, Stale: 3, Miss: 4, "": 5, "other": 6} {
		for range n {
			c.Count(state)
		}
	}
	if got, want := c.Stats(), (Stats{Hits: 1, Revalidated: 2, Stale: 3, Misses: 4}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	c.Clear("")
	if c.Stats().Misses != 4 {
		t.Error("clearing the cache resets its counters")
	}
	r := Failure(504, began).Response(began)
	if r.StatusCode != 504 || r.Status != "504 Gateway Timeout" || r.ContentLength != 0 {
		t.Errorf("%+v", r)
	}
}

func TestIdenticalCallsHaveOneKey(t *testing.T) {
	t.Parallel()
	key := KeyOf("a", someURL, lines("A: 1", "B: 2"))
	for name, other := range map[string]Key{
		"another app":           KeyOf("b", someURL, lines("A: 1", "B: 2")),
		"another address":       KeyOf("a", someURL+"x", lines("A: 1", "B: 2")),
		"another value":         KeyOf("a", someURL, lines("A: 1", "B: 3")),
		"a header less":         KeyOf("a", someURL, lines("A: 1")),
		"a value more":          KeyOf("a", someURL, lines("A: 1", "A: 2", "B: 2")),
		"the value of another":  KeyOf("a", someURL, lines("A: 2", "B: 1")),
		"a value for a name":    KeyOf("a", someURL, lines("A: 1", "B: ", "2: ")),
		"two values in one":     KeyOf("a", someURL, lines("A: 1, 2")),
		"nothing in the header": KeyOf("a", someURL, nil),
	} {
		if other == key {
			t.Errorf("%s has the same key", name)
		}
	}
	if KeyOf("a", someURL, lines("B: 2", "A: 1")) != key {
		t.Error("the order of the headers changes the key")
	}
}

func TestOneOfManyIdenticalCallsGoesOut(t *testing.T) {
	t.Parallel()
	var c Cache
	key := KeyOf("a", someURL, nil)
	var leaders, followers atomic.Int64
	var joined, ended sync.WaitGroup
	flights := make(chan *Flight, 1)
	for range 20 {
		joined.Add(1)
		ended.Go(func() {
			f, leads := c.Join(key, time.Now())
			if leads {
				leaders.Add(1)
				flights <- f
			}
			joined.Done()
			<-f.Done
			followers.Add(1)
		})
	}
	joined.Wait()
	if n := followers.Load(); leaders.Load() != 1 || n != 0 {
		t.Errorf("%d calls went out, %d ended before the first", leaders.Load(), n)
	}
	f := <-flights
	c.End(key, f, true, false)
	c.End(key, f, false, false) // only the first counts
	ended.Wait()
	if _, leads := c.Join(key, time.Now()); !leads {
		t.Error("after the end of a flight, the next call does not start another")
	}
}

func TestCallsWhoseResponseIsNotStoredDoNotWaitForEachOther(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name          string
		stored, again bool
		alone         bool
	}{
		{"stored", true, false, false},
		{"not stored", false, false, true},
		{"to be tried again", false, true, false},
	} {
		var c Cache
		key := KeyOf("a", someURL, nil)
		f, _ := c.Join(key, time.Now())
		before := time.Now()
		c.End(key, f, tt.stored, tt.again)
		f, leads := c.Join(key, before.Add(unsharedFor-time.Second))
		if alone := f == nil && !leads; alone != tt.alone || !alone && !leads {
			t.Errorf("%s: the next call is alone: %v, leads: %v", tt.name, alone, leads)
		}
		if tt.alone {
			if f, leads := c.Join(key, time.Now().Add(unsharedFor)); f == nil || !leads {
				t.Errorf("%s: a call goes out alone after %s", tt.name, unsharedFor)
			}
		}
	}
	var c Cache
	nth := func(i int) Key { return KeyOf("a", fmt.Sprint(someURL, i), nil) }
	for i := range maxUnshared + 1 {
		f, _ := c.Join(nth(i), time.Now())
		c.End(nth(i), f, false, false)
		if want := min(i+1, maxUnshared); i < maxUnshared && len(c.unshared) != want {
			t.Fatalf("%d calls are noted, want %d", len(c.unshared), want)
		}
	}
	if len(c.unshared) != 1 {
		t.Errorf("%d calls are noted after %d", len(c.unshared), maxUnshared+1)
	}
}

// A response that was requested before a change must not be served after it.
func TestAChangeOutdatesTheFlightsOfItsAddress(t *testing.T) {
	t.Parallel()
	var c Cache
	if !c.Current(nil) {
		t.Error("a call without a flight is outdated")
	}
	key, other, foreign := KeyOf("a", someURL, nil), KeyOf("a", someURL+"x", nil), KeyOf("b", someURL, nil)
	f, _ := c.Join(key, time.Now())
	g, _ := c.Join(other, time.Now())
	h, _ := c.Join(foreign, time.Now())
	c.Forget("a", someURL)
	if c.Current(f) || !c.Current(g) || !c.Current(h) {
		t.Errorf("current: %v %v %v", c.Current(f), c.Current(g), c.Current(h))
	}
	fresh, leads := c.Join(key, time.Now())
	if !leads || fresh == f {
		t.Fatal("a call after the change waits for a response from before it")
	}
	c.End(key, f, false, false)
	if same, leads := c.Join(key, time.Now()); same != fresh || leads {
		t.Error("the end of an outdated flight ended the new one")
	}
	select {
	case <-f.Done:
	default:
		t.Error("calls still wait for the outdated flight")
	}
}

func TestABodyIsCopiedWhileItIsRead(t *testing.T) {
	t.Parallel()
	broken := errors.New("connection reset by peer")
	text := strings.Repeat("0123456789", 5000)
	for _, tt := range []struct {
		name     string
		from     io.Reader
		max      int64
		want     string
		err      error
		complete bool
	}{
		{"nothing", strings.NewReader(""), 10, "", nil, true},
		{"a text", strings.NewReader(text), plenty, text, nil, true},
		{"as long as can be stored", strings.NewReader(text), int64(len(text)), text, nil, true},
		{"a byte too long", strings.NewReader(text), int64(len(text)) - 1, text, nil, false},
		{"much too long", strings.NewReader(text), 1, text, nil, false},
		{"nothing can be stored", strings.NewReader(text), 0, text, nil, false},
		{"byte by byte", iotest.OneByteReader(strings.NewReader(text[:500])), plenty, text[:500], nil, true},
		{"the end with the last bytes", iotest.DataErrReader(strings.NewReader(text)), int64(len(text)), text, nil, true},
		{"broken", io.MultiReader(strings.NewReader("half"), iotest.ErrReader(broken)), plenty, "half", broken, false},
		{"broken beyond what can be stored", io.MultiReader(strings.NewReader("half"), iotest.ErrReader(broken)), 2, "half", broken, false},
	} {
		calls := 0
		var stored string
		var complete bool
		tee := NewTee(tt.from, tt.max, func(body []byte, whole bool) { calls, stored, complete = calls+1, string(body), whole })
		var running sync.WaitGroup
		running.Go(tee.Run)
		got, err := io.ReadAll(tee)
		running.Wait()
		if string(got) != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("%s: %d bytes were read, %v", tt.name, len(got), err)
		}
		if calls != 1 || complete != tt.complete || complete && stored != tt.want {
			t.Errorf("%s: %d bytes are stored, complete %v, in %d calls", tt.name, len(stored), complete, calls)
		}
	}
}

// Other calls wait for the copy; a function that reads slowly, or not at all, must not hold them up.
func TestTheCopyDoesNotWaitForTheReader(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("x", 100<<10)
	var stored int
	tee := NewTee(strings.NewReader(text), plenty, func(body []byte, _ bool) { stored = len(body) })
	tee.Run() // with no reader it ends too
	if stored != len(text) {
		t.Errorf("%d bytes are stored", stored)
	}
	if got, err := io.ReadAll(tee); err != nil || string(got) != text {
		t.Errorf("%d bytes are read, %v", len(got), err)
	}
}

func TestTheCacheIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	var c Cache
	var all sync.WaitGroup
	e := &rules.Entry{CacheTTL: 60}
	for worker := range 8 {
		all.Go(func() {
			app := fmt.Sprint(worker % 2)
			for i := range 200 {
				url := fmt.Sprint(someURL, i%5)
				s := item(url, "body", fmt.Sprintf("X: %d", i%3))
				c.Put(app, s, 6, plenty)
				if got := c.Get(app, url, lines(fmt.Sprintf("X: %d", i%3)), false); got != nil && (got.url != url || !got.Usable(began, e)) {
					t.Errorf("%s has the response of %s", url, got.url)
				}
				switch i % 20 {
				case 7:
					c.Forget(app, url)
				case 13:
					c.Clear(app)
				}
				if s := c.Stats(); s.Items < 0 || s.Items > 12 || (s.Items == 0) != (s.Bytes == 0) {
					t.Errorf("%+v", s)
				}
			}
		})
	}
	all.Wait()
}

package transport

import "testing"

func connOf(key Key) (*conn, *server) {
	w, s := wireFrom(false, []byte("x"))
	return &conn{key: key, wire: w}, s
}

func TestAConnectionIsReusedOnlyUnderItsKey(t *testing.T) {
	var p pool
	t.Cleanup(p.close)
	key := Key{Version: 1, App: "app_1", Entry: "e", Scheme: "https", Host: "example.com", Port: 443, MaxHeader: 1}
	first, _ := connOf(key)
	second, _ := connOf(key)
	if !p.put(first) || !p.put(second) {
		t.Fatal("not kept")
	}
	for _, change := range []func(*Key){
		func(k *Key) { k.Version = 2 }, func(k *Key) { k.App = "app_2" }, func(k *Key) { k.Entry = "f" }, func(k *Key) { k.Scheme = "http" },
		func(k *Key) { k.Host = "example.org" }, func(k *Key) { k.Port = 444 }, func(k *Key) { k.MaxHeader = 2 },
	} {
		other := key
		if change(&other); p.take(other) != nil {
			t.Errorf("taken for %+v", other)
		}
	}
	if p.take(key) != second || p.take(key) != first || p.take(key) != nil {
		t.Error("the most recently used one is not first")
	}
}

func TestAConnectionThatDiedWhileIdleIsNotTaken(t *testing.T) {
	var p pool
	c, s := connOf(Key{})
	p.put(c)
	_, _ = readAll(c.wire, 1)
	if p.take(Key{}) != nil || !s.closed || len(p.list) != 0 {
		t.Error("it was taken, or is still there")
	}
	if p.put(c) {
		t.Error("it was kept")
	}
}

func TestANewVersionClosesTheConnectionsOfOlderOnes(t *testing.T) {
	var p pool
	old, closed := connOf(Key{Version: 1})
	used, _ := connOf(Key{Version: 1})
	current, open := connOf(Key{Version: 2})
	if !p.advance(1) || p.advance(1) || !p.put(old) || !p.put(current) {
		t.Fatal("version 1 is not new, or new twice")
	}
	if !p.advance(2) || !closed.closed || open.closed || len(p.list) != 1 {
		t.Errorf("closed %v and %v, %d are left", closed.closed, open.closed, len(p.list))
	}
	if p.advance(1) || p.put(used) {
		t.Error("an older version is accepted")
	}
	p.close()
	last, _ := connOf(Key{Version: 2})
	if !open.closed || p.put(last) {
		t.Error("a closed pool keeps connections")
	}
}

func TestIdleConnectionsAreLimited(t *testing.T) {
	var p pool
	t.Cleanup(p.close)
	var first *server
	for i := range maxIdlePerEntry + 1 {
		c, s := connOf(Key{App: "a"})
		if p.put(c); i == 0 {
			first = s
		}
	}
	if len(p.list) != maxIdlePerEntry || !first.closed {
		t.Errorf("%d of one entry, the oldest is closed: %v", len(p.list), first.closed)
	}
	for i := range maxIdle {
		c, _ := connOf(Key{App: "b", Port: i, Entry: string(rune('a' + i/maxIdlePerEntry))})
		p.put(c)
	}
	if len(p.list) != maxIdle || p.list[0].key.App != "b" {
		t.Errorf("%d in all, the oldest is of %s", len(p.list), p.list[0].key.App)
	}
}

package main

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"testing"

	"fazt/internal/api/op"
	"fazt/internal/client"
	"fazt/internal/database"
	"fazt/internal/fazttest"
)

// change is one kind of acknowledged write besides deploys and values of functions: how the nth is made, and the query
// that must return a row for it until a later one of its kind replaces it.
type change struct {
	kind string
	make func(ctx context.Context, c *client.Client, n int) error
	find string // takes n as text
	last bool   // each replaces the previous one
}

// call makes a change from an operation.
func call[Req, Res any](o op.Op[Req, Res], req func(n int) Req) func(context.Context, *client.Client, int) error {
	return func(ctx context.Context, c *client.Client, n int) error {
		_, err := client.Call(ctx, c, o, req(n))
		return err
	}
}

func changes() []change {
	return []change{
		{"env", call(op.EnvSet, func(n int) op.EnvValues {
			return op.EnvValues{App: "app", Values: map[string]string{"N": fmt.Sprint(n)}}
		}), "SELECT 1 FROM env WHERE name = 'N' AND value = ?", true},
		{"alias", call(op.AliasSet, func(n int) op.AliasTarget {
			return op.AliasTarget{Alias: fmt.Sprintf("alias%d", n), Redirect: "https://example.com/"}
		}), "SELECT 1 FROM aliases WHERE name = 'alias' || ?", false},
		{"alias removed", func(ctx context.Context, c *client.Client, n int) error {
			if _, err := client.Call(ctx, c, op.AliasSet, op.AliasTarget{Alias: fmt.Sprintf("gone%d", n), Reserve: true}); err != nil {
				return err
			}
			_, err := client.Call(ctx, c, op.AliasRemove, op.AliasDrop{Alias: fmt.Sprintf("gone%d", n)})
			return err
		}, "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM aliases WHERE name = 'gone' || ?)", false},
		{"domain", call(op.DomainAdd, func(n int) op.DomainTarget {
			return op.DomainTarget{Host: fmt.Sprintf("host%d.example.org", n), App: "app"}
		}), "SELECT 1 FROM domains WHERE host = 'host' || ? || '.example.org'", false},
		{"key", call(op.KeyCreate, func(n int) op.KeyNew {
			return op.KeyNew{Name: fmt.Sprintf("key%d", n), Scopes: []string{"read"}}
		}), "SELECT 1 FROM keys WHERE name = 'key' || ?", false},
		{"limit", call(op.LimitsSet, func(n int) op.LimitsChange {
			return op.LimitsChange{Values: map[string]json.RawMessage{"storage.max_key": json.RawMessage(fmt.Sprint(100 + n))}}
		}), "SELECT 1 FROM limits WHERE path = 'storage.max_key' AND value = CAST(100 + ? AS TEXT)", true},
		{"setting", call(op.SettingsSet, func(n int) op.SettingsChange {
			return op.SettingsChange{Values: map[string]json.RawMessage{"log_retention": json.RawMessage(fmt.Sprint(1 + n%3000))}}
		}), "SELECT 1 FROM settings WHERE name = 'log_retention' AND value = CAST(1 + ? % 3000 AS TEXT)", true},
		{"net entry", call(op.NetAllow, func(n int) op.NetGrant {
			return op.NetGrant{Domain: fmt.Sprintf("api%d.example.com", n)}
		}), "SELECT 1 FROM net_entries WHERE domain = 'api' || ? || '.example.com'", false},
		{"secret", call(op.SecretSet, func(n int) op.SecretGrant {
			return op.SecretGrant{Secret: fmt.Sprintf("SECRET%d", n), Value: "value-that-is-kept", Domain: "api.example.com"}
		}), "SELECT 1 FROM net_secrets WHERE name = 'SECRET' || ?", false},
		{"fork", call(op.AppFork, func(n int) op.Fork { return op.Fork{App: "app", Name: fmt.Sprintf("fork%d", n)} }),
			"SELECT 1 FROM apps JOIN live ON live.app_id = apps.id WHERE name = 'fork' || ?", false},
		{"rename", func(ctx context.Context, c *client.Client, n int) error {
			if _, err := client.Call(ctx, c, op.AppFork, op.Fork{App: "app", Name: fmt.Sprintf("old%d", n)}); err != nil {
				return err
			}
			_, err := client.Call(ctx, c, op.AppRename, op.AppNewName{App: fmt.Sprintf("old%d", n), Name: fmt.Sprintf("new%d", n)})
			return err
		}, "SELECT 1 FROM apps WHERE name = 'new' || ?", false},
		{"app removed", func(ctx context.Context, c *client.Client, n int) error {
			if _, err := client.Call(ctx, c, op.AppFork, op.Fork{App: "app", Name: fmt.Sprintf("rm%d", n), WithData: true}); err != nil {
				return err
			}
			_, err := client.Call(ctx, c, op.AppRemove, op.AppRef{App: fmt.Sprintf("rm%d", n)})
			return err
		}, "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM apps WHERE name = 'rm' || ?)", false},
		{"part of an upload", sendPart,
			"SELECT 1 FROM uploads u JOIN upload_files f ON f.upload_id = u.id JOIN blobs b ON b.hash = f.hash WHERE u.announced AND f.path = 'part' || ? || '.txt'", false},
	}
}

// sendPart starts an upload of two files and sends one of them.
func sendPart(ctx context.Context, c *client.Client, n int) error {
	part := fmt.Sprintf("part%d.txt", n)
	f := fazttest.Folder{part: []byte("this is " + part), "rest.txt": []byte("the rest of " + part)}
	u, err := client.Call(ctx, c, op.UploadBegin, op.UploadPlan{App: "parts", Plan: f.Plan()})
	if err != nil {
		return err
	}
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	name := fmt.Sprintf("%x", sha256.Sum256(f[part]))
	if err := w.WriteHeader(&tar.Header{Name: name, Size: int64(len(f[part])), Mode: 0o600, Typeflag: tar.TypeReg}); err != nil {
		return err
	}
	if _, err := w.Write(f[part]); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	got, err := client.Call(ctx, c, op.UploadSend, op.UploadContent{Upload: u.ID, Body: bytes.NewReader(stored(b.Bytes()))})
	if err == nil && got.Missing != 1 {
		err = fmt.Errorf("%d files are missing, want 1", got.Missing)
	}
	return err
}

// stored returns data as a zstd frame of one uncompressed block (RFC 8878, 3.1.1).
func stored(data []byte) []byte {
	block := len(data)<<3 | 1
	return append([]byte{0x28, 0xb5, 0x2f, 0xfd, 0, 0x58, byte(block), byte(block >> 8), byte(block >> 16)}, data...)
}

// changed is what was acknowledged, and what was in progress when the server was killed.
type changed struct {
	next   int
	acked  map[string][]int // by kind, in order
	trying map[string]int
	counts map[string]int
}

// change makes one change of each kind in turn until the server is killed.
func (c *crash) change(ctx context.Context) {
	if c.deploys.Load() == 0 {
		return
	}
	cl, err := c.client(ctx)
	if err != nil {
		return
	}
	defer cl.Close()
	s := &c.changed
	if s.acked == nil {
		s.acked, s.trying, s.counts = map[string][]int{}, map[string]int{}, map[string]int{}
	}
	all := changes()
	for ctx.Err() == nil {
		k := all[s.next%len(all)]
		s.next++
		s.trying[k.kind] = s.next
		if err := k.make(ctx, cl, s.next); err != nil {
			continue // the server is gone, or the previous kill left half of two steps
		}
		s.acked[k.kind] = append(s.acked[k.kind], s.next)
		s.counts[k.kind]++
		c.acks.Add(1)
		delete(s.trying, k.kind)
	}
}

// verify looks for every acknowledged change in the file.
func (s *changed) verify(t *testing.T, db *database.DB) {
	t.Helper()
	for _, k := range changes() {
		list := s.acked[k.kind]
		_, open := s.trying[k.kind]
		if k.last && len(list) > 0 {
			if open { // one that was not acknowledged may have replaced it
				continue
			}
			list = list[len(list)-1:]
		}
		err := db.Read(t.Context(), func(q *database.Conn) error {
			for _, n := range list {
				found, err := q.First(k.find, func(*database.Row) {}, fmt.Sprint(n))
				if err != nil {
					return err
				}
				if !found {
					t.Errorf("the acknowledged %s %d is lost", k.kind, n)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(k.kind, ": ", err)
		}
	}
}

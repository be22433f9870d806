package activity

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"fazt/internal/database"
)

// LogConfig is what the activity log works with.
type LogConfig struct {
	DB   *database.DB
	Keep func() int           // entries kept
	Age  func() time.Duration // how long they are kept; 0 = for ever
	Log  *slog.Logger
}

// Log is the activity log.
type Log struct {
	sink[Entry]
	retention retention
	bundles   bundles // guarded by mu
	lost      uint64  // entries that found no room and were not told of yet; guarded by mu
	dropped   uint64  // all of them; guarded by mu
}

// OpenLog is the activity log stored in a database.
func OpenLog(ctx context.Context, c LogConfig) (*Log, error) {
	l := &Log{bundles: newBundles(), retention: retention{
		count:  "SELECT count(*) FROM activity WHERE ? = ''",
		excess: "DELETE FROM activity WHERE id IN (SELECT id FROM activity WHERE ? = '' ORDER BY weight, id LIMIT ?)",
		aged:   "DELETE FROM activity WHERE id IN (SELECT id FROM activity WHERE id < ? ORDER BY id LIMIT ?) RETURNING ''",
		keep:   func(string) int { return c.Keep() }, age: c.Age,
	}}
	l.sink = sink[Entry]{db: c.DB, log: c.Log, what: "activity entries", tick: l.tell, store: l.insert, idle: l.retention.idle}
	l.retention.begin()
	last, err := newest(ctx, c.DB, "SELECT max(id) FROM activity")
	l.begin(last)
	return l, err
}

// Record takes an entry and returns at once.
func (l *Log) Record(e Entry) {
	e.bound()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.take(e)
}

// RecordBundled is Record for what strangers or a broken function can make happen without end: of the entries with the
// same class and key it takes the first, the tenth, the hundredth and so on within a while, and each says in details.count how
// many it stands for.
func (l *Log) RecordBundled(class, key string, e Entry) {
	e.bound()
	l.mu.Lock()
	defer l.mu.Unlock()
	if bundle, due := l.bundles.add(class, key, e, time.Now()); due {
		l.take(bundle)
	}
}

// take numbers an entry and puts it into the buffer. The lock is held.
func (l *Log) take(e Entry) {
	e.ID = l.number()
	e.Time = timeOf(e.ID)
	if !l.offer(e) {
		l.lost++
		l.dropped++
	}
}

// Close records what is held back and stores what is waiting. It comes after everything that records.
func (l *Log) Close(ctx context.Context) error {
	l.mu.Lock()
	for _, e := range l.bundles.end(time.Now().Add(2 * bundleFor)) {
		l.take(e)
	}
	l.mu.Unlock()
	return l.Flush(ctx)
}

// Dropped is how many entries were not stored because they came faster than the disk takes them.
func (l *Log) Dropped() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.dropped
}

// tell records what was held back: bundles that are over, and how many entries found no room.
func (l *Log) tell() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range l.bundles.end(time.Now()) {
		l.take(e)
	}
	if n := l.lost; n > 0 && len(l.buffer) < l.room() {
		l.lost = 0
		l.take(dropEntry(n))
	}
}

func dropEntry(n uint64) Entry {
	return Entry{Weight: Security, Action: "log.drop", Result: Failed, Actor: Actor{Kind: ItSelf}, ResourceType: "log",
		Details: Details(map[string]any{"count": n})}
}

// insert stores entries and removes those that are too many or too old.
func (l *Log) insert(tx *database.Tx, entries []Entry) (err error) {
	defer func() {
		if err != nil {
			l.retention.forget()
		}
	}()
	for i := range entries {
		e := &entries[i]
		err := tx.Exec(`INSERT INTO activity (id, weight, action, result, code, actor, actor_id, actor_name, address, agent, resource_type, resource, app_id, details)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, e.ID, int(e.Weight), e.Action, string(e.Result), e.Code,
			e.Actor.Kind, e.Actor.ID, e.Actor.Name, e.Actor.Address, e.Actor.Agent, e.ResourceType, e.Resource, e.AppID, string(e.Details))
		if err != nil {
			return fmt.Errorf("entry %s: %w", e.Action, err)
		}
	}
	if len(entries) > 0 {
		if err := l.retention.added(tx, "", len(entries)); err != nil {
			return err
		}
	}
	return l.retention.prune(tx)
}

// Started records that the server began, and an upgrade when another version ran before.
func (l *Log) Started(ctx context.Context, version string, facts map[string]any) error {
	before := ""
	err := l.db.Write(ctx, func(tx *database.Tx) error {
		if _, err := tx.First("SELECT version FROM last_version", func(r *database.Row) { before = r.Text(0) }); err != nil || before == version {
			return err
		}
		return tx.Exec("INSERT INTO last_version (id, version) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET version = excluded.version", version)
	})
	if facts == nil {
		facts = map[string]any{}
	}
	facts["version"] = version
	l.Record(Entry{Weight: System, Action: "server.start", Result: OK, Actor: Actor{Kind: ItSelf}, ResourceType: "server", Details: Details(facts)})
	if before != "" && before != version {
		l.Record(Entry{Weight: Deployment, Action: "server.upgrade", Result: OK, Actor: Actor{Kind: ItSelf}, ResourceType: "server",
			Details: Details(map[string]any{"from": before, "to": version})})
	}
	return err
}

// Stopped records that the server ends.
func (l *Log) Stopped(version string) {
	l.Record(Entry{Weight: System, Action: "server.stopped", Result: OK, Actor: Actor{Kind: ItSelf}, ResourceType: "server",
		Details: Details(map[string]any{"version": version})})
}

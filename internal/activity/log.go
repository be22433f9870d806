package activity

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"fazt/internal/database"
	"fazt/internal/journal"
)

// LogConfig configures the activity log.
type LogConfig struct {
	DB   *database.DB
	Keep func() int           // entries kept
	Age  func() time.Duration // how long entries are kept; 0 = forever
	Log  *slog.Logger
}

// Log is the activity log.
type Log struct {
	*journal.Journal[Entry]
	db   *database.DB
	told uint64 // the dropped entries already reported; used only by tick

	mu      sync.Mutex
	bundles bundles
}

// OpenLog opens the activity log in a database.
func OpenLog(ctx context.Context, c LogConfig) (l *Log, err error) {
	l = &Log{db: c.DB, bundles: newBundles()}
	l.Journal, err = journal.Open(ctx, journal.Config[Entry]{
		DB: c.DB, Table: journal.Table{Name: "activity", Owner: "''", Order: "weight, id"}, What: "activity entries", Log: c.Log,
		Number: func(e *Entry, number int64) { e.ID, e.Time = number, timeOf(number) },
		Insert: insertEntry, Keep: func(string) int { return c.Keep() }, MaxAge: c.Age, Tick: l.tick,
	})
	return l, err
}

// Record records an entry and returns at once.
func (l *Log) Record(e Entry) {
	e.bound()
	l.Journal.Record(e)
}

// RecordBundled records an entry that strangers or a broken function can cause endlessly. Of the entries with the same
// class and key within a period, it records the first, the tenth, the hundredth and so on; details.count is the number
// of entries each of them stands for.
func (l *Log) RecordBundled(class, key string, e Entry) {
	e.bound()
	l.mu.Lock()
	defer l.mu.Unlock()
	if bundle, due := l.bundles.add(class, key, e, time.Now()); due {
		l.Journal.Record(bundle)
	}
}

// Close records pending bundles and stores waiting entries. Nothing may be recorded afterwards.
func (l *Log) Close(ctx context.Context) error {
	l.endBundles(time.Now().Add(2 * bundleFor))
	return l.Flush(ctx)
}

// tick records expired bundles and the number of dropped entries.
func (l *Log) tick() {
	l.endBundles(time.Now())
	if n := l.Dropped() - l.told; n > 0 && !l.Full() && l.Journal.Record(dropEntry(n)) {
		l.told += n
	}
}

func (l *Log) endBundles(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range l.bundles.end(now) {
		l.Journal.Record(e)
	}
}

func dropEntry(n uint64) Entry {
	return Entry{Weight: Security, Action: "log.drop", Result: Failed, Actor: Actor{Kind: ItSelf}, ResourceType: "log",
		Details: Details(map[string]any{"count": n})}
}

func insertEntry(tx *database.Tx, e Entry) error {
	err := tx.Exec(`INSERT INTO activity (id, weight, action, result, code, actor, actor_id, actor_name, address, agent, resource_type, resource, app_id, details)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, e.ID, int(e.Weight), e.Action, string(e.Result), e.Code,
		e.Actor.Kind, e.Actor.ID, e.Actor.Name, e.Actor.Address, e.Actor.Agent, e.ResourceType, e.Resource, e.AppID, string(e.Details))
	if err != nil {
		return fmt.Errorf("entry %s: %w", e.Action, err)
	}
	return nil
}

// Started records that the server started, and an upgrade if another version ran before.
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

// Stopped records that the server stops.
func (l *Log) Stopped(version string) {
	l.Record(Entry{Weight: System, Action: "server.stopped", Result: OK, Actor: Actor{Kind: ItSelf}, ResourceType: "server",
		Details: Details(map[string]any{"version": version})})
}

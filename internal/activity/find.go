package activity

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"fazt/internal/database"
	"fazt/internal/journal"
)

// Filter selects entries. The zero value selects all.
type Filter struct {
	MinWeight, MaxWeight *Weight
	Action               string // the full name, or a noun: app matches app.remove and so on
	Type                 string // of the resource
	Resource             string
	AppID                string
	User                 string // ID or name of the actor
	Actor                string // kind of the actor
	Result               Result
	Since, Until         time.Time // from, and before; zero = unbounded
	Before, After        int64     // only IDs below and above; 0 = unbounded
}

func (f Filter) weights() (low, high Weight) {
	low, high = 0, MostWeight
	if f.MinWeight != nil {
		low = *f.MinWeight
	}
	if f.MaxWeight != nil {
		high = min(high, *f.MaxWeight)
	}
	return low, high
}

// ids returns the range of IDs that can match: times are part of them.
func (f Filter) ids() (above, below int64) {
	above, below = f.After, int64(1)<<62
	if f.Before > 0 {
		below = f.Before
	}
	if !f.Since.IsZero() {
		above = max(above, f.Since.UnixMicro()-1)
	}
	if !f.Until.IsZero() {
		below = min(below, f.Until.UnixMicro())
	}
	return above, below
}

// matches does what the statements below do, for entries not stored yet.
func (f Filter) matches(e Entry) bool {
	low, high := f.weights()
	above, below := f.ids()
	is := func(want, have string) bool { return want == "" || want == have }
	return e.ID > above && e.ID < below && e.Weight >= low && e.Weight <= high && is(f.Type, e.ResourceType) && is(f.Resource, e.Resource) &&
		is(f.AppID, e.AppID) && is(f.Actor, e.Actor.Kind) && is(string(f.Result), string(e.Result)) &&
		(f.Action == "" || f.Action == e.Action || strings.HasPrefix(e.Action, f.Action+".")) &&
		(f.User == "" || f.User == e.Actor.ID || f.User == e.Actor.Name)
}

const columns = "id, weight, action, result, code, actor, actor_id, actor_name, address, agent, resource_type, resource, app_id, details"

func scanEntry(r *database.Row) Entry {
	e := Entry{ID: r.Int64(0), Time: timeOf(r.Int64(0)), Weight: Weight(r.Int(1)), Action: r.Text(2), Result: Result(r.Text(3)), Code: r.Text(4),
		Actor:        Actor{Kind: r.Text(5), ID: r.Text(6), Name: r.Text(7), Address: r.Text(8), Agent: r.Text(9)},
		ResourceType: r.Text(10), Resource: r.Text(11), AppID: r.Text(12)}
	if text := r.Text(13); text != "" {
		e.Details = json.RawMessage(text)
	}
	return e
}

// rest are the conditions that every statement checks, whichever index it uses. Adding 0 or ” to a column keeps SQLite
// from using another index.
const rest = ` AND id > ?2 AND id < ?3 AND weight + 0 >= ?4 AND weight + 0 <= ?5
	AND (?6 = '' OR action || '' = ?6 OR substr(action, 1, length(?6) + 1) = ?6 || '.')
	AND (?7 = '' OR resource_type || '' = ?7) AND (?8 = '' OR resource || '' = ?8) AND (?9 = '' OR app_id || '' = ?9)
	AND (?10 = '' OR actor_id || '' = ?10 OR actor_name || '' = ?10) AND (?11 = '' OR actor || '' = ?11) AND (?12 = '' OR result || '' = ?12)`

// walk is a way to find entries: an index and the value to look up in it. It returns them newest first.
type walk struct {
	where string // with ?1
	value any
}

// walks returns the ways to all matching entries: the filter estimated to leave the fewest entries, or several walks
// that together cover them.
func (f Filter) walks() []walk {
	switch {
	case f.Resource != "":
		return []walk{{"resource = ?1 AND resource <> ''", f.Resource}}
	case f.User != "":
		return []walk{{"actor_id = ?1 AND actor_id <> ''", f.User}, {"actor_name = ?1 AND actor_name <> '' AND actor_id <> actor_name", f.User}}
	case strings.Contains(f.Action, "."):
		return []walk{{"action = ?1", f.Action}}
	case f.AppID != "":
		return []walk{{"app_id = ?1 AND app_id <> ''", f.AppID}}
	case f.Result != "" && f.Result != OK:
		return []walk{{"result = ?1 AND result <> 'ok'", string(f.Result)}}
	case f.Type != "":
		return []walk{{"resource_type = ?1", f.Type}}
	case f.Actor != "":
		return []walk{{"actor = ?1", f.Actor}}
	}
	low, high := f.weights()
	if low == 0 && high == MostWeight {
		return []walk{{"?1 = 0", 0}}
	}
	var list []walk
	for w := low; w <= high; w++ {
		list = append(list, walk{"weight = ?1", int(w)})
	}
	return list
}

// each calls fn with the newest matching entries of a walk, newest first.
func (f Filter) each(c *database.Conn, w walk, limit int, fn func(Entry)) error {
	low, high := f.weights()
	above, below := f.ids()
	return c.Each("SELECT "+columns+" FROM activity WHERE "+w.where+rest+" ORDER BY id DESC LIMIT ?13", func(r *database.Row) error {
		fn(scanEntry(r))
		return nil
	}, w.value, above, below, int(low), int(high), f.Action, f.Type, f.Resource, f.AppID, f.User, f.Actor, string(f.Result), limit)
}

// newest returns the newest stored matching entries, newest first.
func (l *Log) newest(ctx context.Context, f Filter, limit int) (list []Entry, err error) {
	list = []Entry{}
	err = l.db.Read(ctx, func(c *database.Conn) error {
		for _, w := range f.walks() {
			if err := f.each(c, w, limit, func(e Entry) { list = append(list, e) }); err != nil {
				return err
			}
		}
		return nil
	})
	slices.SortFunc(list, func(a, b Entry) int { return int(b.ID - a.ID) })
	return list[:min(limit, len(list))], err
}

// List returns a page of the matching entries, newest first; next is the Before of the following page, 0 on the last.
func (l *Log) List(ctx context.Context, f Filter, limit int) (page []Entry, next int64, err error) {
	if err := l.Settle(ctx); err != nil {
		return nil, 0, err
	}
	page, err = l.newest(ctx, f, limit+1)
	if len(page) > limit {
		page = page[:limit]
		next = page[limit-1].ID
	}
	return page, next, err
}

// Tail returns the newest matching entries, oldest first, and a follower that receives exactly those recorded
// afterwards. The follower must be stopped.
func (l *Log) Tail(ctx context.Context, f Filter, limit int) ([]Entry, *journal.Follower[Entry], error) {
	list, follower, err := l.Journal.Tail(f.matches, func() ([]Entry, error) {
		list, err := l.newest(ctx, f, limit)
		slices.Reverse(list)
		return list, err
	})
	return list[max(0, len(list)-limit):], follower, err
}

// Stats summarizes the log.
type Stats struct {
	Entries int            `json:"entries"`
	Weights []WeightCount  `json:"weights"`
	Results map[Result]int `json:"results"`
	Oldest  *time.Time     `json:"oldest"` // null = no entries
	Newest  *time.Time     `json:"newest"`
	Bytes   int64          `json:"bytes"`   // approximate size in the database
	Dropped uint64         `json:"dropped"` // since the server started, for lack of room
}

// WeightCount is the number of entries with a weight.
type WeightCount struct {
	Weight  Weight `json:"weight"`
	Name    string `json:"name"`
	Entries int    `json:"entries"`
}

// aboutBytes is the size of an entry in the database including indexes, measured on the entries of a running instance.
const aboutBytes = 420

// Stats counts the matching entries.
func (l *Log) Stats(ctx context.Context, f Filter) (s Stats, err error) {
	if err := l.Settle(ctx); err != nil {
		return s, err
	}
	s = Stats{Weights: []WeightCount{}, Results: map[Result]int{}, Dropped: l.Dropped()}
	counts := map[Weight]int{}
	var first, last int64
	low, high := f.weights()
	above, below := f.ids()
	err = l.db.Read(ctx, func(c *database.Conn) error {
		for _, w := range f.walks() {
			err := c.Each("SELECT weight, result, count(*), min(id), max(id) FROM activity WHERE "+w.where+rest+" GROUP BY weight, result", func(r *database.Row) error {
				n := r.Int(2)
				s.Entries += n
				counts[Weight(r.Int(0))] += n
				s.Results[Result(r.Text(1))] += n
				if first == 0 || r.Int64(3) < first {
					first = r.Int64(3)
				}
				last = max(last, r.Int64(4))
				return nil
			}, w.value, above, below, int(low), int(high), f.Action, f.Type, f.Resource, f.AppID, f.User, f.Actor, string(f.Result))
			if err != nil {
				return err
			}
		}
		return nil
	})
	for w := int(MostWeight); w >= 0; w-- {
		if n := counts[Weight(w)]; n > 0 {
			s.Weights = append(s.Weights, WeightCount{Weight(w), Weight(w).String(), n})
		}
	}
	if s.Entries > 0 {
		oldest, newest := timeOf(first), timeOf(last)
		s.Oldest, s.Newest = &oldest, &newest
	}
	s.Bytes = int64(s.Entries) * aboutBytes
	return s, err
}

const removePage = 5000 // entries read at once by Remove

// Remove removes the matching entries and returns their number. Entries recorded after it started stay.
func (l *Log) Remove(ctx context.Context, f Filter) (removed int, err error) {
	if now := time.Now(); f.Until.IsZero() || f.Until.After(now) {
		f.Until = now
	}
	for {
		list, next, err := l.List(ctx, f, removePage)
		if err != nil || len(list) == 0 {
			return removed, err
		}
		numbers := make([]int64, len(list))
		for i, e := range list {
			numbers[i] = e.ID
		}
		n, err := l.Journal.Remove(ctx, numbers)
		removed += n
		if err != nil || next == 0 {
			return removed, err
		}
		f.Before = next
	}
}

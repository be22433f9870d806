package activity

import (
	"encoding/json"
	"time"
)

const (
	bundleFor  = 10 * time.Minute // how long entries with one key are counted together
	bundleMost = 256              // keys per class at once; entries with further keys are counted together
)

// bundles counts repeated entries so that nothing can flood the log: within the period there are at most a few entries
// per key, and a limited number of keys.
type bundles struct {
	by  map[bundleKey]*bundle
	all map[string]int // number of keys per class
}

// bundleKey is what entries are counted by: callers in one class take no room from those in another.
type bundleKey struct{ class, key string }

// bundle is the entries counted under one key.
type bundle struct {
	entry  Entry // the newest
	ends   time.Time
	all    int // since the bundle began
	untold int // since the last recorded entry
	next   int // the count at which the next entry is due
}

func newBundles() bundles { return bundles{map[bundleKey]*bundle{}, map[string]int{}} }

// add counts an entry; due reports whether to record one now, which stands for all unrecorded ones.
func (b bundles) add(class, key string, e Entry, now time.Time) (told Entry, due bool) {
	name := bundleKey{class, key}
	one := b.by[name]
	if one == nil && b.all[class] >= bundleMost {
		name.key = "" // clients with thousands of addresses share one bundle
		one = b.by[name]
	}
	if one == nil {
		one = &bundle{ends: now.Add(bundleFor), next: 1}
		b.by[name] = one
		b.all[class]++
	}
	one.entry = e
	one.all++
	one.untold++
	if one.all < one.next {
		return told, false
	}
	one.next *= 10
	return one.tell(), true
}

// end closes expired bundles and returns entries for what they have not reported.
func (b bundles) end(now time.Time) (told []Entry) {
	for name, one := range b.by {
		if now.Before(one.ends) {
			continue
		}
		delete(b.by, name)
		if b.all[name.class]--; b.all[name.class] == 0 {
			delete(b.all, name.class)
		}
		if one.untold > 0 {
			told = append(told, one.tell())
		}
	}
	return told
}

// tell returns the entry for what was not reported.
func (o *bundle) tell() Entry {
	e := o.entry
	if o.untold > 1 {
		facts := map[string]any{}
		_ = json.Unmarshal(e.Details, &facts) // an object, or nothing
		facts["count"] = o.untold
		e.Details = Details(facts)
	}
	o.untold = 0
	return e
}

package activity

import (
	"encoding/json"
	"time"
)

const (
	bundleFor  = 10 * time.Minute // how long entries of one key are counted together
	bundleMost = 256              // keys of one class at once; what comes under further ones is counted together
)

// bundles counts entries that come again and again, so that nobody can fill the log: at most a handful of entries for a
// key, and at most so many keys, in a while.
type bundles struct {
	by  map[bundleKey]*bundle
	all map[string]int // keys of a class
}

// bundleKey is under what an entry is counted: strangers of one class take no room from those of another.
type bundleKey struct{ class, key string }

// bundle is what came under one key.
type bundle struct {
	entry  Entry // the newest
	ends   time.Time
	all    int // since it began
	untold int // of them, since the last entry
	next   int // at how many the next entry is due
}

func newBundles() bundles { return bundles{map[bundleKey]*bundle{}, map[string]int{}} }

// add counts an entry; due says that one is to be recorded now, which stands for all that were not yet.
func (b bundles) add(class, key string, e Entry, now time.Time) (told Entry, due bool) {
	name := bundleKey{class, key}
	one := b.by[name]
	if one == nil && b.all[class] >= bundleMost {
		name.key = "" // whoever has thousands of addresses shares one bundle
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

// end closes the bundles that are over, and gives what they have not told of.
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

// tell is the entry for what was not told of.
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

package gateway

import (
	"iter"
	"maps"
)

// shardCount is the number of shards of a target map: a change copies only the shards it touches.
const shardCount = 256

// targets is an immutable map: with returns a changed one that shares the unchanged shards.
type targets [shardCount]map[string]*Target

func newTargets(all map[string]*Target) (m targets) {
	for name, t := range all {
		part := &m[shard(name)]
		if *part == nil {
			*part = map[string]*Target{}
		}
		(*part)[name] = t
	}
	return m
}

// shard is FNV-1a, inlined: it runs for every request and must not allocate.
func shard(name string) uint32 {
	h := uint32(2166136261)
	for i := range len(name) {
		h = (h ^ uint32(name[i])) * 16777619
	}
	return h % shardCount
}

func (m *targets) get(name string) *Target { return m[shard(name)][name] }

// with returns the map with other targets for some names; nil = removed.
func (m *targets) with(changes map[string]*Target) targets {
	next := *m
	copied := [shardCount]bool{}
	for name, t := range changes {
		n := shard(name)
		if !copied[n] {
			copied[n] = true
			if next[n] = maps.Clone(m[n]); next[n] == nil {
				next[n] = map[string]*Target{}
			}
		}
		if t == nil {
			delete(next[n], name)
		} else {
			next[n][name] = t
		}
	}
	return next
}

func (m *targets) all() iter.Seq2[string, *Target] {
	return func(yield func(string, *Target) bool) {
		for _, part := range m {
			for name, t := range part {
				if !yield(name, t) {
					return
				}
			}
		}
	}
}

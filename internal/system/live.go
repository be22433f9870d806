package system

import (
	"sync/atomic"

	"fazt/internal/schema"
)

// Version is the version of the product; the build sets it.
var Version = "dev"

// Defaults are the limits of an instance on which nobody changed anything.
func Defaults() Limits { return schema.Defaults[Limits]() }

// Live holds the limits in force. Readers take a snapshot when they need one and never keep it.
type Live struct{ p atomic.Pointer[Limits] }

// NewLive holds l until it is replaced.
func NewLive(l Limits) *Live {
	live := &Live{}
	live.Store(l)
	return live
}

// Load is the snapshot in force; it must not be changed.
func (l *Live) Load() *Limits { return l.p.Load() }

// Store puts new limits in force at once.
func (l *Live) Store(limits Limits) { l.p.Store(&limits) }

// Storage is the group in force.
func (l *Live) Storage() Storage { return l.Load().Storage }

// Runtime is the group in force.
func (l *Live) Runtime() Runtime { return l.Load().Runtime }

// HTTP is the group in force.
func (l *Live) HTTP() HTTP { return l.Load().HTTP }

package system

import (
	"net/netip"
	"sync/atomic"

	"fazt/internal/schema"
)

// Version is the version of the product; the build sets it.
var Version = "dev"

// Defaults returns the limits of an unchanged instance on this machine.
func Defaults() Limits { return DefaultsOn(Probe()) }

// DefaultsOn returns the limits of an unchanged instance on the given machine.
func DefaultsOn(h Hardware) Limits {
	l := schema.Defaults[Limits]()
	derive(&l, h)
	return l
}

// Live holds the limits in force. Readers take a snapshot when they need one and never keep it.
type Live struct{ p atomic.Pointer[inForce] }

type inForce struct {
	all  Limits
	apps map[string]*Limits // of apps that have limits of their own
}

// NewLive holds l until it is replaced.
func NewLive(l Limits) *Live {
	live := &Live{}
	live.Store(l, nil)
	return live
}

// Load returns the snapshot in force; it must not be changed.
func (l *Live) Load() *Limits { return &l.p.Load().all }

// App returns the snapshot in force for the app with the given id; it must not be changed.
func (l *Live) App(id string) *Limits {
	now := l.p.Load()
	if own, ok := now.apps[id]; ok {
		return own
	}
	return &now.all
}

// Store puts new limits in force at once; apps are those of apps that have limits of their own.
func (l *Live) Store(all Limits, apps map[string]*Limits) { l.p.Store(&inForce{all, apps}) }

// Storage returns the group in force.
func (l *Live) Storage() Storage { return l.Load().Storage }

// Runtime returns the group in force.
func (l *Live) Runtime() Runtime { return l.Load().Runtime }

// HTTP returns the group in force.
func (l *Live) HTTP() HTTP { return l.Load().HTTP }

// LiveSettings holds the settings in force. Those that take a restart are those of the start.
type LiveSettings struct {
	p atomic.Pointer[settingsInForce]
}

type settingsInForce struct {
	Settings
	proxies []netip.Prefix
}

// NewLiveSettings holds s until it is replaced.
func NewLiveSettings(s Settings) *LiveSettings {
	l := &LiveSettings{}
	l.store(s)
	return l
}

// Load returns the snapshot in force; it must not be changed.
func (l *LiveSettings) Load() *Settings { return &l.p.Load().Settings }

// TrustedProxies returns the setting of that name, ready to be compared with addresses; it must not be changed.
func (l *LiveSettings) TrustedProxies() []netip.Prefix { return l.p.Load().proxies }

func (l *LiveSettings) store(s Settings) {
	now := &settingsInForce{Settings: s}
	for _, text := range s.TrustedProxies {
		if p, err := parseProxy(text); err == nil { // checked when it was set
			now.proxies = append(now.proxies, p)
		}
	}
	l.p.Store(now)
}

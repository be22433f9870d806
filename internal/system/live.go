package system

import (
	"net/netip"
	"sync/atomic"

	"fazt/internal/schema"
)

// Version is the version of the product, set by the build.
var Version = "dev"

// Defaults returns the default limits on this machine.
func Defaults() Limits { return DefaultsOn(Probe()) }

// DefaultsOn returns the default limits on the given machine.
func DefaultsOn(h Hardware) Limits {
	l := schema.Defaults[Limits]()
	derive(&l, h)
	return l
}

// Live holds the current limits. Readers load a snapshot when they need one and do not keep it.
type Live struct{ p atomic.Pointer[inForce] }

type inForce struct {
	all  Limits
	apps map[string]*Limits // of apps with their own limits
}

// NewLive returns a Live that holds l.
func NewLive(l Limits) *Live {
	live := &Live{}
	live.Store(l, nil)
	return live
}

// Load returns the current snapshot; it must not be modified.
func (l *Live) Load() *Limits { return &l.p.Load().all }

// App returns the current snapshot for the app with the given ID; it must not be modified.
func (l *Live) App(id string) *Limits {
	now := l.p.Load()
	if own, ok := now.apps[id]; ok {
		return own
	}
	return &now.all
}

// Store replaces the limits; apps holds those of apps with their own limits.
func (l *Live) Store(all Limits, apps map[string]*Limits) { l.p.Store(&inForce{all, apps}) }

// Storage returns the current group.
func (l *Live) Storage() Storage { return l.Load().Storage }

// Runtime returns the current group.
func (l *Live) Runtime() Runtime { return l.Load().Runtime }

// HTTP returns the current group.
func (l *Live) HTTP() HTTP { return l.Load().HTTP }

// LiveSettings holds the current settings. Those that need a restart keep their values from startup.
type LiveSettings struct {
	p atomic.Pointer[settingsInForce]
}

type settingsInForce struct {
	Settings
	proxies []netip.Prefix
}

// NewLiveSettings returns a LiveSettings that holds s.
func NewLiveSettings(s Settings) *LiveSettings {
	l := &LiveSettings{}
	l.store(s)
	return l
}

// Load returns the current snapshot; it must not be modified.
func (l *LiveSettings) Load() *Settings { return &l.p.Load().Settings }

// TrustedProxies returns the parsed setting; it must not be modified.
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

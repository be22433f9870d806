package server

import (
	"context"
	"net/netip"
	"time"

	"fazt/internal/egress"
	"fazt/internal/egress/netlog"
	"fazt/internal/egress/rules"
	"fazt/internal/system"
)

// composeNet opens the rules for what functions may reach, and the log of their calls.
func (i *Instance) composeNet(ctx context.Context) (err error) {
	master := ""
	if i.config.Getenv != nil {
		master = i.config.Getenv(rules.MasterKeyVariable)
	}
	i.Net, err = rules.Open(ctx, rules.Config{DB: i.DB, KeyFile: rules.KeyFile(i.config.Database), MasterKey: master, Log: i.log})
	if err != nil {
		return err
	}
	i.NetLog, err = netlog.Open(ctx, netlog.Config{
		DB:         i.DB,
		MaxWaiting: func() int { return i.Limits.Net().LogBuffer },
		FlushEvery: func() time.Duration { return time.Duration(i.Limits.Net().LogFlush) * time.Millisecond },
		Keep:       func(app string) int { return i.Limits.App(app).Net.LogRows },
		MaxAge:     i.logAge, Log: i.log,
	})
	if err != nil {
		return err
	}
	i.Gate = egress.New(egress.Config{
		Policy: i.Net.Policy, Limits: func(app string) system.Net { return i.Limits.App(app).Net }, System: i.Limits.Net,
		Resolver: lookups(i.config.Lookup), Record: attempts{i}, Own: i.listening, Log: i.log,
	})
	return nil
}

// attempts writes attempted calls to the log, and notes which secrets were sent.
type attempts struct{ *Instance }

func (a attempts) Record(at netlog.Attempt) {
	if at.Secret != "" && at.WentOut() {
		a.Net.TouchSecret(at.AppID, at.Secret)
	}
	a.NetLog.Record(at)
}

// listening returns the addresses that the server listens on, without those that stand for the whole machine: the gate
// knows them itself.
func (i *Instance) listening() []netip.Addr {
	var list []netip.Addr
	if r := i.running.Load(); r != nil {
		for _, text := range r.listen {
			if at, err := netip.ParseAddrPort(text); err == nil && !at.Addr().IsUnspecified() {
				list = append(list, at.Addr())
			}
		}
	}
	return list
}

// lookups is a Resolver that uses the caller's lookup function.
type lookups func(ctx context.Context, host string) ([]netip.Addr, error)

func (l lookups) LookupNetIP(ctx context.Context, _, host string) ([]netip.Addr, error) {
	return l(ctx, host)
}

package api

import (
	"context"
	"errors"

	"fazt/internal/api/alias"
	"fazt/internal/api/app"
	"fazt/internal/api/backup"
	"fazt/internal/api/call"
	"fazt/internal/api/deployment"
	"fazt/internal/api/domain"
	"fazt/internal/api/env"
	"fazt/internal/api/key"
	"fazt/internal/api/limits"
	"fazt/internal/api/log"
	"fazt/internal/api/net"
	"fazt/internal/api/server"
	"fazt/internal/api/show"
	"fazt/internal/api/sql"
)

// nouns implement the operations, each with the few dependencies it needs.
type nouns struct {
	app        app.API
	alias      alias.API
	domain     domain.API
	deployment deployment.API
	file       deployment.Files
	upload     deployment.Uploads
	deploy     deployment.Archives
	env        env.API
	server     server.API
	database   backup.API
	system     server.System
	key        key.API
	caller     key.Caller
	sql        sql.API
	limits     limits.API
	settings   limits.Settings
	log        log.API
	net        net.API
	secret     net.Secrets
}

func newNouns(c Config, ending <-chan struct{}) *nouns {
	follows := call.Follows{Keys: c.Keys, Ending: ending}
	show := show.Apps{Net: c.Net, URL: c.URL, AppURL: c.AppURL}
	n := &nouns{
		app: app.API{
			DB: c.DB, Apps: c.Apps, Hosting: c.Hosting, KV: c.KV, Net: c.Net, AppLog: c.AppLog, Follows: follows,
			Show: show, Domain: c.Settings.Domain, URL: c.URL, Unblock: c.Resume,
		},
		alias:      alias.API{Apps: c.Apps, Domain: c.Settings.Domain, URL: c.URL},
		domain:     domain.API{Apps: c.Apps, Domain: c.Settings.Domain, HostURL: c.HostURL, Lookup: c.Lookup},
		deployment: deployment.API{Apps: c.Apps, Hosting: c.Hosting, Show: show},
		upload:     deployment.Uploads{DB: c.DB, Apps: c.Apps, Hosting: c.Hosting, Show: show, Log: c.Log, Compile: c.Compile},
		env:        env.API{Apps: c.Apps},
		server: server.API{
			DB: c.DB, Apps: c.Apps, Users: c.Users, System: c.System, Domain: c.Settings.Domain,
			Running: c.Status, End: c.Stop, HandOver: c.HandOver, Measure: c.Measure,
		},
		database: backup.API{DB: c.DB, Hosting: c.Hosting, Flush: c.flush, Log: c.Log},
		system:   server.System{DB: c.DB, Log: c.Log, Fill: c.Health, Counters: c.Metrics, Probe: c.Ready},
		key:      key.API{Keys: c.Keys, Apps: c.Apps},
		caller:   key.Caller{Apps: c.Apps},
		sql:      sql.API{DB: c.DB, Limits: c.Limits, Log: c.Log},
		limits:   limits.API{System: c.System, Limits: c.Limits, Apps: c.Apps},
		settings: limits.Settings{System: c.System},
		log:      log.API{Apps: c.Apps, Activity: c.Activity, Limits: c.Limits, Follows: follows},
		net:      net.API{Apps: c.Apps, Net: c.Net, Log: c.NetLog, Gate: c.NetGate, Limits: c.Limits, Follows: follows},
		secret:   net.Secrets{Apps: c.Apps, Net: c.Net},
	}
	n.file = deployment.Files{API: n.deployment}
	n.deploy = deployment.Archives{Uploads: n.upload}
	n.system.Server = &n.server
	return n
}

// flush stores the records that the logs still hold in memory.
func (c *Config) flush(ctx context.Context) error {
	return errors.Join(c.Activity.Flush(ctx), c.AppLog.Flush(ctx), c.NetLog.Flush(ctx))
}

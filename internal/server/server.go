// Package server is the composition root: it builds an instance from a Config, and starts and stops it in order.
package server

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"fazt/internal/activity"
	"fazt/internal/api"
	"fazt/internal/api/deployment"
	"fazt/internal/api/op"
	"fazt/internal/applog"
	"fazt/internal/apps"
	"fazt/internal/auth"
	"fazt/internal/bindings"
	"fazt/internal/content"
	"fazt/internal/database"
	"fazt/internal/egress"
	"fazt/internal/egress/netlog"
	"fazt/internal/egress/rules"
	"fazt/internal/errs"
	"fazt/internal/gateway"
	"fazt/internal/hosting"
	"fazt/internal/hosting/static"
	"fazt/internal/idempotency"
	"fazt/internal/listener"
	"fazt/internal/runtime"
	"fazt/internal/runtime/compile"
	"fazt/internal/runtime/compiler"
	"fazt/internal/runtime/httpfn"
	"fazt/internal/storage"
	"fazt/internal/system"
)

// Config describes the instance to build. Zero values stand for what the database says, and otherwise the defaults.
type Config struct {
	Database string           // the database file
	Lock     *database.Lock   // of that file; nil = Open acquires it
	Listen   []string         // addresses; nil = the setting
	Domain   string           // "" = the setting
	Limits   *system.Limits   // used where nothing is stored; nil = the defaults
	Log      *slog.Logger     // nil = silent
	Replace  bool             // the caller replaces the process if Kept is not nil
	Handed   *listener.Handed // sockets of the previous process; nil = none
	Process  Process          // what the instance may change in its process; nil = nothing
	Dev      bool             // readable error pages, and pages that reload when a deployment goes live

	Front func(next http.Handler) http.Handler // stands before the front door; nil = nothing does

	Flags  map[string]string        // settings of the command line, by path; Listen and Domain are two of them
	Getenv func(name string) string // the environment, which may set settings; nil = none

	Lookup func(ctx context.Context, host string) ([]netip.Addr, error) // returns the addresses of a host; nil = from the name servers
}

// Process is what an instance may change in the process it runs in. Everything in the process shares it, so it belongs
// to the command: of several instances in one process at most one gets it.
type Process interface {
	// Serve keeps the process ready to serve until ctx ends.
	Serve(ctx context.Context) error
	// Collect sets by how many percent the heap may grow between two collections, and how many bytes Go may hold.
	Collect(percent int, limit int64)
}

// flags returns the settings that the caller gives, by path.
func (c Config) flags() map[string]string {
	flags := maps.Clone(c.Flags)
	if flags == nil {
		flags = map[string]string{}
	}
	if len(c.Listen) > 0 {
		flags["listen"] = strings.Join(c.Listen, ",")
	}
	if c.Domain != "" {
		flags["domain"] = c.Domain
	}
	return flags
}

// Instance is one Fazt: its database is open and its parts are connected, but nothing runs until Run.
type Instance struct {
	DB      *database.DB
	Apps    *apps.Store
	Hosting *hosting.Store
	KV      *storage.KV
	Users   *auth.Users
	Keys    *auth.Keys
	AppLog  *applog.Log
	Limits  *system.Live
	System  *system.Store
	Net     *rules.Store // where functions may connect, and with which secrets
	NetLog  *netlog.Log  // their outbound calls
	Gate    *egress.Gate // lets their calls out
	// Activity is the activity log. Callers of operations through API do not need it.
	Activity *activity.Log

	config         Config
	log            *slog.Logger
	lock           *database.Lock // nil when it is the caller's
	settings       system.Settings
	compiler       *compiler.Compiler
	governor       *governor
	engine         *runtime.Engine
	functionServer *httpfn.Server
	content        *content.Store
	static         *static.Server
	front          http.Handler
	api            *api.API
	reload         *gateway.Reloader // nil unless Dev
	traffic        traffic
	routes         atomic.Pointer[gateway.Routes]
	refresh        sync.Mutex             // held while routes are rebuilt
	address        atomic.Pointer[string] // the first TCP address, once it is open
	running        atomic.Pointer[run]
	visits         atomic.Uint64 // requests at the front door
	calibration    calibration
	visitors       visitors
	stops          chan runtime.Stop // stopped deployments, to be stored
	kept           *listener.Kept    // set when Run has returned to be replaced
}

// run is the state that exists only while the instance runs.
type run struct {
	ctx     context.Context // ends when the server begins to stop
	started time.Time
	listen  []string
	stop    context.CancelFunc

	handover atomic.Bool // it is stopping to be replaced
}

// Open builds the instance. It takes the lock of the database unless it was given, and so refuses to start a second
// server on one database.
func Open(ctx context.Context, c Config) (_ *Instance, err error) {
	if c.Database, err = database.Canonical(c.Database); err != nil {
		return nil, err
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Lookup == nil {
		c.Lookup = lookup
	}
	i := &Instance{config: c, log: c.Log, stops: make(chan runtime.Stop, 64)}
	if c.Lock == nil {
		lock, err := acquire(ctx, c.Database)
		if err != nil {
			return nil, err
		}
		i.lock = lock
	}
	if err := i.compose(ctx); err != nil {
		return nil, errors.Join(err, i.Close())
	}
	return i, nil
}

// startWait is how long a starting server waits for a command that is working on the database.
const startWait = 2 * time.Second

func acquire(ctx context.Context, path string) (*database.Lock, error) {
	ctx, cancel := context.WithTimeout(ctx, startWait)
	defer cancel()
	lock, err := database.Acquire(ctx, path)
	if errs.Is(err, errs.Conflict) {
		return nil, errs.Wrap(errs.Conflict, err, "a server is running on %s already; stop it with `fazt server stop`, or give this one another --db", path)
	}
	return lock, err
}

func (i *Instance) compose(ctx context.Context) (err error) {
	limits := system.Defaults()
	if i.config.Limits != nil {
		limits = *i.config.Limits
	}
	i.Limits = system.NewLive(limits)
	i.DB, err = database.Open(ctx, database.Config{
		Path: i.config.Database, Log: i.log, QueueLimit: func() int { return i.Limits.Storage().WriteQueue }, Watch: watched(),
		Space: i.space, DiskChanged: i.diskChanged, Lock: i.lock,
	})
	if err != nil {
		return err
	}
	i.System, err = system.OpenStore(ctx, system.StoreConfig{
		DB: i.DB, Limits: i.Limits, Given: system.Given{Flags: i.config.flags(), Getenv: i.config.Getenv}, Log: i.log,
	})
	if err != nil {
		return err
	}
	measured, err := system.LoadMeasured(ctx, i.DB)
	if err != nil {
		return err
	}
	i.System.Rebase(measured.Apply)
	i.settings = *i.System.Settings().Load()
	i.Apps = apps.New(i.DB)
	i.content = content.New(content.Config{DB: i.DB, Log: i.log})
	i.Hosting = hosting.New(hosting.Config{
		DB: i.DB, Content: i.content, Limits: i.storageLimits, Log: i.log, Temp: filepath.Dir(i.config.Database), Damaged: i.contentDamaged, Program: checkProgram,
	})
	i.KV = storage.New(storage.Config{DB: i.DB, Limits: i.storageLimits})
	i.Users = auth.NewUsers(i.DB)
	i.Keys = auth.NewKeys(i.DB)
	if err := i.composeLogs(ctx); err != nil {
		return err
	}
	if err := i.composeNet(ctx); err != nil {
		return err
	}
	i.composeEdges()
	return i.Refresh(ctx, op.Anything)
}

func (i *Instance) storageLimits(appID string) system.Storage { return i.Limits.App(appID).Storage }

// composeEdges connects the domains to the surfaces: functions, static files, the control API, the front door.
func (i *Instance) composeEdges() {
	i.governor = newGovernor(governed{
		process: i.config.Process,
		total:   func() int64 { return i.Limits.Load().Hardware.TotalRAM },
		parts:   i.memoryParts, wanting: func() bool { return i.engine.Wanting() }, changed: i.memoryDivided, shrink: i.DB.Shrink,
	})
	i.compiler = compiler.New(i.Limits.Runtime)
	i.engine = runtime.New(runtime.Config{
		Assemble: i.compiler.Assemble, Memory: i.governor.room.Load, Short: i.governor.shortage,
		Limits: func(appID string) system.Runtime { return i.Limits.App(appID).Runtime }, Console: console{i.AppLog}, Stopped: i.functionStopped, Log: i.log, Version: system.Version,
		Bindings: bindings.All(bindings.Deps{KV: i.KV, Private: i.Hosting}), Tables: bindings.Tables(i.Gate, i.Limits.Runtime),
	})
	i.functionServer = httpfn.New(httpfn.Config{Engine: i.engine, Temp: filepath.Dir(i.config.Database)})
	i.static = static.New(static.Config{
		Deployments: i.Hosting, Content: i.content, CacheBytes: func() int64 { return min(i.Limits.Storage().MaxVFS, i.governor.cache.Load()) }, Log: i.log,
	})
	i.api = api.New(api.Config{
		DB: i.DB, Apps: i.Apps, Hosting: i.Hosting, KV: i.KV, Users: i.Users, Keys: i.Keys, Idempotency: idempotency.New(i.DB), AppLog: i.AppLog, Activity: i.Activity, Log: i.log,
		Net: i.Net, NetLog: i.NetLog, NetGate: i.Gate,
		URL: i.URL, AppURL: i.AppURL, HostURL: i.hostURL, Lookup: i.config.Lookup, Compile: i.compile, Changed: i.Refresh, Status: i.status, Stop: i.stop, HandOver: i.HandOver, Resume: i.engine.Resume, Measure: i.measure,
		Health: i.health, Metrics: i.metrics, Ready: i.ready,
		Settings: i.settings, Limits: i.Limits, System: i.System,
	})
	if i.config.Dev {
		i.reload = gateway.NewReloader()
	}
	i.front = gateway.New(gateway.Config{
		Routes: i.routes.Load, Preview: i.preview, Static: i.static, Functions: i.functionServer, Program: i.program,
		Source: i.Hosting.ReadFile,
		Access: i.count,
		Admin:  gateway.Admin(gateway.AdminConfig{API: i.api, Check: i.Keys.Check, Refused: i.callerRefused, Fail: i.api.Fail, TrustedProxies: i.System.Settings().TrustedProxies}),
		Log:    i.log, Reload: i.reload, Limits: i.Limits, TrustedProxies: i.System.Settings().TrustedProxies,
	})
	if i.config.Front != nil {
		i.front = i.config.Front(i.front)
	}
}

// memoryParts returns the memory of the parts that count their own.
func (i *Instance) memoryParts() parts {
	s, limits := i.engine.Stats(), i.Limits.Runtime()
	return parts{vms: s.Memory, charged: s.Charged, buffers: limits.BufferMemory, waiting: i.functionServer.Stats().Buffers, cache: i.static.Memory()}
}

// memoryDivided applies a new division of the memory.
func (i *Instance) memoryDivided() {
	i.static.Resize()
	i.engine.Reconsider()
}

// console writes what functions print to the app's log.
type console struct{ log *applog.Log }

func (c console) WriteLine(l runtime.Line) {
	c.log.Record(applog.Line{AppID: l.AppID, Number: l.Number, Level: l.Level, RequestID: l.RequestID, Message: l.Message, Time: l.Time})
}

func (i *Instance) compile(ctx context.Context, app string, src deployment.Source) ([]byte, error) {
	author := app
	if by := auth.From(ctx); by.Kind == auth.Key {
		author = by.ID
	}
	p, err := i.compiler.Compile(ctx, author, src)
	if err != nil || p == nil {
		return nil, err
	}
	return p.MarshalBinary()
}

func (i *Instance) program(ctx context.Context, deployment string) (*compile.Program, error) {
	if stopped, err := i.Hosting.Stopped(ctx, deployment); err != nil {
		return nil, err
	} else if stopped {
		return nil, runtime.ErrStopped
	}
	data, err := i.Hosting.Program(ctx, deployment)
	if err != nil {
		return nil, err
	}
	p := &compile.Program{}
	if p.UnmarshalBinary(data) != nil {
		return i.repairProgram(ctx, deployment)
	}
	return p, nil
}

// API returns the control API with the rights of the owner: its caller may do everything.
func (i *Instance) API() http.Handler {
	return gateway.WithRequestID(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		owner := auth.Principal{Kind: auth.Owner, Name: "owner"}
		i.api.ServeHTTP(w, r.WithContext(auth.With(r.Context(), owner)))
	}))
}

// Front returns the front door: what visitors reach.
func (i *Instance) Front() http.Handler { return i.front }

// Settings returns the settings in force.
func (i *Instance) Settings() system.Settings { return *i.System.Settings().Load() }

// URL returns the address of the app behind a host label.
func (i *Instance) URL(label string) string { return i.hostURL(label + "." + i.settings.Domain) }

// hostURL returns the address of this instance under a host name.
func (i *Instance) hostURL(host string) string {
	address := ""
	if a := i.address.Load(); a != nil {
		address = *a
	} else if len(i.settings.Listen) > 0 {
		address = i.settings.Listen[0]
	}
	if _, port, err := net.SplitHostPort(address); err == nil && port != "80" && port != "" {
		host += ":" + port
	}
	return "http://" + host
}

// lookup looks up the addresses of a host at the name servers of this machine.
func lookup(ctx context.Context, host string) ([]netip.Addr, error) {
	return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
}

func (i *Instance) status(s *op.ServerState) {
	if r := i.running.Load(); r != nil {
		s.Running, s.StartedAt, s.Listen = true, r.started, r.listen
		s.VMs = i.engine.Stats().VMs
	} else if i.config.Lock != nil && !i.config.Lock.Held() {
		s.Running, s.PID = true, 0 // another server holds the lock; nothing else is known about it
	}
}

func (i *Instance) stop() {
	if r := i.running.Load(); r != nil {
		// The response to the caller is sent before its connection is drained.
		r.stop()
	}
}

// Close closes the database and releases its lock. It must not be called during Run.
func (i *Instance) Close() error {
	var err error
	if i.compiler != nil {
		i.compiler.Close()
	}
	if i.DB != nil {
		if i.Gate != nil {
			i.Gate.Close()
		}
		err = errors.Join(i.closeLogs(), i.DB.Close())
	}
	if i.lock != nil {
		err = errors.Join(err, i.lock.Release())
	}
	return err
}

// InProcess returns a function that opens the control API of an instance that does not run, for one command; the caller
// keeps the lock. The environment, which may be nil, can set settings. Internal errors go to log, because there is no
// server that would log them.
func InProcess(getenv func(name string) string, log *slog.Logger) func(context.Context, string, *database.Lock) (http.Handler, func() error, error) {
	return func(ctx context.Context, path string, lock *database.Lock) (http.Handler, func() error, error) {
		i, err := Open(ctx, Config{Database: path, Lock: lock, Getenv: getenv, Log: log})
		if err != nil {
			return nil, nil, err
		}
		return i.API(), i.Close, nil
	}
}

// WaitStopped returns when no server and no command uses the database at path.
func WaitStopped(ctx context.Context, path string) error {
	lock, err := database.Acquire(ctx, path)
	if err != nil {
		return errs.Wrap(errs.Timeout, err, "the server was told to stop but has not exited yet")
	}
	return lock.Release()
}

// Package server implements the operations on the server, its database and its health.
package server

import (
	"context"
	"encoding/json"
	"os"
	"time"

	"fazt/internal/api/call"
	"fazt/internal/api/op"
	"fazt/internal/apps"
	"fazt/internal/auth"
	"fazt/internal/database"
	"fazt/internal/errs"
	"fazt/internal/system"
)

// API implements the operations on the server.
type API struct {
	DB     *database.DB
	Apps   *apps.Store
	Users  *auth.Users
	System *system.Store
	// Domain is the domain of the instance.
	Domain string
	// Running fills in what only the running server knows; nil if none is running.
	Running func(*op.ServerState)
	// End begins to stop the running server.
	End func()
	// HandOver begins to replace the running server with a fresh process.
	HandOver func(reason string) error
	// Measure runs the self-test of the running server for about the given time.
	Measure func(ctx context.Context, length time.Duration, force bool) (system.Measured, error)
}

// Init gives a new instance its owner and its domain.
func (a *API) Init(ctx context.Context, req op.ServerOwner) (op.ServerState, error) {
	if req.Domain != "" {
		if err := system.CheckDomain(req.Domain); err != nil {
			return op.ServerState{}, err
		}
	}
	call.Detail(ctx, "owner", req.Owner)
	call.Detail(ctx, "domain", req.Domain)
	if err := a.Users.CreateOwner(ctx, req.Owner, req.Password); err != nil {
		return op.ServerState{}, err
	}
	if req.Domain != "" {
		domain, _ := json.Marshal(req.Domain)
		if _, err := a.System.ChangeSettings(ctx, call.Caller(ctx), map[string]json.RawMessage{"domain": domain}); err != nil {
			return op.ServerState{}, err
		}
	}
	return a.Status(ctx, op.None{})
}

// Status shows the state of the instance.
func (a *API) Status(ctx context.Context, _ op.None) (s op.ServerState, err error) {
	s = op.ServerState{
		Version: system.Version, PID: os.Getpid(), Database: a.DB.Path(),
		Domain: a.Domain, Listen: []string{}, Queued: a.DB.Stats().Queued,
	}
	s.Bytes, _ = a.DB.Size()
	if s.Owner, err = a.Users.HasOwner(ctx); err != nil {
		return s, err
	}
	if s.Apps, err = a.Apps.Count(ctx); err != nil {
		return s, err
	}
	if a.Running != nil {
		a.Running(&s)
	}
	return s, nil
}

// commandable returns why the server cannot be controlled.
func commandable(s op.ServerState) error {
	switch {
	case !s.Running:
		return errs.New(errs.Conflict, "no server is running on %s", s.Database)
	case s.PID == 0:
		return errs.New(errs.Unavailable, "the server on %s has no control socket, because its folder is not writable; end its process", s.Database)
	}
	return nil
}

// Stop stops the server after the requests in progress.
func (a *API) Stop(ctx context.Context, _ op.None) (op.ServerState, error) {
	s, err := a.Status(ctx, op.None{})
	if err != nil {
		return s, err
	}
	if err := commandable(s); err != nil {
		return s, err
	}
	a.End()
	return s, nil
}

// Restart replaces the server with a fresh process on the same sockets.
func (a *API) Restart(ctx context.Context, _ op.None) (op.ServerState, error) {
	s, err := a.Status(ctx, op.None{})
	if err != nil {
		return s, err
	}
	if err := commandable(s); err != nil {
		return s, err
	}
	return s, a.HandOver("asked for")
}

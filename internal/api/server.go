package api

import (
	"context"
	"encoding/json"
	"os"

	"fazt/internal/api/call"
	"fazt/internal/api/op"
	"fazt/internal/errs"
	"fazt/internal/hosting"
	"fazt/internal/system"
)

func (a *API) serverInit(ctx context.Context, req op.ServerOwner) (op.ServerState, error) {
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
	return a.serverStatus(ctx, op.None{})
}

func (a *API) serverStatus(ctx context.Context, _ op.None) (s op.ServerState, err error) {
	s = op.ServerState{
		Version: system.Version, PID: os.Getpid(), Database: a.DB.Path(),
		Domain: a.Settings.Domain, Listen: []string{}, Queued: a.DB.Stats().Queued,
	}
	s.Bytes, _ = a.DB.Size()
	if s.Owner, err = a.Users.HasOwner(ctx); err != nil {
		return s, err
	}
	if s.Apps, err = a.Apps.Count(ctx); err != nil {
		return s, err
	}
	if a.Status != nil {
		a.Status(&s)
	}
	return s, nil
}

// commandable says why a server cannot be told anything.
func commandable(s op.ServerState) error {
	switch {
	case !s.Running:
		return errs.New(errs.Conflict, "no server is running on %s", s.Database)
	case s.PID == 0:
		return errs.New(errs.Unavailable, "the server on %s has no control socket that is found here, as its folder cannot be written; end its process", s.Database)
	}
	return nil
}

func (a *API) serverStop(ctx context.Context, _ op.None) (op.ServerState, error) {
	s, err := a.serverStatus(ctx, op.None{})
	if err != nil {
		return s, err
	}
	if err := commandable(s); err != nil {
		return s, err
	}
	a.Stop()
	return s, nil
}

func (a *API) serverRestart(ctx context.Context, _ op.None) (op.ServerState, error) {
	s, err := a.serverStatus(ctx, op.None{})
	if err != nil {
		return s, err
	}
	if err := commandable(s); err != nil {
		return s, err
	}
	return s, a.HandOver("asked for")
}

func (a *API) schemaManifest(context.Context, op.None) (json.RawMessage, error) {
	return hosting.ManifestSchema(), nil
}

func (a *API) schemaOpenAPI(context.Context, op.None) (json.RawMessage, error) { return a.openapi, nil }

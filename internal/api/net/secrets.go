package net

import (
	"context"

	"fazt/internal/api/call"
	"fazt/internal/api/op"
	"fazt/internal/apps"
	"fazt/internal/egress/rules"
)

// Secrets implements the operations on secrets.
type Secrets struct {
	Apps *apps.Store
	Net  *rules.Store
}

// secret converts a secret. The value is never shown: not in a list, not in the log, not in a response.
func secret(k rules.StoredSecret, name func(string) string) op.Secret {
	shown := op.Secret{Name: k.Name, App: name(k.AppID), AppID: k.AppID, As: k.As, Key: k.Key, Domain: k.Domain, HTTP: k.HTTP, Port: k.Port, Methods: k.Methods, PathPrefix: k.PathPrefix,
		CreatedAt: k.CreatedAt, UpdatedAt: k.UpdatedAt, Fault: k.Fault}
	if !k.LastUsed.IsZero() {
		shown.LastUsed = &k.LastUsed
	}
	if shown.Methods == nil {
		shown.Methods = []string{}
	}
	return shown
}

// List lists the secrets, without their values.
func (a *Secrets) List(ctx context.Context, req op.NetOf) ([]op.Secret, error) {
	appID, err := call.Readable(ctx, a.Apps, req.App)
	if err != nil {
		return nil, err
	}
	kept, err := a.Net.Secrets(ctx)
	name, list := call.Namer(ctx, a.Apps), []op.Secret{}
	for _, k := range kept {
		if appID == "" || k.AppID == "" || k.AppID == appID {
			list = append(list, secret(k, name))
		}
	}
	return list, err
}

// Set stores a secret.
func (a *Secrets) Set(ctx context.Context, req op.SecretGrant) (done op.SecretDone, err error) {
	appID, err := call.AppID(ctx, a.Apps, req.App)
	if err != nil {
		return done, err
	}
	call.About(ctx, "", appID)
	call.Detail(ctx, "domain", req.Domain)
	call.Detail(ctx, "as", req.As)
	call.Detail(ctx, "http", req.HTTP)
	if req.As == "" {
		req.As = rules.AsBearer
	}
	stored, replaced, err := a.Net.SetSecret(ctx, rules.Secret{
		Name: req.Secret, AppID: appID, As: req.As, Key: req.Key, Domain: req.Domain, HTTP: req.HTTP, Port: req.Port, Methods: req.Methods, PathPrefix: req.PathPrefix, Value: req.Value,
	})
	call.Detail(ctx, "replaced", replaced)
	if err != nil {
		return done, err
	}
	return op.SecretDone{Secret: secret(rules.StoredSecret{Secret: stored}, call.Namer(ctx, a.Apps)), Replaced: replaced}, nil
}

// Rotate gives a secret a new value.
func (a *Secrets) Rotate(ctx context.Context, req op.SecretValue) (op.Secret, error) {
	appID, err := call.AppID(ctx, a.Apps, req.App)
	if err != nil {
		return op.Secret{}, err
	}
	call.About(ctx, "", appID)
	stored, err := a.Net.RotateSecret(ctx, req.Secret, appID, req.Value)
	return secret(rules.StoredSecret{Secret: stored}, call.Namer(ctx, a.Apps)), err
}

// Remove removes a secret.
func (a *Secrets) Remove(ctx context.Context, req op.SecretRef) (op.Secret, error) {
	appID, err := call.AppID(ctx, a.Apps, req.App)
	if err != nil {
		return op.Secret{}, err
	}
	call.About(ctx, "", appID)
	gone, err := a.Net.RemoveSecret(ctx, req.Secret, appID)
	return secret(rules.StoredSecret{Secret: gone}, call.Namer(ctx, a.Apps)), err
}

// Package show converts domain values to API values.
package show

import (
	"fmt"

	"fazt/internal/api/op"
	"fazt/internal/apps"
	"fazt/internal/egress/rules"
	"fazt/internal/hosting"
)

// Apps shows apps and their deployments with their addresses.
type Apps struct {
	Net *rules.Store
	// URL is the address of the app behind a host label.
	URL func(label string) string
	// AppURL returns the address of an app for visitors, or "" if nothing points to it.
	AppURL func(app apps.App) string
}

// Deployment converts a deployment and adds its addresses.
func (s Apps) Deployment(app apps.App, d hosting.Deployment) op.Deployment {
	shown := op.Deployment{DeploymentRecord: Deployment(d), Preview: s.preview(app, d.Number)}
	if shown.URL = shown.Preview; d.Live {
		shown.URL = s.Address(app, d.Number)
	}
	return shown
}

// Address returns the address of an app for visitors, or that of the numbered preview if nothing points to the app.
func (s Apps) Address(app apps.App, number int) string {
	if address := s.AppURL(app); address != "" {
		return address
	}
	return s.preview(app, number)
}

func (s Apps) preview(app apps.App, number int) string {
	return s.URL(fmt.Sprintf("%d--%s", number, app.Name))
}

// Needs returns what a manifest asks for and has not been granted.
func (s Apps) Needs(appID string, m hosting.Manifest) []op.Need {
	list := []op.Need{}
	for _, domain := range m.Net {
		canonical, err := rules.ParseDomain(domain)
		if err == nil && !s.Net.Covers(canonical, appID) {
			list = append(list, op.Need{Kind: "net", Name: canonical})
		}
	}
	for _, name := range m.Secrets {
		if !s.Net.HasSecret(name, appID) {
			list = append(list, op.Need{Kind: "secret", Name: name})
		}
	}
	return list
}

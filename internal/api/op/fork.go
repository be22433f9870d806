package op

import (
	"net/http"

	"fazt/internal/apps"
	"fazt/internal/hosting"
)

// AppFacts is what is known of an app without counting what it keeps.
type AppFacts struct {
	apps.App
	apps.Addresses
	URL         string       `json:"url"`
	Deployments int          `json:"deployments"`
	ForkedFrom  *apps.Origin `json:"forked_from"` // null = it is no fork
}

// AppItem is an app in a list.
type AppItem struct {
	AppFacts
	Live *hosting.Brief `json:"live"` // null = nothing is live yet
}

// Fork names the app a fork makes.
type Fork struct {
	App      string `path:"app" desc:"name or id of the app"`
	Name     string `json:"name" desc:"name of the new app"`
	WithData bool   `json:"with_data" desc:"copy what the app keeps and its environment variables too"`
}

// AppFork makes an app out of another.
var AppFork = declare[Fork, App](Spec{Name: "app.fork", Method: http.MethodPost, Path: "/api/apps/{app}/fork", Access: Admin, Tag: "Apps", Doc: "Make a new app with the live deployment of another. Content is shared and aliases are not copied."})

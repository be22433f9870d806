package op

import (
	"fazt/internal/apps"
	"fazt/internal/hosting"
	"fazt/internal/storage"
)

// AppRef names an app by its name or id.
type AppRef struct {
	App string `path:"app" desc:"name or id of the app"`
}

// AppPage asks for one page of what belongs to an app.
type AppPage struct {
	App string `path:"app" desc:"name or id of the app"`
	List
}

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

// App is an app as the control API shows it.
type App struct {
	AppFacts
	Live      *hosting.Deployment `json:"live"` // null = nothing is live yet
	Stats     hosting.Stats       `json:"stats"`
	Usage     storage.Usage       `json:"usage"`
	Variables int                 `json:"variables"` // of the environment
	Needs     []Need              `json:"needs"`     // what the fazt.json of the live deployment asks for and nobody granted
}

// AppNewName gives an app another name.
type AppNewName struct {
	App  string `path:"app" desc:"name or id of the app"`
	Name string `json:"name"`
	Keep string `json:"keep" desc:"what becomes of the old host label: empty = it is free, alias = it leads to the app too, redirect = it sends visitors to the new one"`
}

// Renamed is the outcome of a new name.
type Renamed struct {
	App    apps.App `json:"app"`
	Before string   `json:"before"` // the old name
	URL    string   `json:"url"`
	Kept   string   `json:"kept"` // where the old label leads now, in words; "" = it is free
}

// Fork names the app a fork makes.
type Fork struct {
	App      string `path:"app" desc:"name or id of the app"`
	Name     string `json:"name" desc:"name of the new app"`
	WithData bool   `json:"with_data" desc:"copy what the app keeps and its environment variables too"`
}

// Rollback says which deployment goes live.
type Rollback struct {
	App string `path:"app" desc:"name or id of the app"`
	To  int    `json:"to" desc:"number of the deployment; 0 = the one that was made before the live one"`
}

// Removal is what a removal takes, or would take, with it.
type Removal struct {
	App apps.App `json:"app"`
	apps.Addresses
	SplitLosses []apps.SplitLoss `json:"split_losses"` // how the splits go on without it
	Deployments int              `json:"deployments"`
	Stats       hosting.Stats    `json:"stats"`
	Keys        int              `json:"keys"`    // entries of the key-value store
	Net         []string         `json:"net"`     // domains that it alone may reach
	Secrets     []string         `json:"secrets"` // that are for it alone
}

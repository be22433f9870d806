package op

import "time"

// AppRef names an app by its name or id.
type AppRef struct {
	App string `path:"app" desc:"name or id of the app" example:"blog"`
}

// AppPage selects one page of what belongs to an app.
type AppPage struct {
	App string `path:"app" desc:"name or id of the app" example:"blog"`
	List
}

// AppRecord is an app as it is stored.
type AppRecord struct {
	ID        string    `json:"id"`   // app_…
	Name      string    `json:"name"` // the host label it was deployed under; what people type
	Title     string    `json:"title"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// Addresses lists what points to an app.
type Addresses struct {
	Aliases []string `json:"aliases"` // host labels that lead only to it
	Domains []string `json:"domains"`
	Splits  []string `json:"splits"` // aliases that point to it and to other apps
}

// Origin is the app that a fork was made from.
type Origin struct {
	AppID      string `json:"app_id"` // "" = that app was removed
	Name       string `json:"name"`   // its name today, or at the time of the fork if it was removed
	Deployment int    `json:"deployment"`
}

// AppStats counts what an app has stored as deployments.
type AppStats struct {
	Deployments int   `json:"deployments"` // kept, including the live one
	Files       int   `json:"files"`       // of the live deployment
	Bytes       int64 `json:"bytes"`       // of the live deployment
	Stored      int64 `json:"stored"`      // content of all its deployments, with compressed forms; shared content counts once
}

// Usage counts what an app stores in the key-value store.
type Usage struct {
	Keys     int   `json:"keys"`      // entries, including those of its users
	KeyBytes int64 `json:"key_bytes"` // of the keys and values
	Bytes    int64 `json:"bytes"`     // what counts toward storage.max_app_data: key_bytes and 64 bytes per entry
}

// AppFacts is what is known about an app without counting its data.
type AppFacts struct {
	AppRecord
	Addresses
	URL         string  `json:"url"`
	Deployments int     `json:"deployments"`
	ForkedFrom  *Origin `json:"forked_from"` // null = it is not a fork
}

// AppItem is an app in a list.
type AppItem struct {
	AppFacts
	Live *DeploymentBrief `json:"live"` // null = nothing is live yet
}

// App is an app as the control API shows it.
type App struct {
	AppFacts
	Live      *DeploymentRecord `json:"live"` // null = nothing is live yet
	Stats     AppStats          `json:"stats"`
	Usage     Usage             `json:"usage"`
	Variables int               `json:"variables"` // of the environment
	Needs     []Need            `json:"needs"`     // what the fazt.json of the live deployment asks for and has not been granted
}

// AppNewName gives an app another name.
type AppNewName struct {
	App  string `path:"app" desc:"name or id of the app" example:"blog"`
	Name string `json:"name" desc:"new name of the app" example:"journal"`
	Keep string `json:"keep" enum:"alias|redirect" desc:"what happens to the old host label: alias = it points to the app too, redirect = it redirects visitors to the new one and keeps the path; free when empty"`
}

// Renamed is the result of a rename.
type Renamed struct {
	App    AppRecord `json:"app"`
	Before string    `json:"before"` // the old name
	URL    string    `json:"url"`
	Kept   string    `json:"kept"` // where the old host label leads now, in words; "" = it is free
}

// Fork names the new app.
type Fork struct {
	App      string `path:"app" desc:"name or id of the app" example:"blog"`
	Name     string `json:"name" desc:"name of the new app" example:"blog-next"`
	WithData bool   `json:"with_data" desc:"also copy stored values and environment variables"`
}

// Rollback selects the deployment that goes live.
type Rollback struct {
	App string `path:"app" desc:"name or id of the app" example:"blog"`
	To  int    `json:"to" range:"1," desc:"number of the deployment; the previous one when absent"`
}

// Removal is what the removal of an app deletes, or would delete.
type Removal struct {
	App AppRecord `json:"app"`
	Addresses
	SplitLosses []SplitLoss `json:"split_losses"` // the splits without it
	Deployments int         `json:"deployments"`
	Stats       AppStats    `json:"stats"`
	Keys        int         `json:"keys"`    // entries of the key-value store
	Net         []string    `json:"net"`     // domains that only it may reach
	Secrets     []string    `json:"secrets"` // that only it can use
}

// SplitLoss is a split after one of its apps was removed.
type SplitLoss struct {
	Alias string        `json:"alias"`
	After []SplitTarget `json:"after"` // if only one is left, the alias points to it
}

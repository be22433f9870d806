package op

import (
	"net/http"

	"fazt/internal/apps"
)

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

// Alias is an alias with its own address.
type Alias struct {
	apps.Alias
	Address string `json:"address"`
}

// AliasRef names an alias.
type AliasRef struct {
	Alias string `path:"alias" desc:"name of the alias: a host label"`
}

// AliasDetail is an alias and what hangs on it.
type AliasDetail struct {
	Alias
	Only []string `json:"only"` // apps that nothing else leads to
}

// AliasTarget says where an alias shall lead: exactly one of App, Redirect, Split and Reserve.
type AliasTarget struct {
	Alias    string       `path:"alias" desc:"name of the alias: a host label"`
	App      string       `json:"app" desc:"name or id of an app"`
	Redirect string       `json:"redirect" desc:"an http or https address"`
	Status   int          `json:"status" desc:"of the redirect: 301, 302, 307 or 308; 0 = 301"`
	KeepPath bool         `json:"keep_path" desc:"append the path of the request to the address"`
	Split    []apps.Share `json:"split" desc:"two apps or more, with weights that sum to 100"`
	Reserve  bool         `json:"reserve" desc:"keep the label, and lead nowhere"`
	Force    bool         `json:"force" desc:"also when an app is left without any address"`
}

// AliasChange is an alias now, and before it was set.
type AliasChange struct {
	Alias  Alias       `json:"alias"`
	Before *apps.Alias `json:"before"` // null = it is new
	apps.Lost
}

// AliasGone is an alias that was removed.
type AliasGone struct {
	Alias
	apps.Lost
}

// AliasPair names two aliases.
type AliasPair struct {
	Alias string `path:"alias" desc:"name of one alias"`
	With  string `json:"with" desc:"name of the other"`
}

// AliasDrop removes an alias.
type AliasDrop struct {
	Alias string `path:"alias" desc:"name of the alias"`
	Force bool   `query:"force" desc:"also when an app is left without any address"`
}

// Domain is a domain with its address.
type Domain struct {
	apps.Domain
	Address string `json:"address"`
}

// DomainRef names a domain.
type DomainRef struct {
	Host string `path:"host" desc:"a whole host name, such as example.com"`
}

// DomainDetail is a domain and what hangs on it.
type DomainDetail struct {
	Domain
	Only bool `json:"only"` // nothing else leads to its app
}

// DomainGone is a domain that was removed.
type DomainGone struct {
	Domain
	apps.Lost
}

// DomainTarget leads a host name to an app.
type DomainTarget struct {
	Host string `path:"host" desc:"a whole host name, such as example.com"`
	App  string `json:"app" desc:"name or id of the app"`
}

// DomainDrop removes a domain.
type DomainDrop struct {
	Host  string `path:"host" desc:"the host name"`
	Force bool   `query:"force" desc:"also when its app is left without any address"`
}

// DomainState is what the name servers say of a domain.
type DomainState struct {
	Domain    Domain   `json:"domain"`
	Here      bool     `json:"here"`      // every address is one of this instance
	Addresses []string `json:"addresses"` // what the name resolves to
	Instance  []string `json:"instance"`  // the addresses of this instance, as far as it knows them
	Say       string   `json:"say"`       // what is so
	Do        string   `json:"do"`        // what to set; "" = nothing
}

// The operations on names and addresses.
var (
	AppRename = declare[AppNewName, Renamed](Spec{Name: "app.rename", Method: http.MethodPost, Path: "/api/apps/{app}/rename", Access: Admin, Tag: "Apps", Doc: "Give an app another name. Its host label moves; deployments, data, environment, log and keys stay."})

	AliasList   = declare[List, Page[Alias]](Spec{Name: "alias.list", Method: http.MethodGet, Path: "/api/aliases", Access: Read, Tag: "Aliases", Doc: "List the aliases in the order of their names."})
	AliasGet    = declare[AliasRef, AliasDetail](Spec{Name: "alias.get", Method: http.MethodGet, Path: "/api/aliases/{alias}", Access: Read, Tag: "Aliases", Doc: "Show one alias, and the apps that nothing else leads to."})
	AliasSet    = declare[AliasTarget, AliasChange](Spec{Name: "alias.set", Method: http.MethodPut, Path: "/api/aliases/{alias}", Access: Admin, Tag: "Aliases", Doc: "Lead an alias to an app, a redirect or a split, or reserve it. Refused, with the apps in details.unreachable, when an app would be left without any address, unless forced."})
	AliasSwap   = declare[AliasPair, []Alias](Spec{Name: "alias.swap", Method: http.MethodPost, Path: "/api/aliases/{alias}/swap", Access: Admin, Tag: "Aliases", Doc: "Exchange where two aliases lead, at once."})
	AliasRemove = declare[AliasDrop, AliasGone](Spec{Name: "alias.remove", Method: http.MethodDelete, Path: "/api/aliases/{alias}", Access: Admin, Tag: "Aliases", Doc: "Free an alias. Refused, with the apps in details.unreachable, when an app would be left without any address, unless forced."})

	DomainList   = declare[List, Page[Domain]](Spec{Name: "domain.list", Method: http.MethodGet, Path: "/api/domains", Access: Read, Tag: "Domains", Doc: "List the domains in the order of their names."})
	DomainGet    = declare[DomainRef, DomainDetail](Spec{Name: "domain.get", Method: http.MethodGet, Path: "/api/domains/{host}", Access: Read, Tag: "Domains", Doc: "Show one domain."})
	DomainAdd    = declare[DomainTarget, Domain](Spec{Name: "domain.add", Method: http.MethodPut, Path: "/api/domains/{host}", Access: Admin, Tag: "Domains", Doc: "Lead a whole host name to an app."})
	DomainCheck  = declare[DomainRef, DomainState](Spec{Name: "domain.check", Method: http.MethodGet, Path: "/api/domains/{host}/check", Access: Read, Tag: "Domains", Doc: "Resolve a domain and tell whether it points to this instance, and what to set if not."})
	DomainRemove = declare[DomainDrop, DomainGone](Spec{Name: "domain.remove", Method: http.MethodDelete, Path: "/api/domains/{host}", Access: Admin, Tag: "Domains", Doc: "Take a host name from its app. Refused, with the apps in details.unreachable, when the app would be left without any address, unless forced."})
)

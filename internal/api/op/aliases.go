package op

import "fazt/internal/apps"

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

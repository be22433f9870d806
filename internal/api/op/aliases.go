package op

import (
	"fmt"
	"strings"
	"time"
)

// AliasRecord is an alias as it is stored.
type AliasRecord struct {
	Name      string        `json:"name"`
	Kind      string        `json:"kind"` // app, redirect, split or reserved
	AppID     string        `json:"app_id,omitempty"`
	App       string        `json:"app,omitempty"` // the app's name
	URL       string        `json:"url,omitempty"` // of a redirect, with Status and KeepPath
	Status    int           `json:"status,omitempty"`
	KeepPath  bool          `json:"keep_path,omitempty"`
	Targets   []SplitTarget `json:"targets,omitempty"` // of a split, the heaviest first
	CreatedAt time.Time     `json:"created_at"`
	UpdatedAt time.Time     `json:"updated_at"`
}

// Leads describes where the alias leads.
func (a AliasRecord) Leads() string {
	switch a.Kind {
	case "app":
		return "the app " + a.App
	case "redirect":
		if a.KeepPath {
			return fmt.Sprintf("%s (%d, with the path)", a.URL, a.Status)
		}
		return fmt.Sprintf("%s (%d)", a.URL, a.Status)
	case "split":
		parts := make([]string, len(a.Targets))
		for i, t := range a.Targets {
			parts[i] = fmt.Sprintf("%s:%d", t.App, t.Weight)
		}
		return "a split, " + strings.Join(parts, ",")
	}
	return "nothing (reserved)"
}

// SplitTarget is one of the apps of a split.
type SplitTarget struct {
	AppID  string `json:"app_id"`
	App    string `json:"app"` // its name
	Weight int    `json:"weight"`
}

// Share is the share of the visitors that an app of a split gets.
type Share struct {
	App    string `json:"app"`    // name or id
	Weight int    `json:"weight"` // 1 to 100; the weights of a split add up to 100
}

// Lost names the apps that a change leaves without an address.
type Lost struct {
	Unreachable []string `json:"unreachable"` // names of apps that are only reachable by their previews
}

// Alias is an alias with its own address.
type Alias struct {
	AliasRecord
	Address string `json:"address"`
}

// AliasRef names an alias.
type AliasRef struct {
	Alias string `path:"alias" desc:"name of the alias: a host label"`
}

// AliasDetail is an alias and the apps that depend on it.
type AliasDetail struct {
	Alias
	Only []string `json:"only"` // apps that nothing else points to
}

// AliasTarget sets where an alias leads: exactly one of App, Redirect, Split and Reserve.
type AliasTarget struct {
	Alias    string  `path:"alias" desc:"name of the alias: a host label"`
	App      string  `json:"app" desc:"name or id of an app"`
	Redirect string  `json:"redirect" desc:"an http or https address"`
	Status   int     `json:"status" desc:"status of the redirect: 301, 302, 307 or 308; 0 = 301"`
	KeepPath bool    `json:"keep_path" desc:"append the path of the request to the address"`
	Split    []Share `json:"split" desc:"two or more apps, with weights that add up to 100"`
	Reserve  bool    `json:"reserve" desc:"reserve the label without pointing it to anything"`
	Force    bool    `json:"force" desc:"even if this leaves an app without an address"`
}

// AliasChange is an alias now, and before it was set.
type AliasChange struct {
	Alias  Alias        `json:"alias"`
	Before *AliasRecord `json:"before"` // null = it is new
	Lost
}

// AliasGone is an alias that was removed.
type AliasGone struct {
	Alias
	Lost
}

// AliasPair names two aliases.
type AliasPair struct {
	Alias string `path:"alias" desc:"name of an alias" example:"blog"`
	With  string `json:"with" desc:"name of the other alias" example:"blog-next"`
}

// AliasDrop removes an alias.
type AliasDrop struct {
	Alias string `path:"alias" desc:"name of the alias"`
	Force bool   `query:"force" desc:"even if this leaves an app without an address"`
}

// DomainRecord is a domain of an app as it is stored.
type DomainRecord struct {
	Host      string    `json:"host"` // canonical
	AppID     string    `json:"app_id"`
	App       string    `json:"app"` // the app's name
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// Domain is a domain with its address.
type Domain struct {
	DomainRecord
	Address string `json:"address"`
}

// DomainRef names a domain.
type DomainRef struct {
	Host string `path:"host" desc:"host name, such as example.com" example:"example.com"`
}

// DomainDetail is a domain and whether its app depends on it.
type DomainDetail struct {
	Domain
	Only bool `json:"only"` // nothing else points to its app
}

// DomainGone is a domain that was removed.
type DomainGone struct {
	Domain
	Lost
}

// DomainTarget leads a host name to an app.
type DomainTarget struct {
	Host string `path:"host" desc:"host name, such as example.com" example:"example.com"`
	App  string `json:"app" desc:"name or id of the app" example:"blog"`
}

// DomainDrop removes a domain.
type DomainDrop struct {
	Host  string `path:"host" desc:"the host name"`
	Force bool   `query:"force" desc:"even if this leaves its app without an address"`
}

// DomainState is what DNS says about a domain.
type DomainState struct {
	Domain    Domain   `json:"domain"`
	Here      bool     `json:"here"`      // every address belongs to this instance
	Addresses []string `json:"addresses"` // what the name resolves to
	Instance  []string `json:"instance"`  // the addresses of this instance, as far as it knows them
	Say       string   `json:"say"`       // what was found
	Do        string   `json:"do"`        // what to change; "" = nothing
}

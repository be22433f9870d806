package op

import (
	"net/http"
	"time"

	"fazt/internal/activity"
	"fazt/internal/auth"
)

// Key is an API key without its token.
type Key struct {
	auth.APIKey
	Scopes []string `json:"scopes"` // as people write them: apps by their names
}

// KeyNew asks for a key.
type KeyNew struct {
	Name      string     `json:"name" desc:"what the key is for; unique among those in force"`
	Scopes    []string   `json:"scopes" desc:"deploy, deploy:APP, read, logs, logs:APP, data:APP, metrics, admin"`
	ExpiresAt *time.Time `json:"expires_at" desc:"null = never"`
}

// KeyMade is a new key. The token is in no other answer.
type KeyMade struct {
	Key
	Token string `json:"token"`
}

// KeyRef names a key.
type KeyRef struct {
	Key string `path:"key" desc:"name or id of the key"`
}

// Caller is who is asking.
type Caller struct {
	Kind    string   `json:"kind"` // owner, key or nobody
	Name    string   `json:"name"`
	Scopes  []string `json:"scopes"`
	Version string   `json:"version"` // of the instance; "" for nobody
}

// The operations on keys.
var (
	KeyCreate = declare[KeyNew, KeyMade](Spec{Name: "key.create", Weight: activity.Security, Method: http.MethodPost, Path: "/api/keys", Access: Admin, Tag: "Keys", Doc: "Make an API key. Its token is shown this once. A key can make none with the scope admin, and none that outlives it."})
	KeyPage   = declare[List, Page[Key]](Spec{Name: "key.list", Method: http.MethodGet, Path: "/api/keys", Access: Admin, Tag: "Keys", Doc: "List the API keys in force, without their tokens."})
	KeyRevoke = declare[KeyRef, Key](Spec{Name: "key.revoke", Weight: activity.Security, Method: http.MethodDelete, Path: "/api/keys/{key}", Access: Admin, Tag: "Keys", Doc: "Revoke an API key and those that were made with it. It is over at once."})
	WhoAmI    = declare[None, Caller](Spec{Name: "caller.get", Method: http.MethodGet, Path: "/api/whoami", Access: Anyone, Tag: "Keys", Doc: "Show who is asking, as the instance sees it."})
)

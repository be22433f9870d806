package op

import "time"

// Key is an API key without its token.
type Key struct {
	ID         string     `json:"id"`
	Name       string     `json:"name"`
	Prefix     string     `json:"prefix"`  // the first characters of its token
	MadeBy     string     `json:"made_by"` // the key that made it; "" = the owner
	CreatedAt  time.Time  `json:"created_at"`
	ExpiresAt  *time.Time `json:"expires_at"`   // null = never
	LastUsedAt *time.Time `json:"last_used_at"` // null = never; a few seconds behind
	RevokedAt  *time.Time `json:"revoked_at"`   // null = in force
	Scopes     []string   `json:"scopes"`       // as people write them, with the names of apps
}

// KeyNew describes the key to create.
type KeyNew struct {
	Name      string     `json:"name" desc:"what the key is for; unique among the active keys"`
	Scopes    []string   `json:"scopes" desc:"deploy, deploy:APP, read, logs, logs:APP, data:APP, metrics, admin"`
	ExpiresAt *time.Time `json:"expires_at" desc:"null = never"`
}

// KeyMade is a new key. No other response contains the token.
type KeyMade struct {
	Key
	Token string `json:"token"`
}

// KeyRef names a key.
type KeyRef struct {
	Key string `path:"key" desc:"name or id of the key" example:"laptop"`
}

// Caller is who sent the request.
type Caller struct {
	Kind    string   `json:"kind"` // owner, key or nobody
	Name    string   `json:"name"`
	Scopes  []string `json:"scopes"`
	Version string   `json:"version"` // of the instance; "" for nobody
}

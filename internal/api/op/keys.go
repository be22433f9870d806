package op

import (
	"time"

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

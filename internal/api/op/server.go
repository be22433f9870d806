package op

import "time"

// ServerOwner gives a new instance its owner and its domain.
type ServerOwner struct {
	Owner    string `json:"owner"`
	Password string `json:"password"`
	Domain   string `json:"domain" desc:"apps are served below it; unchanged when empty"`
}

// ServerState is the state of an instance.
type ServerState struct {
	Version   string    `json:"version"`
	Running   bool      `json:"running"` // false: no server has the database open
	PID       int       `json:"pid"`     // 0: the server runs but cannot be reached
	StartedAt time.Time `json:"started_at"`
	Database  string    `json:"database"`
	Bytes     int64     `json:"bytes"` // of the database file
	Domain    string    `json:"domain"`
	Listen    []string  `json:"listen"`
	Apps      int       `json:"apps"`
	Owner     bool      `json:"owner"` // whether the instance has an owner with a password
	VMs       int       `json:"vms"`
	Queued    int       `json:"queued_writes"`
}

package op

import (
	"net/http"

	"fazt/internal/activity"
	"fazt/internal/hosting"
)

// Backup says where a copy of the database goes.
type Backup struct {
	Path    string `json:"path" desc:"the file, with its whole path, on the machine of the instance"`
	Replace bool   `json:"replace" desc:"replace a file that is there"`
	Damaged bool   `json:"damaged" desc:"keep the copy though the database holds damaged content"`
}

// BackedUp is a copy of the database that was made and looked through.
type BackedUp struct {
	Path     string   `json:"path"`
	Bytes    int64    `json:"bytes"`
	Contents int      `json:"contents"` // compared with their hashes
	Faults   []string `json:"faults"`   // of the database, and so of the copy, where damaged content was to be kept
	KeyFile  string   `json:"key_file"` // what secrets are encrypted under, which is not in the copy
}

// DatabaseChecks says how closely the database is looked at.
type DatabaseChecks struct {
	Content bool `query:"content" desc:"compare all content with its hashes too"`
}

// DatabaseFaults is the outcome of a check of the database file.
type DatabaseFaults struct {
	Sound    bool             `json:"sound"`
	Faults   []string         `json:"faults"`
	Contents int              `json:"contents"` // compared with their hashes
	Damaged  []hosting.Damage `json:"damaged"`  // content that is not what it was
}

// The operations on the database file.
var (
	DatabaseCheck  = declare[DatabaseChecks, DatabaseFaults](Spec{Name: "database.check", Weight: activity.System, Method: http.MethodPost, Path: "/api/database/check", Access: Admin, Tag: "Server", Doc: "Look through the whole database file for damage, while it is in use."})
	DatabaseBackup = declare[Backup, BackedUp](Spec{Name: "database.backup", Weight: activity.Security, Method: http.MethodPost, Path: "/api/database/backup", Access: Owner, Tag: "Server", Doc: "Copy the database to a file on the machine of the instance, while it is in use. The copy is looked through before it gets its name."})
	DatabaseFetch  = declare[None, Stream](Spec{Name: "database.fetch", Weight: activity.Security, Method: http.MethodPost, Path: "/api/database/fetch", Access: Admin, Tag: "Server", Media: "application/vnd.sqlite3", Doc: "Fetch a copy of the database as it is now, with everything in it but the key of the secrets. Look through it before relying on it."})
)

package op

// Backup says where to write a copy of the database.
type Backup struct {
	Path    string `json:"path" desc:"absolute path of the file on the machine of the instance"`
	Replace bool   `json:"replace" desc:"replace an existing file"`
	Damaged bool   `json:"damaged" desc:"keep the copy even if the database has damaged content"`
}

// BackedUp is a copy of the database that was written and checked.
type BackedUp struct {
	Path     string   `json:"path"`
	Bytes    int64    `json:"bytes"`
	Contents int      `json:"contents"` // compared with their hashes
	Faults   []string `json:"faults"`   // of the database, and so of the copy, if damage was accepted
	KeyFile  string   `json:"key_file"` // the file with the key of the secrets, which is not in the copy
}

// DatabaseChecks selects how thoroughly the database is checked.
type DatabaseChecks struct {
	Content bool `query:"content" desc:"also compare the content of all deployments with its hashes"`
}

// DatabaseFaults is the result of a check of the database file.
type DatabaseFaults struct {
	Sound    bool     `json:"sound"`
	Faults   []string `json:"faults"`
	Contents int      `json:"contents"` // compared with their hashes
	Damaged  []Damage `json:"damaged"`  // content that no longer matches its hash
}

// Damage is content that no longer matches its hash.
type Damage struct {
	App        string `json:"app"`        // its name; "" = no deployment has it
	Deployment int    `json:"deployment"` // the live one if it has the content, otherwise the newest that does
	Path       string `json:"path"`       // "" = the compiled function
	Encoding   string `json:"encoding"`   // of the damaged compressed form; "" = the content itself
	Live       bool   `json:"live"`
	Others     int    `json:"others"` // other files with the same content
	Cause      string `json:"cause"`
}

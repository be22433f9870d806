package op

import (
	"fmt"
	"io"
	"strconv"
	"time"

	"fazt/internal/content"
)

// DeploymentRecord is a deployment as it is stored.
type DeploymentRecord struct {
	ID        string    `json:"id"` // dep_…
	AppID     string    `json:"app_id"`
	Number    int       `json:"number"` // 1, 2, 3 … within the app
	Message   string    `json:"message"`
	SPA       bool      `json:"spa"`
	Files     int       `json:"files"`
	Bytes     int64     `json:"bytes" unit:"bytes"`
	Function  bool      `json:"function"` // it has a compiled function
	Live      bool      `json:"live" yes:"live"`
	Previous  bool      `json:"previous"` // was live before the live one; a rollback goes here
	Manifest  Manifest  `json:"manifest"`
	CreatedAt time.Time `json:"created_at"`

	LiveAt    *time.Time `json:"live_at,omitempty"`    // when it last went live; absent = never
	StoppedAt *time.Time `json:"stopped_at,omitempty"` // when its function was suspended because it could not be stopped; absent = it runs

	Source *GitSource    `json:"source,omitempty"` // absent = it came from a folder or an archive
	Origin *DeployOrigin `json:"origin,omitempty"` // the folder it came from; absent = unknown
}

// DeploymentBrief is a deployment in a list of apps.
type DeploymentBrief struct {
	Number    int       `json:"number"`
	Files     int       `json:"files"`
	Bytes     int64     `json:"bytes" unit:"bytes"`
	Function  bool      `json:"function"`
	CreatedAt time.Time `json:"created_at"`

	StoppedAt *time.Time `json:"stopped_at,omitempty"` // absent = its function runs
}

// String returns the number of the deployment, and whether its function is stopped.
func (d DeploymentBrief) String() string {
	if d.StoppedAt != nil {
		return fmt.Sprintf("%d (stopped)", d.Number)
	}
	return strconv.Itoa(d.Number)
}

// Manifest is the content of a fazt.json; its schema describes the members.
type Manifest struct {
	Schema  string   `json:"$schema,omitempty"`
	Name    string   `json:"name,omitempty"`
	Title   string   `json:"title,omitempty"`
	SPA     *bool    `json:"spa,omitempty"`
	Routes  []string `json:"routes,omitempty"`
	Net     []string `json:"net,omitempty"`
	Secrets []string `json:"secrets,omitempty"`
	First   string   `json:"first,omitempty"`
	Product string   `json:"product,omitempty"`

	Output   string `json:"output,omitempty"`
	Function string `json:"function,omitempty"`
	Dev      string `json:"dev,omitempty"`
}

// GitSource is the place in a git repository that a deployment came from.
type GitSource struct {
	URL    string `json:"url"`            // https://… or file:///…, without a name or password
	Ref    string `json:"ref,omitempty"`  // branch, tag or commit; "" = HEAD
	Path   string `json:"path,omitempty"` // folder in the repository; "" = all of it
	Commit string `json:"commit"`         // hash, in hexadecimal
}

// DeployOrigin is the folder that a deployment was sent from.
type DeployOrigin struct {
	Host       string `json:"host"`                 // name of the machine
	Folder     string `json:"folder"`               // its path there
	Repository string `json:"repository,omitempty"` // of the folder, such as github.com/someone/blog; "" = none
	Path       string `json:"path,omitempty"`       // of the folder in that repository
}

// Deployment is a deployment with its addresses.
type Deployment struct {
	DeploymentRecord
	URL     string `json:"url"`         // of the app if live, otherwise of the preview
	Preview string `json:"preview_url"` // always shows this deployment, whatever is live
}

// UploadPlan announces a deployment.
type UploadPlan struct {
	App    string `path:"app" desc:"name of the app; the commit creates it if it does not exist"`
	DryRun bool   `query:"dry_run" desc:"only report what would be sent"`
	Plan   Plan   `json:"plan"`
}

// Plan describes the deployment to make.
type Plan struct {
	Files    []Announced `json:"files,omitempty"`
	Message  string      `json:"message,omitempty"` // for people, in the list of deployments
	SPA      *bool       `json:"spa,omitempty"`     // overrides the manifest
	Preview  bool        `json:"preview,omitempty"` // make the deployment, but do not put it live
	Manifest Manifest    `json:"manifest,omitzero"` // of the folder that was built; empty = the one among the files

	Source *GitSource    `json:"source,omitempty"` // absent = it comes from no repository
	Origin *DeployOrigin `json:"origin,omitempty"` // absent = unknown
}

// Announced is a file of a plan.
type Announced struct {
	Path string       `json:"path"` // relative, with slashes
	Hash content.Hash `json:"sha256"`
	Size int64        `json:"size"`
}

// Upload is a started upload, compared with the live deployment.
type Upload struct {
	ID           string            `json:"id"` // upl_…; "" when nothing was begun
	Missing      []content.Hash    `json:"missing"`
	MissingBytes int64             `json:"missing_bytes"`
	New          int               `json:"new"`       // paths the live deployment does not have
	Changed      int               `json:"changed"`   // paths whose content differs
	Unchanged    int               `json:"unchanged"` // paths with the same content
	Removed      int               `json:"removed"`   // paths that only the live deployment has
	Same         *DeploymentRecord `json:"same"`      // a deployment with exactly this content; nothing is left to do
}

// Received counts the received content.
type Received struct {
	Files   int   `json:"files"`   // contents stored
	Bytes   int64 `json:"bytes"`   // of those contents
	Skipped int   `json:"skipped"` // contents that were stored already
	Missing int   `json:"missing"` // contents of the upload that are still missing
}

// UploadContent sends the missing content.
type UploadContent struct {
	Upload string    `path:"upload" desc:"id of the upload"`
	Body   io.Reader `body:"stream" desc:"a zstd-compressed tar stream; entries are named by their SHA-256"`
}

// UploadRef names an upload.
type UploadRef struct {
	Upload string `path:"upload" desc:"id of the upload"`
}

// ArchiveDeploy is a whole deployment in one archive.
type ArchiveDeploy struct {
	App     string    `form:"app" desc:"name of the app; created if it does not exist"`
	Message *string   `form:"message" desc:"what changed, for the list of deployments"`
	Preview *bool     `form:"preview" desc:"create the deployment without putting it live"`
	SPA     *bool     `form:"spa" desc:"serve index.html for paths that match no file; overrides fazt.json"`
	File    io.Reader `form:"file" desc:"a zip or a tar.gz; the last field of the form"`
}

// Deployed is the result of a commit.
type Deployed struct {
	App        AppRecord  `json:"app"`
	Deployment Deployment `json:"deployment"`
	Preview    bool       `json:"preview"` // not live: only at its preview address
	Warnings   []string   `json:"warnings"`
	Needs      []Need     `json:"needs"` // what its fazt.json asks for and has not been granted
}

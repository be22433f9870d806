package op

import (
	"io"

	"fazt/internal/apps"
	"fazt/internal/hosting"
)

// Deployment is a deployment with the address it is seen at.
type Deployment struct {
	hosting.Deployment
	URL     string `json:"url"`         // of the app when live, else of its preview
	Preview string `json:"preview_url"` // where this deployment alone is seen, whatever is live
}

// UploadPlan announces a deployment.
type UploadPlan struct {
	App    string       `path:"app" desc:"name of the app; made by the commit if there is none"`
	DryRun bool         `query:"dry_run" desc:"only tell what would be sent"`
	Plan   hosting.Plan `json:"plan"`
}

// UploadContent sends the content the instance lacks.
type UploadContent struct {
	Upload string    `path:"upload" desc:"id of the upload"`
	Body   io.Reader `body:"stream" desc:"a zstd-compressed tar stream; entries are named by their SHA-256"`
}

// UploadRef names an upload.
type UploadRef struct {
	Upload string `path:"upload" desc:"id of the upload"`
}

// ArchiveDeploy brings a whole deployment in one archive.
type ArchiveDeploy struct {
	App     string    `form:"app" desc:"name of the app; made if there is none"`
	Message *string   `form:"message" desc:"what changed, for the list of deployments"`
	Preview *bool     `form:"preview" desc:"make the deployment without putting it live"`
	SPA     *bool     `form:"spa" desc:"answer paths that match no file with index.html; overrides fazt.json"`
	File    io.Reader `form:"file" desc:"a zip or a tar.gz; the last field of the form"`
}

// Deployed is the outcome of a commit.
type Deployed struct {
	App        apps.App   `json:"app"`
	Deployment Deployment `json:"deployment"`
	Preview    bool       `json:"preview"` // not live: seen at its preview address only
	Warnings   []string   `json:"warnings"`
	Needs      []Need     `json:"needs"` // what its fazt.json asks for and nobody granted
}

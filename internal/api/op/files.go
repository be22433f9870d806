package op

import "fazt/internal/content"

// DeploymentRef names a deployment of an app.
type DeploymentRef struct {
	App        string `path:"app" desc:"name or id of the app"`
	Deployment string `path:"deployment" desc:"number of the deployment, or live"`
}

// FilePage selects one page of the files of a deployment.
type FilePage struct {
	DeploymentRef
	List
}

// File is a file of a deployment.
type File struct {
	Path string       `json:"path"`
	Size int64        `json:"size"`
	Hash content.Hash `json:"sha256"`
	Type string       `json:"type"` // media type
}

// FileRef names a file of a deployment.
type FileRef struct {
	DeploymentRef
	Path string `query:"path" desc:"path of the file"`
}

// FilePull selects content of a deployment.
type FilePull struct {
	App        string         `path:"app" desc:"name or id of the app"`
	Deployment string         `path:"deployment" desc:"number of the deployment, or live"`
	Hashes     []content.Hash `json:"hashes" desc:"SHA-256 of each content to fetch"`
}

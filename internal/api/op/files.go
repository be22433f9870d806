package op

import (
	"net/http"

	"fazt/internal/hosting"
)

// DeploymentRef names a deployment of an app.
type DeploymentRef struct {
	App        string `path:"app" desc:"name or id of the app"`
	Deployment string `path:"deployment" desc:"number of the deployment, or live"`
}

// FileList asks for one page of the files of a deployment.
type FileList struct {
	DeploymentRef
	List
}

// FileRef names a file of a deployment.
type FileRef struct {
	DeploymentRef
	Path string `query:"path" desc:"path of the file"`
}

// FilePull asks for content of a deployment.
type FilePull struct {
	App        string         `path:"app" desc:"name or id of the app"`
	Deployment string         `path:"deployment" desc:"number of the deployment, or live"`
	Hashes     []hosting.Hash `json:"hashes" desc:"which content, by its SHA-256"`
}

// The operations on the files of a deployment.
var (
	DeploymentGet = declare[DeploymentRef, Deployment](Spec{Name: "deployment.get", Method: http.MethodGet, Path: "/api/apps/{app}/deployments/{deployment}", Access: Read, Tag: "Deployments", Doc: "Show one deployment of an app."})
	FilePage      = declare[FileList, Page[hosting.Listed]](Spec{Name: "file.list", Method: http.MethodGet, Path: "/api/apps/{app}/deployments/{deployment}/files", Access: Read, Tag: "Deployments", Doc: "List the files of a deployment in the order of their paths, those that are never served included."})
	FileRead      = declare[FileRef, Stream](Spec{Name: "file.read", Method: http.MethodGet, Path: "/api/apps/{app}/deployments/{deployment}/file", Access: Read, Tag: "Deployments", Media: "application/octet-stream", Doc: "Read one file of a deployment, byte for byte."})
	FileFetch     = declare[FilePull, Stream](Spec{Name: "file.pull", Method: http.MethodPost, Path: "/api/apps/{app}/deployments/{deployment}/content", Access: Read, Reads: true, MaxBody: 64 << 20, Tag: "Deployments", Media: "application/zstd", Doc: "Fetch content of a deployment in one go: a zstd-compressed tar stream whose entries are named by their SHA-256."})
)

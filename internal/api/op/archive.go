package op

import (
	"io"
	"net/http"
)

// ArchiveDeploy brings a whole deployment in one archive.
type ArchiveDeploy struct {
	App     string    `form:"app" desc:"name of the app; made if there is none"`
	Message *string   `form:"message" desc:"what changed, for the list of deployments"`
	Preview *bool     `form:"preview" desc:"make the deployment without putting it live"`
	SPA     *bool     `form:"spa" desc:"answer paths that match no file with index.html; overrides fazt.json"`
	File    io.Reader `form:"file" desc:"a zip or a tar.gz; the last field of the form"`
}

// DeployArchive is the deploy for those who have no fazt: `curl -F app=blog -F file=@site.zip`.
var DeployArchive = declare[ArchiveDeploy, Deployed](Spec{Name: "deploy.archive", Resource: "app", Method: http.MethodPost, Path: "/api/deploy", Access: Deploy, Tag: "Deployments", Doc: "Deploy a zip or tar.gz: the form fields app, message, preview and spa, and last file. A folder that everything lies in is taken off."})

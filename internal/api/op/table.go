package op

import (
	"encoding/json"
	"io"
	"net/http"
	"time"

	"fazt/internal/activity"
	"fazt/internal/apps"
	"fazt/internal/hosting"
	"fazt/internal/storage"
)

// App is an app as the control API shows it.
type App struct {
	AppFacts
	Live      *hosting.Deployment `json:"live"` // null = nothing is live yet
	Stats     hosting.Stats       `json:"stats"`
	Usage     storage.Usage       `json:"usage"`
	Variables int                 `json:"variables"` // of the environment
	Needs     []Need              `json:"needs"`     // what the fazt.json of the live deployment asks for and nobody granted
}

// AppRef names an app by its name or id.
type AppRef struct {
	App string `path:"app" desc:"name or id of the app"`
}

// List asks for one page.
type List struct {
	Cursor string `query:"cursor" desc:"where the page begins: the next of the page before"`
	Limit  int    `query:"limit" desc:"how many, 1 to 1000; 100 when absent"`
}

// AppPage asks for one page of what belongs to an app.
type AppPage struct {
	App string `path:"app" desc:"name or id of the app"`
	List
}

// Deployment is a deployment with the address it is seen at.
type Deployment struct {
	hosting.Deployment
	URL     string `json:"url"`         // of the app when live, else of its preview
	Preview string `json:"preview_url"` // where this deployment alone is seen, whatever is live
}

// UploadBegin announces a deployment.
type UploadBegin struct {
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

// Deployed is the outcome of a commit.
type Deployed struct {
	App        apps.App   `json:"app"`
	Deployment Deployment `json:"deployment"`
	Preview    bool       `json:"preview"` // not live: seen at its preview address only
	Warnings   []string   `json:"warnings"`
	Needs      []Need     `json:"needs"` // what its fazt.json asks for and nobody granted
}

// Rollback says which deployment goes live.
type Rollback struct {
	App string `path:"app" desc:"name or id of the app"`
	To  int    `json:"to" desc:"number of the deployment; 0 = the one that was made before the live one"`
}

// Removal is what a removal takes, or would take, with it.
type Removal struct {
	App apps.App `json:"app"`
	apps.Addresses
	SplitLosses []apps.SplitLoss `json:"split_losses"` // how the splits go on without it
	Deployments int              `json:"deployments"`
	Stats       hosting.Stats    `json:"stats"`
	Keys        int              `json:"keys"`    // entries of the key-value store
	Net         []string         `json:"net"`     // domains that it alone may reach
	Secrets     []string         `json:"secrets"` // that are for it alone
}

// EnvSet sets variables of an app.
type EnvSet struct {
	App    string            `path:"app" desc:"name or id of the app"`
	Values map[string]string `json:"values"`
}

// EnvUnset removes variables of an app.
type EnvUnset struct {
	App   string   `path:"app" desc:"name or id of the app"`
	Names []string `query:"name" desc:"the variables to remove"`
}

// EnvVariable is a variable without its value.
type EnvVariable struct {
	Name      string    `json:"name"`
	Length    int       `json:"length"` // of the value, in bytes
	UpdatedAt time.Time `json:"updated_at"`
}

// ServerInit gives a new instance its owner and its domain.
type ServerInit struct {
	Owner    string `json:"owner"`
	Password string `json:"password"`
	Domain   string `json:"domain" desc:"apps are served below it; unchanged when empty"`
}

// ServerStatus is how an instance is doing.
type ServerStatus struct {
	Version   string    `json:"version"`
	Running   bool      `json:"running"` // false: asked of a database no server has open
	PID       int       `json:"pid"`     // 0: of a server that runs and cannot be reached
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

// The operations, one line each. Forgetting the access closes the operation.
var (
	AppList     = declare[List, Page[AppItem]](Spec{Name: "app.list", Method: http.MethodGet, Path: "/api/apps", Access: Read, Tag: "Apps", Doc: "List the apps in the order of their names."})
	AppGet      = declare[AppRef, App](Spec{Name: "app.get", Method: http.MethodGet, Path: "/api/apps/{app}", Access: Read, Tag: "Apps", Doc: "Show one app."})
	AppRemoval  = declare[AppRef, Removal](Spec{Name: "app.removal", Method: http.MethodGet, Path: "/api/apps/{app}/removal", Access: Read, Tag: "Apps", Doc: "Show what removing an app would take with it."})
	AppRemove   = declare[AppRef, Removal](Spec{Name: "app.remove", Method: http.MethodDelete, Path: "/api/apps/{app}", Access: Admin, Tag: "Apps", Doc: "Remove an app with its deployments, aliases, domains, environment and data. Splits go on without it."})
	AppRollback = declare[Rollback, Deployment](Spec{Name: "app.rollback", Method: http.MethodPost, Path: "/api/apps/{app}/rollback", Access: Deploy, Tag: "Apps", Doc: "Make an earlier deployment the live one, or a later one again."})
	AppResume   = declare[AppRef, App](Spec{Name: "app.resume", Method: http.MethodPost, Path: "/api/apps/{app}/resume", Access: Deploy, Tag: "Apps", Doc: "Let the function of an app run again that was stopped because runs of it could not be ended."})

	DeploymentPage = declare[AppPage, Page[Deployment]](Spec{Name: "deployment.list", Method: http.MethodGet, Path: "/api/apps/{app}/deployments", Access: Read, Tag: "Deployments", Doc: "List the deployments of an app, newest first."})
	UploadStart    = declare[UploadBegin, hosting.Upload](Spec{Name: "upload.begin", Weight: activity.System, Resource: "app", Method: http.MethodPost, Path: "/api/apps/{app}/uploads", Access: Deploy, Tag: "Deployments", MaxBody: 64 << 20, Doc: "Announce a deployment and learn which content is missing. The same plan again resumes its upload."})
	UploadSend     = declare[UploadContent, hosting.Received](Spec{Name: "upload.send", Weight: activity.System, Method: http.MethodPut, Path: "/api/uploads/{upload}/content", Access: Deploy, Tag: "Deployments", Doc: "Send missing content. What arrived whole stays, so that a cut-off upload goes on where it ended."})
	UploadCommit   = declare[UploadRef, Deployed](Spec{Name: "upload.commit", Resource: "app", Method: http.MethodPost, Path: "/api/uploads/{upload}/commit", Access: Deploy, Tag: "Deployments", Doc: "Compile the function, make the deployment and put it live. Safe to repeat."})

	EnvList   = declare[AppPage, Page[EnvVariable]](Spec{Name: "env.list", Method: http.MethodGet, Path: "/api/apps/{app}/env", Access: Read, Tag: "Environment", Doc: "List the variables of an app in the order of their names, without their values."})
	EnvChange = declare[EnvSet, []EnvVariable](Spec{Name: "env.set", Weight: activity.Configuration, Method: http.MethodPatch, Path: "/api/apps/{app}/env", Access: Deploy, Tag: "Environment", Doc: "Set variables of an app. Functions see them from the next request on."})
	EnvRemove = declare[EnvUnset, []EnvVariable](Spec{Name: "env.unset", Weight: activity.Configuration, Method: http.MethodDelete, Path: "/api/apps/{app}/env", Access: Deploy, Tag: "Environment", Doc: "Remove variables of an app."})

	ServerSetup   = declare[ServerInit, ServerStatus](Spec{Name: "server.init", Weight: activity.Security, Method: http.MethodPost, Path: "/api/server/init", Access: Owner, Tag: "Server", Doc: "Give a new instance its owner and its domain."})
	ServerState   = declare[None, ServerStatus](Spec{Name: "server.status", Method: http.MethodGet, Path: "/api/server", Access: Read, Tag: "Server", Doc: "Show how the instance is doing."})
	ServerStop    = declare[None, ServerStatus](Spec{Name: "server.stop", Weight: activity.System, Method: http.MethodPost, Path: "/api/server/stop", Access: Owner, Tag: "Server", Doc: "Finish running requests and stop the server."})
	ServerRestart = declare[None, ServerStatus](Spec{Name: "server.restart", Weight: activity.System, Method: http.MethodPost, Path: "/api/server/restart", Access: Owner, Tag: "Server", Doc: "Finish running requests and replace the server by a fresh process on the same sockets. Nobody is refused meanwhile."})

	ManifestSchema = declare[None, json.RawMessage](Spec{Name: "schema.manifest", Method: http.MethodGet, Path: "/api/schema/fazt.json", Access: Anyone, Bare: true, Tag: "Documents", Doc: "The JSON Schema of fazt.json."})
	OpenAPI        = declare[None, json.RawMessage](Spec{Name: "schema.openapi", Method: http.MethodGet, Path: "/api/openapi.json", Access: Anyone, Bare: true, Tag: "Documents", Doc: "This API as an OpenAPI document."})
)

// All is every operation, in the order of the documents.
func All() []Spec {
	return []Spec{
		AppList.Spec, AppGet.Spec, AppRemoval.Spec, AppRemove.Spec, AppRollback.Spec, AppResume.Spec,
		AppRename.Spec, AliasList.Spec, AliasGet.Spec, AliasSet.Spec, AliasSwap.Spec, AliasRemove.Spec,
		DomainList.Spec, DomainGet.Spec, DomainAdd.Spec, DomainCheck.Spec, DomainRemove.Spec,
		DeploymentPage.Spec, UploadStart.Spec, UploadSend.Spec, UploadCommit.Spec, DeployArchive.Spec,
		EnvList.Spec, EnvChange.Spec, EnvRemove.Spec,
		ServerSetup.Spec, ServerState.Spec, ServerStop.Spec, ServerRestart.Spec, DatabaseCheck.Spec, DatabaseBackup.Spec, DatabaseFetch.Spec, ServerCalibrate.Spec,
		KeyCreate.Spec, KeyPage.Spec, KeyRevoke.Spec, WhoAmI.Spec,
		SQLQuery.Spec, SQLWrite.Spec,
		ManifestSchema.Spec, OpenAPI.Spec,
		DeploymentGet.Spec, FilePage.Spec, FileRead.Spec, FileFetch.Spec,
		AppLogs.Spec, AppFork.Spec,
		SystemHealth.Spec, SystemMetrics.Spec, Healthz.Spec, Readyz.Spec,
		LimitsGet.Spec, LimitsList.Spec, LimitsSchema.Spec, LimitsSet.Spec,
		SettingsGet.Spec, SettingsList.Spec, SettingsSchema.Spec, SettingsSet.Spec,
		AppLogsFollow.Spec, LogList.Spec, LogStats.Spec, LogExport.Spec, LogTail.Spec, LogCleanup.Spec,
		NetPage.Spec, NetGet.Spec, NetSet.Spec, NetRemove.Spec, NetExplain.Spec, NetLogPage.Spec, NetLogFollow.Spec, NetSum.Spec, NetCache.Spec, NetCacheClear.Spec,
		SecretPage.Spec, SecretPut.Spec, SecretChange.Spec, SecretRemove.Spec,
	}
}

package api

import "fazt/internal/api/op"

// routes is every operation with its implementation; a test holds it against op.All.
func (a *API) routes() []route {
	return []route{
		on(op.AppList, a.appList),
		on(op.AppGet, a.appGet),
		on(op.AppRemoval, a.appRemoval),
		on(op.AppRemove, a.appRemove),
		on(op.AppRollback, a.appRollback),

		on(op.DeploymentPage, a.deploymentList),
		on(op.UploadStart, a.uploadBegin),
		on(op.UploadSend, a.uploadSend),
		on(op.UploadCommit, a.uploadCommit),

		on(op.EnvList, a.envList),
		on(op.EnvChange, a.envSet),
		on(op.EnvRemove, a.envUnset),

		on(op.ServerSetup, a.serverInit),
		on(op.ServerState, a.serverStatus),
		on(op.ServerStop, a.serverStop),
		on(op.DatabaseCheck, a.databaseCheck),
		on(op.SQLQuery, a.sqlQuery),
		on(op.SQLWrite, a.sqlWrite),

		on(op.ManifestSchema, a.manifestSchema),
		on(op.OpenAPI, a.openAPI),
	}
}

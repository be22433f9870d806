package api

import (
	"fazt/internal/api/key"
	"fazt/internal/api/limits"
	"fazt/internal/api/op"
	"fazt/internal/api/sql"
)

// routes is every operation with its implementation; a test holds it against op.All.
func (a *API) routes() []route {
	caller := key.Caller{Apps: a.Apps}
	key := key.API{Keys: a.Keys, Apps: a.Apps}
	sql := sql.API{DB: a.DB, Limits: a.Limits, Log: a.Log}
	settings := limits.Settings{System: a.System}
	limits := limits.API{System: a.System, Limits: a.Limits, Apps: a.Apps}
	return []route{
		on(op.AppList, a.appList),
		on(op.AppGet, a.appGet),
		on(op.AppRemoval, a.appRemoval),
		on(op.AppRemove, a.appRemove),
		on(op.AppRollback, a.appRollback),
		on(op.AppResume, a.appResume),
		on(op.AppRename, a.appRename),

		on(op.AliasList, a.aliasList),
		on(op.AliasGet, a.aliasGet),
		on(op.AliasSet, a.aliasSet),
		on(op.AliasSwap, a.aliasSwap),
		on(op.AliasRemove, a.aliasRemove),
		on(op.DomainList, a.domainList),
		on(op.DomainGet, a.domainGet),
		on(op.DomainAdd, a.domainAdd),
		on(op.DomainCheck, a.domainCheck),
		on(op.DomainRemove, a.domainRemove),

		on(op.DeploymentList, a.deploymentList),
		on(op.UploadBegin, a.uploadBegin),
		on(op.UploadSend, a.uploadSend),
		on(op.UploadCommit, a.uploadCommit),
		on(op.DeployArchive, a.deployArchive),

		on(op.EnvList, a.envList),
		on(op.EnvSet, a.envSet),
		on(op.EnvUnset, a.envUnset),

		on(op.ServerInit, a.serverInit),
		on(op.ServerStatus, a.serverStatus),
		on(op.ServerStop, a.serverStop),
		on(op.ServerRestart, a.serverRestart),
		on(op.DatabaseCheck, a.databaseCheck),
		on(op.DatabaseBackup, a.databaseBackup),
		streamed(a, op.DatabaseFetch, a.databaseFetch),
		on(op.ServerCalibrate, a.serverCalibrate),
		on(op.SQLQuery, sql.Query),
		on(op.SQLWrite, sql.Write),

		on(op.KeyCreate, key.Create),
		on(op.KeyList, key.List),
		on(op.KeyRevoke, key.Revoke),
		on(op.CallerGet, caller.Get),

		on(op.SchemaManifest, a.schemaManifest),
		on(op.SchemaOpenAPI, a.schemaOpenAPI),

		on(op.DeploymentGet, a.deploymentGet),
		on(op.FileList, a.fileList),
		streamed(a, op.FileRead, a.fileRead),
		streamed(a, op.FileFetch, a.fileFetch),
		streamed(a, op.AppLogs, a.appLogs),
		on(op.AppFork, a.appFork),
		on(op.SystemHealth, a.systemHealth),
		streamed(a, op.SystemMetrics, a.systemMetrics),
		on(op.SystemHealthz, a.systemHealthz),
		on(op.SystemReadyz, a.systemReadyz),

		on(op.LimitsGet, limits.Get),
		on(op.LimitsList, limits.List),
		on(op.LimitsSchema, limits.Schema),
		on(op.LimitsSet, limits.Set),
		on(op.SettingsGet, settings.Get),
		on(op.SettingsList, settings.List),
		on(op.SettingsSchema, settings.Schema),
		on(op.SettingsSet, settings.Set),

		streamed(a, op.AppLogsFollow, a.appLogsFollow),
		on(op.LogList, a.logList),
		on(op.LogStats, a.logStats),
		streamed(a, op.LogExport, a.logExport),
		streamed(a, op.LogTail, a.logTail),
		on(op.LogCleanup, a.logCleanup),

		on(op.NetList, a.netList),
		on(op.NetGet, a.netGet),
		on(op.NetAllow, a.netAllow),
		on(op.NetRemove, a.netRemove),
		on(op.NetTest, a.netTest),
		on(op.NetLogs, a.netLogs),
		streamed(a, op.NetLogsFollow, a.netLogsFollow),
		on(op.NetStats, a.netStats),
		on(op.NetCache, a.netCache),
		on(op.NetCacheClear, a.netCacheClear),
		on(op.SecretList, a.secretList),
		on(op.SecretSet, a.secretSet),
		on(op.SecretRotate, a.secretRotate),
		on(op.SecretRemove, a.secretRemove),
	}
}

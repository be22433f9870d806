package api

import "fazt/internal/api/op"

// routes returns every operation with its implementation; a test compares it with op.All.
func (a *API) routes() []route {
	n, schema := newNouns(a.Config, a.ending), newSchema()
	return []route{
		on(op.AppList, n.app.List),
		on(op.AppGet, n.app.Get),
		on(op.AppRemoval, n.app.Removal),
		on(op.AppRemove, n.app.Remove),
		on(op.AppRollback, n.app.Rollback),
		on(op.AppResume, n.app.Resume),
		on(op.AppRename, n.app.Rename),

		on(op.AliasList, n.alias.List),
		on(op.AliasGet, n.alias.Get),
		on(op.AliasSet, n.alias.Set),
		on(op.AliasSwap, n.alias.Swap),
		on(op.AliasRemove, n.alias.Remove),
		on(op.DomainList, n.domain.List),
		on(op.DomainGet, n.domain.Get),
		on(op.DomainAdd, n.domain.Add),
		on(op.DomainCheck, n.domain.Check),
		on(op.DomainRemove, n.domain.Remove),

		on(op.DeploymentList, n.deployment.List),
		on(op.UploadBegin, n.upload.Begin),
		on(op.UploadSend, n.upload.Send),
		on(op.UploadCommit, n.upload.Commit),
		on(op.DeployArchive, n.deploy.Archive),

		on(op.EnvList, n.env.List),
		on(op.EnvSet, n.env.Set),
		on(op.EnvUnset, n.env.Unset),

		on(op.ServerInit, n.server.Init),
		on(op.ServerStatus, n.server.Status),
		on(op.ServerStop, n.server.Stop),
		on(op.ServerRestart, n.server.Restart),
		on(op.DatabaseCheck, n.database.Check),
		on(op.DatabaseBackup, n.database.Backup),
		streamed(a, op.DatabaseFetch, n.database.Fetch),
		on(op.ServerCalibrate, n.server.Calibrate),
		on(op.SQLQuery, n.sql.Query),
		on(op.SQLWrite, n.sql.Write),

		on(op.KeyCreate, n.key.Create),
		on(op.KeyList, n.key.List),
		on(op.KeyRevoke, n.key.Revoke),
		on(op.CallerGet, n.caller.Get),

		on(op.SchemaManifest, schema.Manifest),
		on(op.SchemaOpenAPI, schema.OpenAPI),

		on(op.DeploymentGet, n.deployment.Get),
		on(op.FileList, n.file.List),
		streamed(a, op.FileRead, n.file.Read),
		streamed(a, op.FileFetch, n.file.Fetch),
		streamed(a, op.AppLogs, n.app.Logs),
		on(op.AppFork, n.app.Fork),
		on(op.SystemHealth, n.system.Health),
		streamed(a, op.SystemMetrics, n.system.Metrics),
		on(op.SystemHealthz, n.system.Healthz),
		on(op.SystemReadyz, n.system.Readyz),

		on(op.LimitsGet, n.limits.Get),
		on(op.LimitsList, n.limits.List),
		on(op.LimitsSchema, n.limits.Schema),
		on(op.LimitsSet, n.limits.Set),
		on(op.SettingsGet, n.settings.Get),
		on(op.SettingsList, n.settings.List),
		on(op.SettingsSchema, n.settings.Schema),
		on(op.SettingsSet, n.settings.Set),

		streamed(a, op.AppLogsFollow, n.app.LogsFollow),
		on(op.LogList, n.log.List),
		on(op.LogStats, n.log.Stats),
		streamed(a, op.LogExport, n.log.Export),
		streamed(a, op.LogTail, n.log.Tail),
		on(op.LogCleanup, n.log.Cleanup),

		on(op.NetList, n.net.List),
		on(op.NetGet, n.net.Get),
		on(op.NetAllow, n.net.Allow),
		on(op.NetRemove, n.net.Remove),
		on(op.NetTest, n.net.Test),
		on(op.NetLogs, n.net.Logs),
		streamed(a, op.NetLogsFollow, n.net.LogsFollow),
		on(op.NetStats, n.net.Stats),
		on(op.NetCache, n.net.Cache),
		on(op.NetCacheClear, n.net.CacheClear),
		on(op.SecretList, n.secret.List),
		on(op.SecretSet, n.secret.Set),
		on(op.SecretRotate, n.secret.Rotate),
		on(op.SecretRemove, n.secret.Remove),
	}
}

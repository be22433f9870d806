package op

import (
	"encoding/json"
	"net/http"

	"fazt/internal/activity"
	"fazt/internal/system"
)

const (
	get   = http.MethodGet
	post  = http.MethodPost
	put   = http.MethodPut
	patch = http.MethodPatch
	del   = http.MethodDelete
)

// The operations: name, method, path, access, what a change touches, doc. The variable, the name and the method of
// package api that carries it out share one stem. An operation that forgets its access is closed.
var (
	AppList       = declare[List, Page[AppItem]]("app.list", get, "/api/apps", Read, Nothing, "List the apps.")
	AppGet        = declare[AppRef, App]("app.get", get, "/api/apps/{app}", Read, Nothing, "Show one app.")
	AppRemoval    = declare[AppRef, Removal]("app.removal", get, "/api/apps/{app}/removal", Read, Nothing, "Show what removing an app would delete.")
	AppRemove     = declare[AppRef, Removal]("app.remove", del, "/api/apps/{app}", Admin, Anything, "Remove an app with its deployments, aliases, domains, environment and data. Splits continue with their other apps.")
	AppRename     = declare[AppNewName, Renamed]("app.rename", post, "/api/apps/{app}/rename", Admin, Routes, "Rename an app. Its host label changes with it; deployments, data, environment, logs, domains, splits and keys stay. The old label becomes free unless it is kept.")
	AppFork       = declare[Fork, App]("app.fork", post, "/api/apps/{app}/fork", Admin, Routes, "Create an app from the live deployment of another. The content is shared, so the fork takes no space, and from then on the two apps are independent. Aliases are not copied. Stored values and environment variables, which may be secrets, are copied only on request.")
	AppRollback   = declare[Rollback, Deployment]("app.rollback", post, "/api/apps/{app}/rollback", Deploy, Routes, "Put the previous deployment live again. Another rollback goes back further. Any deployment can be chosen by its number, including previews and later ones.")
	AppResume     = declare[AppRef, App]("app.resume", post, "/api/apps/{app}/resume", Deploy, Routes, "Let the function of a stopped app run again. An app is stopped when, three times within a minute, its function could not be interrupted at its deadline. A new deployment does not need this.")
	AppLogs       = declare[LogQuery, Stream]("app.logs", get, "/api/apps/{app}/logs", Logs, Nothing, "Read the console output of an app's functions, oldest first, one JSON object per line.", streams("application/x-ndjson"))
	AppLogsFollow = declare[LogFollow, Stream]("app.logs.follow", get, "/api/apps/{app}/logs/follow", Logs, Nothing, "Follow the console output of an app's functions live, as server-sent events, starting with the newest lines.", streams(eventStream))

	AliasList   = declare[List, Page[Alias]]("alias.list", get, "/api/aliases", Read, Nothing, "List the aliases and what they point to.")
	AliasGet    = declare[AliasRef, AliasDetail]("alias.get", get, "/api/aliases/{alias}", Read, Nothing, "Show one alias, and the apps that are reachable only through it.")
	AliasSet    = declare[AliasTarget, AliasChange]("alias.set", put, "/api/aliases/{alias}", Admin, Routes, "Point an alias to an app, a redirect or a split, or reserve it. Refused if this would leave an app without an address, unless forced; details.unreachable lists the apps.")
	AliasSwap   = declare[AliasPair, []Alias]("alias.swap", post, "/api/aliases/{alias}/swap", Admin, Routes, "Swap the targets of two aliases in one step.")
	AliasRemove = declare[AliasDrop, AliasGone]("alias.remove", del, "/api/aliases/{alias}", Admin, Routes, "Remove an alias. Refused if this would leave an app without an address, unless forced; details.unreachable lists the apps.")

	DomainList   = declare[List, Page[Domain]]("domain.list", get, "/api/domains", Read, Nothing, "List the domains and their apps.")
	DomainGet    = declare[DomainRef, DomainDetail]("domain.get", get, "/api/domains/{host}", Read, Nothing, "Show one domain.")
	DomainAdd    = declare[DomainTarget, Domain]("domain.add", put, "/api/domains/{host}", Admin, Routes, "Point a whole host name to an app. This covers only the exact name: www.example.com is a separate domain. Point the name to this machine at your DNS provider; `fazt domain check` shows whether that worked.")
	DomainCheck  = declare[DomainRef, DomainState]("domain.check", get, "/api/domains/{host}/check", Read, Nothing, "Check whether a domain points to this instance. The instance resolves the name and compares the result with its own addresses; if they differ, the response says what to change at the DNS provider.")
	DomainRemove = declare[DomainDrop, DomainGone]("domain.remove", del, "/api/domains/{host}", Admin, Routes, "Remove a domain from its app. Refused if this would leave the app without an address, unless forced; details.unreachable lists the app.")

	DeploymentList = declare[AppPage, Page[Deployment]]("deployment.list", get, "/api/apps/{app}/deployments", Read, Nothing, "List the deployments of an app, newest first.")
	DeploymentGet  = declare[DeploymentRef, Deployment]("deployment.get", get, "/api/apps/{app}/deployments/{deployment}", Read, Nothing, "Show one deployment of an app.")
	UploadBegin    = declare[UploadPlan, Upload]("upload.begin", post, "/api/apps/{app}/uploads", Deploy, Itself, "Announce a deployment and learn which content is missing. Sending the same plan again resumes its upload.", weight(activity.System), about("app"), maxBody(64<<20))
	UploadSend     = declare[UploadContent, Received]("upload.send", put, "/api/uploads/{upload}/content", Deploy, Itself, "Send missing content. Files that arrived completely are kept, so an interrupted upload continues where it stopped.", weight(activity.System))
	UploadCommit   = declare[UploadRef, Deployed]("upload.commit", post, "/api/uploads/{upload}/commit", Deploy, Routes, "Compile the function, create the deployment and put it live. Safe to repeat.", about("app"))
	DeployArchive  = declare[ArchiveDeploy, Deployed]("deploy.archive", post, "/api/deploy", Deploy, Routes, "Deploy a zip or tar.gz, sent as a form: the fields app, message, preview and spa, and file as the last one. If the whole archive is in one folder, that folder is stripped.", about("app"))

	FileList  = declare[FilePage, Page[File]]("file.list", get, "/api/apps/{app}/deployments/{deployment}/files", Read, Nothing, "List the files of a deployment sorted by path, including those that are never served.")
	FileRead  = declare[FileRef, Stream]("file.read", get, "/api/apps/{app}/deployments/{deployment}/file", Read, Nothing, "Read one file of a deployment, byte for byte.", streams("application/octet-stream"))
	FileFetch = declare[FilePull, Stream]("file.fetch", post, "/api/apps/{app}/deployments/{deployment}/content", Read, Nothing, "Fetch content of a deployment in one request: a zstd-compressed tar stream whose entries are named by their SHA-256.", maxBody(64<<20), streams("application/zstd"))

	EnvList  = declare[AppPage, Page[EnvVariable]]("env.list", get, "/api/apps/{app}/env", Read, Nothing, "List the environment variables of an app, without their values.")
	EnvSet   = declare[EnvValues, []EnvVariable]("env.set", patch, "/api/apps/{app}/env", Deploy, Routes, "Set environment variables of an app. Functions see them from the next request on.", weight(activity.Configuration))
	EnvUnset = declare[EnvNames, []EnvVariable]("env.unset", del, "/api/apps/{app}/env", Deploy, Routes, "Remove environment variables of an app.", weight(activity.Configuration))

	ServerInit      = declare[ServerOwner, ServerState]("server.init", post, "/api/server/init", Owner, Anything, "Give a new instance its owner and its domain.", weight(activity.Security))
	ServerStatus    = declare[None, ServerState]("server.status", get, "/api/server", Read, Nothing, "Show the state of the instance.")
	ServerStop      = declare[None, ServerState]("server.stop", post, "/api/server/stop", Owner, Itself, "Finish running requests and stop the server.", weight(activity.System))
	ServerRestart   = declare[None, ServerState]("server.restart", post, "/api/server/restart", Owner, Itself, "Finish running requests and replace the server with a new process on the same sockets. No request is refused meanwhile.", weight(activity.System))
	ServerCalibrate = declare[Calibrate, system.Measured]("server.calibrate", post, "/api/server/calibrate", Admin, Limits, "Measure how much load the instance can handle, and store the result as limits.capacity. The instance is under full load meanwhile.")

	DatabaseCheck  = declare[DatabaseChecks, DatabaseFaults]("database.check", post, "/api/database/check", Admin, Itself, "Check the whole database file for damage, even while it is in use. A running server does the same in the background and reports the result in its health.", weight(activity.System))
	DatabaseBackup = declare[Backup, BackedUp]("database.backup", post, "/api/database/backup", Owner, Itself, "Copy the database to a file on the machine of the instance, while it is in use. The copy is verified before it gets its name.", weight(activity.Security))
	DatabaseFetch  = declare[None, Stream]("database.fetch", post, "/api/database/fetch", Admin, Itself, "Fetch a copy of the database as it is now. It contains everything except the key of the secrets. Verify the copy before relying on it.", weight(activity.Security), streams("application/vnd.sqlite3"))

	KeyCreate = declare[KeyNew, KeyMade]("key.create", post, "/api/keys", Admin, Itself, "Create an API key. Its token is shown only once. A key cannot create keys with the scope admin, or keys that outlive it.", weight(activity.Security))
	KeyList   = declare[List, Page[Key]]("key.list", get, "/api/keys", Admin, Nothing, "List the active API keys, without their tokens.")
	KeyRevoke = declare[KeyRef, Key]("key.revoke", del, "/api/keys/{key}", Admin, Itself, "Revoke an API key and the keys created with it. They stop working at once.", weight(activity.Security))
	CallerGet = declare[None, Caller]("caller.get", get, "/api/whoami", Anyone, Nothing, "Show who is calling, as the instance sees it.")

	SQLQuery = declare[Statement, Rows]("sql.query", post, "/api/sql/query", Admin, Itself, "Run one read-only statement. Password hashes, values of variables and other secrets read as null.")
	SQLWrite = declare[Statement, Rows]("sql.write", post, "/api/sql/write", Owner, Anything, "Run one statement that changes rows, in a transaction. It cannot change the schema or who may sign in.", weight(activity.Data))

	SchemaManifest = declare[None, json.RawMessage]("schema.manifest", get, "/api/schema/fazt.json", Anyone, Nothing, "The JSON Schema of fazt.json.", bare)
	SchemaOpenAPI  = declare[None, json.RawMessage]("schema.openapi", get, "/api/openapi.json", Anyone, Nothing, "This API as an OpenAPI document.", bare)

	SystemHealth  = declare[None, Health]("system.health", get, "/api/system/health", Read, Nothing, "Show memory, database, queues and functions of the running server.")
	SystemMetrics = declare[None, Stream]("system.metrics", get, "/metrics", Metrics, Nothing, "Read the counters of the running instance in the Prometheus text format.", streams("text/plain; version=0.0.4; charset=utf-8"))
	SystemHealthz = declare[None, State]("system.healthz", get, "/healthz", Anyone, Nothing, "Respond as long as the process is alive.", bare)
	SystemReadyz  = declare[None, State]("system.readyz", get, "/readyz", Anyone, Nothing, "Respond with 200 while the instance can serve: the database responds and no stop was requested. Otherwise 503.", bare)

	LimitsGet    = declare[LimitsOf, system.Limits]("limits.get", get, "/api/system/limits", Read, Nothing, "Show the limits in force, by group.")
	LimitsList   = declare[LimitsOf, LimitList]("limits.list", get, "/api/system/limits/list", Read, Nothing, "List the limits with their ranges and defaults, and who changed them when.")
	LimitsSchema = declare[None, []system.Group]("limits.schema", get, "/api/system/limits/schema", Read, Nothing, "Describe the limits: label, explanation, unit, range, default. The same on every machine.")
	LimitsSet    = declare[LimitsChange, []system.Changed]("limits.set", patch, "/api/system/limits", Admin, Limits, "Change limits, all or none. Changes take effect at once.", weight(activity.Configuration))

	SettingsGet    = declare[None, system.Settings]("settings.get", get, "/api/system/settings", Read, Nothing, "Show the settings in force.")
	SettingsList   = declare[None, SettingList]("settings.list", get, "/api/system/settings/list", Read, Nothing, "List the settings with the sources of their values, and who changed them when.")
	SettingsSchema = declare[None, []system.Group]("settings.schema", get, "/api/system/settings/schema", Read, Nothing, "Describe the settings. The same on every machine.")
	SettingsSet    = declare[SettingsChange, []system.Changed]("settings.set", patch, "/api/system/settings", Admin, Limits, "Change settings, all or none. The response says which need a restart, and which are overridden by a flag or the environment.", weight(activity.Configuration))

	LogList    = declare[ActivityList, Page[activity.Entry]]("log.list", get, "/api/logs", Logs, Nothing, "List who did what, newest first.")
	LogStats   = declare[ActivityFilter, activity.Stats]("log.stats", get, "/api/logs/stats", Logs, Nothing, "Count the entries of the activity log by weight and result.")
	LogExport  = declare[ActivityFilter, Stream]("log.export", get, "/api/logs/export", Logs, Nothing, "Read all entries of the activity log, newest first, one JSON object per line.", streams("application/x-ndjson"))
	LogTail    = declare[ActivityTail, Stream]("log.tail", get, "/api/logs/tail", Logs, Nothing, "Follow the activity log live, as server-sent events whose data are entries.", streams(eventStream))
	LogCleanup = declare[ActivityCleanup, ActivityRemoved]("log.cleanup", del, "/api/logs", Admin, Itself, "Remove entries from the activity log. Without force they are only counted.", weight(activity.Security))

	NetList       = declare[NetOf, []NetEntry]("net.list", get, "/api/net/entries", Read, Nothing, "List the domains that functions may reach.")
	NetGet        = declare[NetRef, NetEntry]("net.get", get, "/api/net/entries/{domain}", Read, Nothing, "Show the entry of a domain in full.")
	NetAllow      = declare[NetGrant, NetAllowed]("net.allow", post, "/api/net/entries", Admin, Net, "Allow functions to reach a domain. An existing entry for the same domain and app is replaced. Takes effect at once.", weight(activity.Security))
	NetRemove     = declare[NetRef, NetEntry]("net.remove", del, "/api/net/entries/{domain}", Admin, Net, "Stop allowing a domain. Takes effect at once.", weight(activity.Security))
	NetTest       = declare[NetCall, NetVerdict]("net.test", post, "/api/net/test", Read, Nothing, "Check whether a call would be allowed, and why. The result shows which entry applies. The name is resolved and each of its addresses checked; no request is sent.")
	NetLogs       = declare[NetLogPage, Page[NetAttempt]]("net.logs", get, "/api/net/log", Logs, Nothing, "List the outbound calls of functions, newest first: every hop, including refused ones.")
	NetLogsFollow = declare[NetTail, Stream]("net.logs.follow", get, "/api/net/log/follow", Logs, Nothing, "Follow the outbound calls of functions live, as server-sent events.", streams(eventStream))
	NetStats      = declare[NetFilter, NetTotals]("net.stats", get, "/api/net/stats", Logs, Nothing, "Count calls, errors, bytes, times and cache hits by app and domain. Every hop is a call. Errors are calls that were refused or failed, and responses with a status of 500 or above. The times are those of calls that were sent: half of them took no longer than p50, 95 % no longer than p95.")
	NetCache      = declare[None, NetCacheState]("net.cache", get, "/api/net/cache", Read, Nothing, "Show what the response cache holds and how often it was used.")
	NetCacheClear = declare[NetCleared, NetCacheState]("net.cache.clear", del, "/api/net/cache", Admin, Itself, "Empty the response cache of one app, or of all apps. The response shows what is left.")

	SecretList   = declare[NetOf, []Secret]("secret.list", get, "/api/secrets", Read, Nothing, "List the secrets of outbound calls, without their values.")
	SecretSet    = declare[SecretGrant, SecretDone]("secret.set", put, "/api/secrets/{secret}", Admin, Net, "Give functions a credential for one domain, which they use by name and never see. An existing secret with the same name and app is replaced.", weight(activity.Security))
	SecretRotate = declare[SecretValue, Secret]("secret.rotate", post, "/api/secrets/{secret}/rotate", Admin, Net, "Give a secret a new value. Everything else about it stays the same.", weight(activity.Security))
	SecretRemove = declare[SecretRef, Secret]("secret.remove", del, "/api/secrets/{secret}", Admin, Net, "Remove a secret. Functions that use it fail from then on.", weight(activity.Security))
)

// All returns every operation, in the order of the documents.
func All() []Spec {
	return []Spec{
		AppList.Spec, AppGet.Spec, AppRemoval.Spec, AppRemove.Spec, AppRename.Spec, AppFork.Spec, AppRollback.Spec, AppResume.Spec, AppLogs.Spec, AppLogsFollow.Spec,
		AliasList.Spec, AliasGet.Spec, AliasSet.Spec, AliasSwap.Spec, AliasRemove.Spec,
		DomainList.Spec, DomainGet.Spec, DomainAdd.Spec, DomainCheck.Spec, DomainRemove.Spec,
		DeploymentList.Spec, DeploymentGet.Spec, UploadBegin.Spec, UploadSend.Spec, UploadCommit.Spec, DeployArchive.Spec,
		FileList.Spec, FileRead.Spec, FileFetch.Spec,
		EnvList.Spec, EnvSet.Spec, EnvUnset.Spec,
		ServerInit.Spec, ServerStatus.Spec, ServerStop.Spec, ServerRestart.Spec, ServerCalibrate.Spec,
		DatabaseCheck.Spec, DatabaseBackup.Spec, DatabaseFetch.Spec,
		KeyCreate.Spec, KeyList.Spec, KeyRevoke.Spec, CallerGet.Spec,
		SQLQuery.Spec, SQLWrite.Spec,
		SchemaManifest.Spec, SchemaOpenAPI.Spec,
		SystemHealth.Spec, SystemMetrics.Spec, SystemHealthz.Spec, SystemReadyz.Spec,
		LimitsGet.Spec, LimitsList.Spec, LimitsSchema.Spec, LimitsSet.Spec,
		SettingsGet.Spec, SettingsList.Spec, SettingsSchema.Spec, SettingsSet.Spec,
		LogList.Spec, LogStats.Spec, LogExport.Spec, LogTail.Spec, LogCleanup.Spec,
		NetList.Spec, NetGet.Spec, NetAllow.Spec, NetRemove.Spec, NetTest.Spec, NetLogs.Spec, NetLogsFollow.Spec, NetStats.Spec, NetCache.Spec, NetCacheClear.Spec,
		SecretList.Spec, SecretSet.Spec, SecretRotate.Spec, SecretRemove.Spec,
	}
}

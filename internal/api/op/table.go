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
	AppRemoval    = declare[AppRef, Removal]("app.removal", get, "/api/apps/{app}/removal", Read, Nothing, "Show what removing an app would take with it.")
	AppRemove     = declare[AppRef, Removal]("app.remove", del, "/api/apps/{app}", Admin, Anything, "Remove an app with its deployments, aliases, domains, environment and data. Splits go on without it.")
	AppRename     = declare[AppNewName, Renamed]("app.rename", post, "/api/apps/{app}/rename", Admin, Routes, "Give an app another name. Its host label moves with it; deployments, data, environment, log, domains, splits and keys stay. The old label becomes free unless it is kept.")
	AppFork       = declare[Fork, App]("app.fork", post, "/api/apps/{app}/fork", Admin, Routes, "Create an app from the live deployment of another. The content is shared, so this takes no space, and from then on the two apps are independent. Aliases are not copied. Stored values and environment variables, which may be secrets, are copied only on request.")
	AppRollback   = declare[Rollback, Deployment]("app.rollback", post, "/api/apps/{app}/rollback", Deploy, Routes, "Put the deployment live that was live before. Another rollback goes further back. Any deployment can be chosen by its number, also a preview or a later one.")
	AppResume     = declare[AppRef, App]("app.resume", post, "/api/apps/{app}/resume", Deploy, Routes, "Let the function of a stopped app run again. An app is stopped when its function could not be ended at its deadline three times within a minute. A new deployment runs without this.")
	AppLogs       = declare[LogQuery, Stream]("app.logs", get, "/api/apps/{app}/logs", Logs, Nothing, "Read what the functions of an app printed, oldest first, one JSON object a line.", streams("application/x-ndjson"))
	AppLogsFollow = declare[LogFollow, Stream]("app.logs.follow", get, "/api/apps/{app}/logs/follow", Logs, Nothing, "Follow what the functions of an app print, live, as server-sent events; begins with the newest lines.", streams(eventStream))

	AliasList   = declare[List, Page[Alias]]("alias.list", get, "/api/aliases", Read, Nothing, "List the aliases and where they lead.")
	AliasGet    = declare[AliasRef, AliasDetail]("alias.get", get, "/api/aliases/{alias}", Read, Nothing, "Show one alias, and the apps that nothing else leads to.")
	AliasSet    = declare[AliasTarget, AliasChange]("alias.set", put, "/api/aliases/{alias}", Admin, Routes, "Lead an alias to an app, a redirect or a split, or reserve it. Refused, with the apps in details.unreachable, when an app would be left without any address, unless forced.")
	AliasSwap   = declare[AliasPair, []Alias]("alias.swap", post, "/api/aliases/{alias}/swap", Admin, Routes, "Swap where two aliases lead, in one step.")
	AliasRemove = declare[AliasDrop, AliasGone]("alias.remove", del, "/api/aliases/{alias}", Admin, Routes, "Free an alias. Refused, with the apps in details.unreachable, when an app would be left without any address, unless forced.")

	DomainList   = declare[List, Page[Domain]]("domain.list", get, "/api/domains", Read, Nothing, "List the domains and their apps.")
	DomainGet    = declare[DomainRef, DomainDetail]("domain.get", get, "/api/domains/{host}", Read, Nothing, "Show one domain.")
	DomainAdd    = declare[DomainTarget, Domain]("domain.add", put, "/api/domains/{host}", Admin, Routes, "Lead a whole host name to an app. It applies to this name only: www.example.com is another one. Point the name to this machine at your DNS provider; `fazt domain check` shows whether it does.")
	DomainCheck  = declare[DomainRef, DomainState]("domain.check", get, "/api/domains/{host}/check", Read, Nothing, "Check whether a domain points to this instance. It is resolved on the machine of the instance and compared with the addresses of the instance; if they differ, the result says what to set at the DNS provider.")
	DomainRemove = declare[DomainDrop, DomainGone]("domain.remove", del, "/api/domains/{host}", Admin, Routes, "Take a host name from its app. Refused, with the apps in details.unreachable, when the app would be left without any address, unless forced.")

	DeploymentList = declare[AppPage, Page[Deployment]]("deployment.list", get, "/api/apps/{app}/deployments", Read, Nothing, "List the deployments of an app, newest first.")
	DeploymentGet  = declare[DeploymentRef, Deployment]("deployment.get", get, "/api/apps/{app}/deployments/{deployment}", Read, Nothing, "Show one deployment of an app.")
	UploadBegin    = declare[UploadPlan, Upload]("upload.begin", post, "/api/apps/{app}/uploads", Deploy, Itself, "Announce a deployment and learn which content is missing. The same plan again resumes its upload.", weight(activity.System), about("app"), maxBody(64<<20))
	UploadSend     = declare[UploadContent, Received]("upload.send", put, "/api/uploads/{upload}/content", Deploy, Itself, "Send missing content. What arrived whole stays, so that a cut-off upload goes on where it ended.", weight(activity.System))
	UploadCommit   = declare[UploadRef, Deployed]("upload.commit", post, "/api/uploads/{upload}/commit", Deploy, Routes, "Compile the function, make the deployment and put it live. Safe to repeat.", about("app"))
	DeployArchive  = declare[ArchiveDeploy, Deployed]("deploy.archive", post, "/api/deploy", Deploy, Routes, "Deploy a zip or tar.gz: the form fields app, message, preview and spa, and last file. A folder that everything lies in is taken off.", about("app"))

	FileList  = declare[FilePage, Page[File]]("file.list", get, "/api/apps/{app}/deployments/{deployment}/files", Read, Nothing, "List the files of a deployment in the order of their paths, those that are never served included.")
	FileRead  = declare[FileRef, Stream]("file.read", get, "/api/apps/{app}/deployments/{deployment}/file", Read, Nothing, "Read one file of a deployment, byte for byte.", streams("application/octet-stream"))
	FileFetch = declare[FilePull, Stream]("file.fetch", post, "/api/apps/{app}/deployments/{deployment}/content", Read, Nothing, "Fetch content of a deployment in one go: a zstd-compressed tar stream whose entries are named by their SHA-256.", maxBody(64<<20), streams("application/zstd"))

	EnvList  = declare[AppPage, Page[EnvVariable]]("env.list", get, "/api/apps/{app}/env", Read, Nothing, "List the variables of an app, without their values.")
	EnvSet   = declare[EnvValues, []EnvVariable]("env.set", patch, "/api/apps/{app}/env", Deploy, Routes, "Set variables of an app. Functions see them from the next request on.", weight(activity.Configuration))
	EnvUnset = declare[EnvNames, []EnvVariable]("env.unset", del, "/api/apps/{app}/env", Deploy, Routes, "Remove variables of an app.", weight(activity.Configuration))

	ServerInit      = declare[ServerOwner, ServerState]("server.init", post, "/api/server/init", Owner, Anything, "Give a new instance its owner and its domain.", weight(activity.Security))
	ServerStatus    = declare[None, ServerState]("server.status", get, "/api/server", Read, Nothing, "Show the state of the instance.")
	ServerStop      = declare[None, ServerState]("server.stop", post, "/api/server/stop", Owner, Itself, "Finish running requests and stop the server.", weight(activity.System))
	ServerRestart   = declare[None, ServerState]("server.restart", post, "/api/server/restart", Owner, Itself, "Finish running requests and replace the server by a fresh process on the same sockets. Nobody is refused meanwhile.", weight(activity.System))
	ServerCalibrate = declare[Calibrate, system.Measured]("server.calibrate", post, "/api/server/calibrate", Admin, Limits, "Measure what the instance can carry, and keep it as limits.capacity. It is under full load meanwhile.")

	DatabaseCheck  = declare[DatabaseChecks, DatabaseFaults]("database.check", post, "/api/database/check", Admin, Itself, "Check the whole database file for damage, also while it is in use. A server does the same in the background and reports the result in its health.", weight(activity.System))
	DatabaseBackup = declare[Backup, BackedUp]("database.backup", post, "/api/database/backup", Owner, Itself, "Copy the database to a file on the machine of the instance, while it is in use. The copy is looked through before it gets its name.", weight(activity.Security))
	DatabaseFetch  = declare[None, Stream]("database.fetch", post, "/api/database/fetch", Admin, Itself, "Fetch a copy of the database as it is now, with everything in it but the key of the secrets. Look through it before relying on it.", weight(activity.Security), streams("application/vnd.sqlite3"))

	KeyCreate = declare[KeyNew, KeyMade]("key.create", post, "/api/keys", Admin, Itself, "Make an API key. Its token is shown this once. A key can make none with the scope admin, and none that outlives it.", weight(activity.Security))
	KeyList   = declare[List, Page[Key]]("key.list", get, "/api/keys", Admin, Nothing, "List the API keys in force, without their tokens.")
	KeyRevoke = declare[KeyRef, Key]("key.revoke", del, "/api/keys/{key}", Admin, Itself, "Revoke an API key and those created with it. It stops working at once.", weight(activity.Security))
	CallerGet = declare[None, Caller]("caller.get", get, "/api/whoami", Anyone, Nothing, "Show who is asking, as the instance sees it.")

	SQLQuery = declare[Statement, Rows]("sql.query", post, "/api/sql/query", Admin, Itself, "Run one statement that reads. Password hashes, values of variables and other secrets read as null.")
	SQLWrite = declare[Statement, Rows]("sql.write", post, "/api/sql/write", Owner, Anything, "Run one statement that changes rows, in a transaction. The schema and who may sign in cannot be changed.", weight(activity.Data))

	SchemaManifest = declare[None, json.RawMessage]("schema.manifest", get, "/api/schema/fazt.json", Anyone, Nothing, "The JSON Schema of fazt.json.", bare)
	SchemaOpenAPI  = declare[None, json.RawMessage]("schema.openapi", get, "/api/openapi.json", Anyone, Nothing, "This API as an OpenAPI document.", bare)

	SystemHealth  = declare[None, Health]("system.health", get, "/api/system/health", Read, Nothing, "Show memory, database, queues and functions of the running server.")
	SystemMetrics = declare[None, Stream]("system.metrics", get, "/metrics", Metrics, Nothing, "Read the counters of the running instance in the text format of Prometheus.", streams("text/plain; version=0.0.4; charset=utf-8"))
	SystemHealthz = declare[None, State]("system.healthz", get, "/healthz", Anyone, Nothing, "Answer as long as the process lives.", bare)
	SystemReadyz  = declare[None, State]("system.readyz", get, "/readyz", Anyone, Nothing, "Answer 200 while the instance can serve: the database responds and no stop was requested. Otherwise 503.", bare)

	LimitsGet    = declare[LimitsOf, system.Limits]("limits.get", get, "/api/system/limits", Read, Nothing, "Show the limits in force, in their groups.")
	LimitsList   = declare[LimitsOf, LimitList]("limits.list", get, "/api/system/limits/list", Read, Nothing, "List the limits with their ranges, defaults, and who changed them when.")
	LimitsSchema = declare[None, []system.Group]("limits.schema", get, "/api/system/limits/schema", Read, Nothing, "Describe the limits: label, explanation, unit, range, default. The same on every machine.")
	LimitsSet    = declare[LimitsChange, []system.Changed]("limits.set", patch, "/api/system/limits", Admin, Limits, "Change limits, all or none. They are in force at once.", weight(activity.Configuration))

	SettingsGet    = declare[None, system.Settings]("settings.get", get, "/api/system/settings", Read, Nothing, "Show the settings in force.")
	SettingsList   = declare[None, SettingList]("settings.list", get, "/api/system/settings/list", Read, Nothing, "List the settings with where their values come from, and who changed them when.")
	SettingsSchema = declare[None, []system.Group]("settings.schema", get, "/api/system/settings/schema", Read, Nothing, "Describe the settings. The same on every machine.")
	SettingsSet    = declare[SettingsChange, []system.Changed]("settings.set", patch, "/api/system/settings", Admin, Limits, "Change settings, all or none. The answer says which of them take a restart, and which a flag or the environment hides.", weight(activity.Configuration))

	LogList    = declare[ActivityList, Page[activity.Entry]]("log.list", get, "/api/logs", Logs, Nothing, "List who did what, newest first.")
	LogStats   = declare[ActivityFilter, activity.Stats]("log.stats", get, "/api/logs/stats", Logs, Nothing, "Count the entries of the activity log by weight and result.")
	LogExport  = declare[ActivityFilter, Stream]("log.export", get, "/api/logs/export", Logs, Nothing, "Read all entries of the activity log, newest first, one JSON object a line.", streams("application/x-ndjson"))
	LogTail    = declare[ActivityTail, Stream]("log.tail", get, "/api/logs/tail", Logs, Nothing, "Follow the activity log live, as server-sent events whose data are entries.", streams(eventStream))
	LogCleanup = declare[ActivityCleanup, ActivityRemoved]("log.cleanup", del, "/api/logs", Admin, Itself, "Remove entries of the activity log. Without force they are only counted.", weight(activity.Security))

	NetList       = declare[NetOf, []NetEntry]("net.list", get, "/api/net/entries", Read, Nothing, "List the domains that functions may reach.")
	NetGet        = declare[NetRef, NetEntry]("net.get", get, "/api/net/entries/{domain}", Read, Nothing, "Show the entry of a domain in full.")
	NetAllow      = declare[NetGrant, NetAllowed]("net.allow", post, "/api/net/entries", Admin, Net, "Allow functions to reach a domain. An entry of the same domain and app is replaced. In force at once.", weight(activity.Security))
	NetRemove     = declare[NetRef, NetEntry]("net.remove", del, "/api/net/entries/{domain}", Admin, Net, "Stop allowing a domain, at once.", weight(activity.Security))
	NetTest       = declare[NetCall, NetVerdict]("net.test", post, "/api/net/test", Read, Nothing, "Check whether a call would be allowed, and why. The result shows which entry applies. The name is resolved and each of its addresses checked; no request is sent.")
	NetLogs       = declare[NetLogPage, Page[NetAttempt]]("net.logs", get, "/api/net/log", Logs, Nothing, "List what functions tried to reach, newest first: every hop, and what was refused too.")
	NetLogsFollow = declare[NetTail, Stream]("net.logs.follow", get, "/api/net/log/follow", Logs, Nothing, "Follow live what functions try to reach, as server-sent events.", streams(eventStream))
	NetStats      = declare[NetFilter, NetTotals]("net.stats", get, "/api/net/stats", Logs, Nothing, "Count calls, errors, bytes, times and cache hits by app and domain. Every hop is a call. Errors are calls that were refused or failed, and responses from 500 on. The times are those of calls that were sent: half of them took no longer than p50, 95 % no longer than p95.")
	NetCache      = declare[None, NetCacheState]("net.cache", get, "/api/net/cache", Read, Nothing, "Show what the response cache holds and how often it was used.")
	NetCacheClear = declare[NetCleared, NetCacheState]("net.cache.clear", del, "/api/net/cache", Admin, Itself, "Empty the response cache of one app, or of all. The response shows what is left.")

	SecretList   = declare[NetOf, []Secret]("secret.list", get, "/api/secrets", Read, Nothing, "List the secrets of outbound calls, without their values.")
	SecretSet    = declare[SecretGrant, SecretDone]("secret.set", put, "/api/secrets/{secret}", Admin, Net, "Give functions a credential for one domain, which they name and never see. One of the same name and app is replaced.", weight(activity.Security))
	SecretRotate = declare[SecretValue, Secret]("secret.rotate", post, "/api/secrets/{secret}/rotate", Admin, Net, "Give a secret a new value, and change nothing else of it.", weight(activity.Security))
	SecretRemove = declare[SecretRef, Secret]("secret.remove", del, "/api/secrets/{secret}", Admin, Net, "Remove a secret. Functions that name it fail from then on.", weight(activity.Security))
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

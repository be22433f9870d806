package op

// ActivityFilter selects entries of the activity log. Empty fields do not filter.
type ActivityFilter struct {
	MinWeight *int   `query:"min_weight" range:"0,9" desc:"only entries of at least this weight, 0 to 9"`
	MaxWeight *int   `query:"max_weight" range:"0,9" desc:"only entries of at most this weight, 0 to 9"`
	Action    string `query:"action" desc:"an operation such as app.remove, or a noun such as app for all of its operations"`
	Type      string `query:"type" desc:"type of the resource: app, alias, domain, key, server, …"`
	Resource  string `query:"resource" desc:"name of the resource"`
	App       string `query:"app" desc:"name or id of the app"`
	URL       string `query:"url" desc:"the app at this URL, host or alias"`
	User      string `query:"user" desc:"name or id of who did it"`
	Actor     string `query:"actor" flag:"actor-type" desc:"kind of caller: owner, user, key, system or anonymous"`
	Result    string `query:"result" desc:"ok, denied or failed"`
	Since     string `query:"since" format:"time" desc:"not older than 30m, 24h, 7d, 2026-01-31 (UTC) or 2026-01-31T12:00:00Z"`
	Until     string `query:"until" format:"time" desc:"older than this time"`
}

// ActivityList selects one page of the activity log.
type ActivityList struct {
	ActivityFilter
	List
}

// ActivityTail selects the newest entries and those to come.
type ActivityTail struct {
	ActivityFilter
	Limit int    `query:"limit" desc:"start with this many of the newest entries, 0 to 1000"`
	After string `header:"Last-Event-ID" desc:"continue after the event with this id; browsers send it when they reconnect"`
}

// ActivityCleanup selects the entries to remove.
type ActivityCleanup struct {
	ActivityFilter
	Force bool `query:"force" desc:"remove the entries; without it they are only counted"`
}

// ActivityRemoved counts what a cleanup removed or would remove.
type ActivityRemoved struct {
	Entries int  `json:"entries"`
	Removed bool `json:"removed"` // false = only counted
}

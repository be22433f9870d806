package op

// ActivityFilter selects entries of the activity log. Empty fields do not filter.
type ActivityFilter struct {
	MinWeight *int   `query:"min_weight" range:"0,9" desc:"this weight and greater ones, 0 to 9"`
	MaxWeight *int   `query:"max_weight" range:"0,9" desc:"this weight and lesser ones, 0 to 9"`
	Action    string `query:"action" desc:"an operation such as app.remove, or a noun such as app for all of its operations"`
	Type      string `query:"type" desc:"type of what it is about: app, alias, domain, key, server, …"`
	Resource  string `query:"resource" desc:"name of what it is about"`
	App       string `query:"app" desc:"name or id of the app it is about"`
	URL       string `query:"url" desc:"the app behind this address, host or alias"`
	User      string `query:"user" desc:"name or id of who did it"`
	Actor     string `query:"actor" flag:"actor-type" desc:"what sort of caller did it: owner, user, key, system or anonymous"`
	Result    string `query:"result" desc:"ok, denied or failed"`
	Since     string `query:"since" format:"time" desc:"not older than 30m, 24h, 7d, 2026-01-31 (UTC) or 2026-01-31T12:00:00Z"`
	Until     string `query:"until" format:"time" desc:"older than that"`
}

// ActivityList selects one page of the activity log.
type ActivityList struct {
	ActivityFilter
	List
}

// ActivityTail selects the newest entries and those to come.
type ActivityTail struct {
	ActivityFilter
	Limit int    `query:"limit" desc:"begin with the newest so many, 0 to 1000"`
	After string `header:"Last-Event-ID" desc:"begin after the event with this id; a browser sends it when it connects again"`
}

// ActivityCleanup selects the entries to remove.
type ActivityCleanup struct {
	ActivityFilter
	Force bool `query:"force" desc:"remove them; without it they are only counted"`
}

// ActivityRemoved counts what a cleanup removed or would remove.
type ActivityRemoved struct {
	Entries int  `json:"entries"`
	Removed bool `json:"removed"` // false = only counted
}

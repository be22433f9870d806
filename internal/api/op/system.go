package op

import (
	"encoding/json"
	"net/http"

	"fazt/internal/activity"
	"fazt/internal/system"
)

// LimitsOf asks for limits.
type LimitsOf struct {
	App string `query:"app" desc:"name or id of an app: its limits instead of those of the instance"`
}

// LimitsChange sets limits. The body is all of it, so that what was read can be changed and sent back.
type LimitsChange struct {
	App    string                     `query:"app" desc:"name or id of an app: its limits instead of those of the instance"`
	Values map[string]json.RawMessage `body:"json" desc:"New values, nested in their groups or with dotted paths. Sizes and times may be texts with a unit, such as 64MiB or 8s; null resets to the default."`
}

// LimitList is all limits, with where their values come from.
type LimitList struct {
	Limits  []system.Item    `json:"limits"`
	Ignored []system.Ignored `json:"ignored"` // stored values that this version cannot use
}

// SettingsChange sets settings.
type SettingsChange struct {
	Values map[string]json.RawMessage `body:"json" desc:"New values by name; lists may be texts with commas; null resets to the default."`
}

// SettingList is all settings, with where their values come from.
type SettingList struct {
	Settings []system.Item    `json:"settings"`
	Ignored  []system.Ignored `json:"ignored"` // stored values that this version cannot use
}

// The operations on limits and settings.
var (
	LimitsGet    = declare[LimitsOf, system.Limits](Spec{Name: "limits.get", Method: http.MethodGet, Path: "/api/system/limits", Access: Read, Tag: "System", Doc: "Show the limits in force, in their groups."})
	LimitsList   = declare[LimitsOf, LimitList](Spec{Name: "limits.list", Method: http.MethodGet, Path: "/api/system/limits/list", Access: Read, Tag: "System", Doc: "List the limits with their ranges, defaults, and who changed them when."})
	LimitsSchema = declare[None, []system.Group](Spec{Name: "limits.schema", Method: http.MethodGet, Path: "/api/system/limits/schema", Access: Read, Tag: "System", Doc: "Describe the limits: label, explanation, unit, range, default. The same on every machine."})
	LimitsSet    = declare[LimitsChange, []system.Changed](Spec{Name: "limits.set", Weight: activity.Configuration, Resource: "limits", Method: http.MethodPatch, Path: "/api/system/limits", Access: Admin, Tag: "System", Doc: "Change limits, all or none. They are in force at once."})

	SettingsGet    = declare[None, system.Settings](Spec{Name: "settings.get", Method: http.MethodGet, Path: "/api/system/settings", Access: Read, Tag: "System", Doc: "Show the settings in force."})
	SettingsList   = declare[None, SettingList](Spec{Name: "settings.list", Method: http.MethodGet, Path: "/api/system/settings/list", Access: Read, Tag: "System", Doc: "List the settings with where their values come from, and who changed them when."})
	SettingsSchema = declare[None, []system.Group](Spec{Name: "settings.schema", Method: http.MethodGet, Path: "/api/system/settings/schema", Access: Read, Tag: "System", Doc: "Describe the settings. The same on every machine."})
	SettingsSet    = declare[SettingsChange, []system.Changed](Spec{Name: "settings.set", Weight: activity.Configuration, Resource: "settings", Method: http.MethodPatch, Path: "/api/system/settings", Access: Admin, Tag: "System", Doc: "Change settings, all or none. The answer says which of them take a restart, and which a flag or the environment hides."})
)

package op

import (
	"encoding/json"

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

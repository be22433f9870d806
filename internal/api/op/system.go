package op

import (
	"encoding/json"

	"fazt/internal/system"
)

// LimitsOf selects the limits of the instance or of an app.
type LimitsOf struct {
	App string `query:"app" desc:"name or id of an app: use its limits instead of those of the instance"`
}

// LimitsChange sets limits. They are the whole body, so that a client can change what it read and send it back.
type LimitsChange struct {
	App    string                     `query:"app" desc:"name or id of an app: use its limits instead of those of the instance"`
	Values map[string]json.RawMessage `body:"json" desc:"New values, nested in their groups or with dotted paths. Sizes and times may be strings with a unit, such as 64MiB or 8s; null resets to the default."`
}

// LimitList is all limits with the sources of their values.
type LimitList struct {
	Limits  []system.Item    `json:"limits"`
	Ignored []system.Ignored `json:"ignored"` // stored values that this version cannot use
}

// SettingsChange sets settings.
type SettingsChange struct {
	Values map[string]json.RawMessage `body:"json" desc:"New values by name. Lists may be comma-separated strings; null resets to the default."`
}

// SettingList is all settings with the sources of their values.
type SettingList struct {
	Settings []system.Item    `json:"settings"`
	Ignored  []system.Ignored `json:"ignored"` // stored values that this version cannot use
}

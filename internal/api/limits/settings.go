package limits

import (
	"context"

	"fazt/internal/api/call"
	"fazt/internal/api/op"
	"fazt/internal/system"
)

// Settings implements the operations on settings.
type Settings struct{ System *system.Store }

// Get shows the settings in force.
func (a *Settings) Get(context.Context, op.None) (system.Settings, error) {
	return *a.System.Settings().Load(), nil
}

// List lists the settings with the sources of their values.
func (a *Settings) List(context.Context, op.None) (list op.SettingList, err error) {
	list.Settings, list.Ignored = a.System.SettingItems()
	return list, nil
}

// Schema describes the settings.
func (a *Settings) Schema(context.Context, op.None) ([]system.Group, error) {
	return system.SettingGroups(), nil
}

// Set changes settings, all or none.
func (a *Settings) Set(ctx context.Context, req op.SettingsChange) ([]system.Changed, error) {
	changes, err := a.System.ChangeSettings(ctx, call.Caller(ctx), req.Values)
	changed(ctx, "", changes)
	return changes, err
}

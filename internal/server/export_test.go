package server

import (
	"context"

	"fazt/internal/api/deployment"
)

// Compile compiles as a deploy of app does, from a source that a test can hold up.
func (i *Instance) Compile(ctx context.Context, app string, src deployment.Source) ([]byte, error) {
	return i.compile(ctx, app, src)
}

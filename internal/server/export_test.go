package server

import (
	"context"

	"fazt/internal/api/deployment"
)

// Compile compiles like a deploy of app, from a source that a test can block.
func (i *Instance) Compile(ctx context.Context, app string, src deployment.Source) ([]byte, error) {
	return i.compile(ctx, app, src)
}

package api

import (
	"context"
	"encoding/json"

	"fazt/internal/api/op"
	"fazt/internal/hosting"
)

// schema carries out the operations that describe the API and the files it takes.
type schema struct{ openapi json.RawMessage }

func (schema) Manifest(context.Context, op.None) (json.RawMessage, error) {
	return hosting.ManifestSchema(), nil
}

func (s schema) OpenAPI(context.Context, op.None) (json.RawMessage, error) { return s.openapi, nil }

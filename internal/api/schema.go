package api

import (
	"context"
	"encoding/json"
	"sync"

	"fazt/internal/api/op"
	"fazt/internal/hosting"
)

// schema implements the operations that describe the API and the files it accepts.
type schema struct{ openapi func() []byte }

// newSchema defers the generation of the document, which most instances never need.
func newSchema() schema { return schema{sync.OnceValue(op.Document)} }

func (schema) Manifest(context.Context, op.None) (json.RawMessage, error) {
	return hosting.ManifestSchema(), nil
}

func (s schema) OpenAPI(context.Context, op.None) (json.RawMessage, error) { return s.openapi(), nil }

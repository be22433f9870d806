package api

import (
	"context"
	"encoding/json"
	"sync"

	"fazt/internal/api/op"
	"fazt/internal/hosting"
)

// schema carries out the operations that describe the API and the files it takes.
type schema struct{ openapi func() []byte }

// newSchema generates nothing: most instances are never asked.
func newSchema() schema { return schema{sync.OnceValue(op.Document)} }

func (schema) Manifest(context.Context, op.None) (json.RawMessage, error) {
	return hosting.ManifestSchema(), nil
}

func (s schema) OpenAPI(context.Context, op.None) (json.RawMessage, error) { return s.openapi(), nil }

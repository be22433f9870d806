package hosting

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"unicode"

	"fazt/internal/errs"
	"fazt/internal/hosting/route"
	"fazt/internal/hosting/siterules"
	"fazt/internal/output"
	"fazt/internal/schema"
)

const (
	// ManifestFile is the file of an app that holds its Manifest.
	ManifestFile = "fazt.json"
	// legacyManifestFile is where the predecessor stored the name of an app. Web app manifests often have this name
	// too.
	legacyManifestFile = "manifest.json"
	// maxManifest is the largest manifest, in bytes, well above any written by hand.
	maxManifest = 256 << 10
	// maxRoute is the longest route, in bytes.
	maxRoute = 256
)

// Manifest is what fazt.json says about an app.
type Manifest struct {
	Schema   string       `json:"$schema,omitempty" label:"Schema" desc:"URL of the JSON Schema of this file, for editors"`
	Name     string       `json:"name,omitempty" label:"Name" desc:"The label the app is deployed under if the command does not name one" range:"1,63" pattern:"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$"`
	Title    string       `json:"title,omitempty" label:"Title" desc:"The app's display name" range:",200"`
	SPA      *bool        `json:"spa,omitempty" label:"Single-page app" desc:"Serve index.html for paths that match no file and have no extension"`
	Routes   route.Routes `json:"routes,omitempty" label:"Routes" desc:"Paths the function handles: /hook is one path, /api/* is /api and everything below it, /* is every path; [\"/api/*\"] when absent" range:",100"`
	Net      []string     `json:"net,omitempty" label:"Domains" desc:"Domains the function wants to reach, such as api.stripe.com or *.example.com. The owner allows them; a deploy reports which are not allowed yet" range:",100"`
	Secrets  []string     `json:"secrets,omitempty" label:"Secrets" desc:"Names of the secrets the function wants to use, such as STRIPE_KEY. The owner sets them; a deploy reports which are not set yet" range:",100"`
	Output   string       `json:"output,omitempty" label:"Output" desc:"Folder with the pages, such as dist or _site, when it is not the app's folder itself. Read by fazt app deploy and fazt dev" range:",200"`
	Function string       `json:"function,omitempty" label:"Function" desc:"File the function begins with, such as src/worker.ts, when it is not api/main.*. It handles every path that no file has, unless routes says otherwise. Read by fazt app deploy and fazt dev" range:",200"`
	First    string       `json:"first,omitempty" label:"First" desc:"What responds when a route also matches a file: files (when absent) or function" enum:"files|function"`
	Dev      string       `json:"dev,omitempty" label:"Development server" desc:"Command that starts the development server of the front end, such as vite. fazt dev runs it instead of the build, with a free port as PORT and {port}, and passes on to it what is not the function's" range:",500"`
	Product  string       `json:"product,omitempty" label:"Product" desc:"Where the paths of Fazt are on the app's host, such as /_cloud, instead of /auth and /_fazt: one or two segments of a-z, 0-9, - and _" range:",64"`
}

// IsZero reports whether the manifest is empty.
func (m Manifest) IsZero() bool { return reflect.ValueOf(m).IsZero() }

// check returns the first invalid value as an error.
func (m *Manifest) check() error {
	if err := schema.Validate(m); err != nil {
		return err
	}
	if strings.ContainsFunc(m.Title, unicode.IsControl) || strings.ContainsFunc(m.Title, output.Hides) {
		return errs.New(errs.Invalid, "the title contains characters that cannot be displayed")
	}
	for member, path := range map[string]string{"output": m.Output, "function": m.Function} {
		if path != "" && CheckPath(path, maxRoute) != nil {
			return errs.New(errs.Invalid, "%s: %.100q is not a path in the folder; write it like dist/client, without ./ and a slash at the end", member, path)
		}
	}
	if err := route.Product(m.Product).Check(); err != nil {
		return err
	}
	return m.Routes.Check(route.Product(m.Product), func(path string) bool { return CheckPath(path, maxRoute) == nil })
}

// Shadowed returns, in sentences, what of a deployment with these files no visitor reaches because its path belongs to Fazt.
func (m *Manifest) Shadowed(ctx context.Context, paths []string, files siterules.Source) ([]string, error) {
	p := route.Product(m.Product)
	all, err := p.Shadowed(ctx, m.Routes, paths, files.ReadFile)
	if err != nil {
		return nil, err
	}
	lines, err := siterules.Owned(ctx, files, p.Owns)
	return append(all, lines...), err
}

// ParseManifest parses a manifest; file is its path, for messages. In fazt.json, an unknown member is an error, and
// every error has its position. The predecessor's manifest.json is parsed leniently: only a valid name and spa are
// used, and nothing is an error.
func ParseManifest(data []byte, file string) (Manifest, error) {
	if file == legacyManifestFile {
		return parseLegacy(data), nil
	}
	if len(data) > maxManifest {
		return Manifest{}, errs.New(errs.Unprocessable, "%s has more than %d bytes", file, maxManifest)
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	var m Manifest
	if err := json.Unmarshal(data, &m); err != nil {
		return Manifest{}, notManifest(file, data, err)
	}
	if bytes.TrimSpace(data)[0] != '{' { // null, which encoding/json accepts for any type
		return Manifest{}, errs.New(errs.Unprocessable, "%s must hold a JSON object", file)
	}
	if err := checkMembers(file, data); err != nil {
		return Manifest{}, err
	}
	if err := m.check(); err != nil {
		return Manifest{}, errs.Wrap(errs.Unprocessable, err, "%s: %s", file, errs.Sentence(err))
	}
	return m, nil
}

// parseLegacy takes a valid name and spa from a manifest.json.
func parseLegacy(data []byte) Manifest {
	var loose struct {
		Name json.RawMessage `json:"name"`
		SPA  json.RawMessage `json:"spa"`
	}
	var m Manifest
	if len(data) > maxManifest || json.Unmarshal(data, &loose) != nil {
		return m
	}
	if json.Unmarshal(loose.Name, &m.Name) != nil || schema.Validate(&m) != nil {
		m.Name = "" // such as the name of a web app, "My App"
	}
	if json.Unmarshal(loose.SPA, &m.SPA) != nil {
		m.SPA = nil
	}
	return m
}

// notManifest describes what is wrong with the JSON, and where.
func notManifest(file string, data []byte, err error) error {
	var syntax *json.SyntaxError
	var mismatch *json.UnmarshalTypeError
	switch {
	case len(bytes.TrimSpace(data)) == 0:
		return errs.New(errs.Unprocessable, "%s is empty; an empty manifest is {}", file)
	case errors.As(err, &syntax):
		return errs.Wrap(errs.Unprocessable, err, "%s: not JSON: %s", at(file, data, syntax.Offset-1), syntax)
	case errors.As(err, &mismatch):
		if field, ok := schema.Of[Manifest]().Field(mismatch.Field); ok {
			return errs.Wrap(errs.Unprocessable, err, "%s: %s must be a %s, not a %s", at(file, data, mismatch.Offset-1), field.Path, field.Type, mismatch.Value)
		}
	}
	return errs.Wrap(errs.Unprocessable, err, "%s must hold a JSON object", file)
}

// checkMembers rejects members of a valid JSON object that are unknown or duplicate. encoding/json would accept "NAME"
// for "name", and use the last duplicate.
func checkMembers(file string, data []byte) error {
	d := json.NewDecoder(bytes.NewReader(data))
	known := map[string]bool{}
	if _, err := d.Token(); err != nil {
		return err
	}
	for d.More() {
		offset := d.InputOffset()
		offset += int64(len(data[offset:]) - len(bytes.TrimLeft(data[offset:], " \t\r\n,")))
		token, err := d.Token()
		if err != nil {
			return err
		}
		name, _ := token.(string)
		if _, ok := schema.Of[Manifest]().Field(name); !ok {
			return errs.New(errs.Unprocessable, "%s: unknown member %q", at(file, data, offset), name)
		}
		if known[name] {
			return errs.New(errs.Unprocessable, "%s: %s appears twice", at(file, data, offset), name)
		}
		known[name] = true
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return err
		}
	}
	return nil
}

// at is a position in a file: file:line:column, both from 1, columns in bytes.
func at(file string, data []byte, offset int64) string {
	before := data[:min(max(offset, 0), int64(len(data)))]
	line := bytes.Count(before, []byte("\n")) + 1
	return fmt.Sprintf("%s:%d:%d", file, line, len(before)-bytes.LastIndexByte(before, '\n'))
}

// ManifestSchema returns the JSON Schema of fazt.json.
func ManifestSchema() []byte {
	doc := schema.Of[Manifest]().JSONSchema("urn:fazt:manifest", ManifestFile, "Describes an app. The file is at the root of the app's folder.")
	data, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		panic(err) // strings, numbers and booleans always marshal
	}
	return append(data, '\n')
}

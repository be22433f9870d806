package hosting

import (
	"context"
	"fmt"

	"fazt/internal/content"
	"fazt/internal/database"
)

// Damage is content that no longer matches what was stored, and where it is used.
type Damage struct {
	App        string `json:"app"`        // its name; "" = no deployment uses it
	Deployment int    `json:"deployment"` // the live one if it uses it, else the newest that does
	Path       string `json:"path"`       // "" = the compiled function
	Encoding   string `json:"encoding"`   // of the damaged compressed form; "" = the content itself
	Live       bool   `json:"live"`
	Others     int    `json:"others"` // further files with the same content
	Cause      string `json:"cause"`

	AppID        string `json:"-"`
	DeploymentID string `json:"-"` // of a compiled function
}

// String describes the damage in a sentence.
func (d Damage) String() string {
	what := d.Path
	switch {
	case d.App == "":
		return "content that no deployment has: " + d.Cause
	case d.Path == "":
		what = "the compiled function"
	case d.Encoding != "":
		what = fmt.Sprintf("the %s form of %s", d.Encoding, d.Path)
	}
	text := fmt.Sprintf("%s of %s, deployment %d", what, d.App, d.Deployment)
	if d.Others > 0 {
		text += fmt.Sprintf(" (and %d more with the same content)", d.Others)
	}
	return text + ": " + d.Cause
}

// Check verifies that content and compiled functions still match what was stored.
type Check struct {
	From    content.Source
	Program func(program []byte) error        // returns what is wrong with a compiled function; nil = they are not checked
	Pace    func(blob int64, bytes int) error // called after each read; an error ends the check
	Found   func(d Damage) error              // called for each damage
}

// Run checks everything, a chunk at a time. It stores nothing, and holds no connection for long.
func (k Check) Run(ctx context.Context) (checked int, err error) {
	checked, err = content.Check{
		From: k.From, Pace: k.Pace,
		Found: func(blob int64, cause string) error { return report(ctx, k.From, blob, cause, k.Found) },
	}.Run(ctx)
	if err == nil {
		err = k.programs(ctx)
	}
	return checked, err
}

// report calls Found with where damaged content is used.
func report(ctx context.Context, from content.Source, blob int64, cause string, found func(d Damage) error) error {
	var d Damage
	err := from.Read(ctx, func(c *database.Conn) (err error) {
		d, err = locate(c, blob)
		return err
	})
	if err != nil {
		return err
	}
	d.Cause = cause
	return found(d)
}

// locate returns where content is used.
func locate(c *database.Conn, blob int64) (Damage, error) {
	var d Damage
	places := 0
	err := c.Each(`WITH held (id, encoding) AS (
			SELECT ?, '' UNION ALL SELECT blob_id, encoding FROM variants WHERE variant_id = ?)
		SELECT a.id, a.name, d.number, f.path, held.encoding, EXISTS (SELECT 1 FROM live l WHERE l.deployment_id = d.id) AS live
		FROM held JOIN deployment_files f ON f.blob_id = held.id JOIN deployments d ON d.id = f.deployment_id JOIN apps a ON a.id = d.app_id
		ORDER BY live DESC, d.number DESC, f.path LIMIT 1000`, func(r *database.Row) error {
		if places++; places == 1 {
			d.AppID, d.App, d.Deployment, d.Path, d.Encoding, d.Live = r.Text(0), r.Text(1), r.Int(2), r.Text(3), r.Text(4), r.Bool(5)
		}
		return nil
	}, blob, blob)
	d.Others = max(0, places-1)
	return d, err
}

// programs checks the compiled functions; each contains its own hash.
func (k Check) programs(ctx context.Context) error {
	if k.Program == nil {
		return nil
	}
	for after := ""; ; {
		d, program, found := Damage{}, []byte(nil), false
		err := k.From.Read(ctx, func(c *database.Conn) (err error) {
			found, err = c.First(`SELECT p.deployment_id, p.program, a.id, a.name, d.number, EXISTS (SELECT 1 FROM live l WHERE l.deployment_id = d.id)
				FROM programs p JOIN deployments d ON d.id = p.deployment_id JOIN apps a ON a.id = d.app_id
				WHERE p.deployment_id > ? ORDER BY p.deployment_id LIMIT 1`, func(r *database.Row) {
				after, program = r.Text(0), r.Bytes(1)
				d.DeploymentID = after
				d.AppID, d.App, d.Deployment, d.Live = r.Text(2), r.Text(3), r.Int(4), r.Bool(5)
			}, after)
			return err
		})
		if err != nil || !found {
			return err
		}
		if k.Program(program) != nil {
			d.Cause = content.NotItsHash
			if err := k.Found(d); err != nil {
				return err
			}
		}
		if err := k.Pace(0, len(program)); err != nil {
			return err
		}
	}
}

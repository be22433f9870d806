package hosting

import (
	"context"
	"crypto/sha256"
	"fmt"

	"fazt/internal/database"
	"fazt/internal/errs"
)

// Damage is content that is not any more what it was when it was stored, and where it is used.
type Damage struct {
	App        string `json:"app"`        // its name; "" = no deployment has it
	Deployment int    `json:"deployment"` // the newest that has it, the live one before all
	Path       string `json:"path"`       // "" = the compiled function
	Encoding   string `json:"encoding"`   // of the compressed form that is damaged; "" = the content itself
	Live       bool   `json:"live"`
	Others     int    `json:"others"` // further files that have the same content
	Cause      string `json:"cause"`

	AppID        string `json:"-"`
	DeploymentID string `json:"-"` // of a compiled function
	blob         int64
}

// String is the damage in a sentence.
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

const (
	notItsHash = "its bytes have changed since they were stored"
	notRead    = "it cannot be read"
	notWhole   = "a part of it is missing"
)

// Reader lends connections to a database: the one of an instance or a copy.
type Reader interface {
	Read(ctx context.Context, fn func(c *database.Conn) error) error
}

// Check is a look at content: whether it still is what its hash says.
type Check struct {
	From    Reader
	After   int64                                // begin behind this blob
	Program func(program []byte) error           // says what is wrong with a compiled function; nil = none is looked at
	Pace    func(blob int64, bytes int) error    // called after each read; an error ends the check
	Found   func(d Damage) error                 // called for each damage
	Sound   func(blob int64, sums []int64) error // called for each content that is sound, with the sums of its chunks; nil = nobody wants to know
}

// checkBlobs are listed at a time.
const checkBlobs = 256

// Run looks at all content, a chunk at a time: nothing is kept, and no connection held for long.
func (k Check) Run(ctx context.Context) (checked int, err error) {
	for after := k.After; ; {
		list, err := k.list(ctx, after)
		if err != nil || len(list) == 0 {
			return checked, errsOr(err, func() error { return k.programs(ctx) })
		}
		for _, b := range list {
			if err := k.blob(ctx, b); err != nil {
				return checked, err
			}
			after = b.id
			checked++
		}
	}
}

func errsOr(err error, then func() error) error {
	if err != nil {
		return err
	}
	return then()
}

// stored is content as the table of blobs has it.
type stored struct {
	id   int64
	hash Hash
	size int64
}

func (k Check) list(ctx context.Context, after int64) (list []stored, err error) {
	err = k.From.Read(ctx, func(c *database.Conn) error {
		return c.Each("SELECT id, hash, size FROM blobs WHERE id > ? AND hash IS NOT NULL ORDER BY id LIMIT ?", func(r *database.Row) error {
			b := stored{id: r.Int64(0), size: r.Int64(2)}
			r.ReadBytes(1, b.hash[:])
			list = append(list, b)
			return nil
		}, after, checkBlobs)
	})
	return list, err
}

// blob looks at one content.
func (k Check) blob(ctx context.Context, b stored) error {
	sum, sums, chunk := sha256.New(), []int64{}, make([]byte, 0, min(b.size, ChunkSize))
	cause := ""
	for left, n := b.size, 0; left > 0 && cause == ""; n++ {
		want := int(min(left, ChunkSize))
		chunk = chunk[:want]
		got := -1
		err := k.From.Read(ctx, func(c *database.Conn) error {
			_, err := c.First("SELECT data FROM chunks WHERE blob_id = ? AND n = ?", func(r *database.Row) {
				if got = r.Len(0); got == want {
					r.ReadBytes(0, chunk)
				}
			}, b.id, n)
			return err
		})
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil && errs.Is(err, errs.Unavailable): // the database is being closed
			return err
		case err != nil:
			cause = notRead
		case got != want:
			cause = notWhole
		}
		sum.Write(chunk)
		sums = append(sums, chunkSum(chunk))
		left -= int64(want)
		if err := k.Pace(b.id, want); err != nil {
			return err
		}
	}
	if cause == "" && Hash(sum.Sum(nil)) != b.hash {
		cause = notItsHash
	}
	switch {
	case cause != "":
		return k.report(ctx, b, cause)
	case k.Sound != nil:
		return k.Sound(b.id, sums)
	}
	return nil
}

// report tells of damage, unless the content was removed while it was read.
func (k Check) report(ctx context.Context, b stored, cause string) error {
	var d Damage
	still := false
	err := k.From.Read(ctx, func(c *database.Conn) (err error) {
		if still, err = c.First("SELECT 1 FROM blobs WHERE id = ? AND hash = ?", func(*database.Row) {}, b.id, b.hash[:]); err == nil && still {
			d, err = locate(c, b.id)
		}
		return err
	})
	if err != nil || !still {
		return err
	}
	d.Cause = cause
	return k.Found(d)
}

// locate says where content is used.
func locate(c *database.Conn, blob int64) (Damage, error) {
	d := Damage{blob: blob}
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

// programs looks at the compiled functions: each has its own hash in it.
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
			d.Cause = notItsHash
			if err := k.Found(d); err != nil {
				return err
			}
		}
		if err := k.Pace(0, len(program)); err != nil {
			return err
		}
	}
}

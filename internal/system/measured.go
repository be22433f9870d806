package system

import (
	"context"
	"encoding/json"
	"time"

	"fazt/internal/database"
	"fazt/internal/errs"
)

// Measured is what a self-test found this instance to carry, each in a second.
type Measured struct {
	Reads      int       `json:"reads"`     // requests for static files
	Functions  int       `json:"functions"` // requests to a function that answers at once
	Writes     int       `json:"writes"`    // requests to a function that makes one durable write
	Mixed      int       `json:"mixed"`     // requests of which 30 % write and the others are for files
	MeasuredAt time.Time `json:"measured_at"`
	CPUCores   int       `json:"cpu_cores"` // of the machine it was measured on
	TotalRAM   int64     `json:"total_ram"`
}

// capacityMeasurement is the name of the row.
const capacityMeasurement = "capacity"

// LoadMeasured returns the last self-test; its zero value where there was none.
func LoadMeasured(ctx context.Context, db *database.DB) (m Measured, err error) {
	var text []byte
	err = db.Read(ctx, func(c *database.Conn) error {
		_, err := c.First("SELECT value FROM measurements WHERE name = ?", func(r *database.Row) { text = r.Bytes(0) }, capacityMeasurement)
		return err
	})
	if err != nil || text == nil {
		return m, err
	}
	return m, errs.Wrap(errs.Internal, json.Unmarshal(text, &m), "what the self-test found cannot be read; `fazt bench` measures again")
}

// SaveMeasuredTx keeps a self-test in place of the one before.
func SaveMeasuredTx(tx *database.Tx, m Measured) error {
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return tx.Exec(`INSERT INTO measurements (name, value, measured_at) VALUES (?, ?, ?)
		ON CONFLICT (name) DO UPDATE SET value = excluded.value, measured_at = excluded.measured_at`, capacityMeasurement, string(text), m.MeasuredAt)
}

// Apply puts what was measured in place of the estimates. A database that has moved to another machine keeps the
// estimates of that machine: l.Hardware says which one it is.
func (m Measured) Apply(l *Limits) {
	if m.MeasuredAt.IsZero() || m.CPUCores != l.Hardware.CPUCores || differ(m.TotalRAM, l.Hardware.TotalRAM) {
		return
	}
	c := &l.Capacity
	c.Reads, c.Writes, c.Mixed = m.Reads, m.Writes, m.Mixed
	c.Users, c.UsersMax = c.Reads, 2*c.Reads // as the formulas of the estimates say
	c.MeasuredAt = m.MeasuredAt.UTC().Format(time.RFC3339)
}

// differ reports whether two sizes of memory are those of two machines: a kernel takes a little more or less at each start.
func differ(a, b int64) bool { return max(a, b)-min(a, b) > max(a, b)/8 }

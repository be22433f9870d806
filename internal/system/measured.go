package system

import (
	"context"
	"encoding/json"
	"time"

	"fazt/internal/database"
	"fazt/internal/errs"
)

// Measured is the result of a self-test, in requests per second.
type Measured struct {
	Reads      int       `json:"reads"`     // requests for static files
	Functions  int       `json:"functions"` // requests to a function that responds at once
	Writes     int       `json:"writes"`    // requests to a function that does one durable write
	Mixed      int       `json:"mixed"`     // requests of which 30 % write and the rest read files
	MeasuredAt time.Time `json:"measured_at"`
	CPUCores   int       `json:"cpu_cores"` // of the measured machine
	TotalRAM   int64     `json:"total_ram"`
}

// capacityMeasurement is the name of the row.
const capacityMeasurement = "capacity"

// LoadMeasured returns the last self-test, or its zero value.
func LoadMeasured(ctx context.Context, db *database.DB) (m Measured, err error) {
	var text []byte
	err = db.Read(ctx, func(c *database.Conn) error {
		_, err := c.First("SELECT value FROM measurements WHERE name = ?", func(r *database.Row) { text = r.Bytes(0) }, capacityMeasurement)
		return err
	})
	if err != nil || text == nil {
		return m, err
	}
	return m, errs.Wrap(errs.Internal, json.Unmarshal(text, &m), "the self-test result is unreadable; run `fazt bench` to measure again")
}

// SaveMeasuredTx replaces the stored self-test.
func SaveMeasuredTx(tx *database.Tx, m Measured) error {
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return tx.Exec(`INSERT INTO measurements (name, value, measured_at) VALUES (?, ?, ?)
		ON CONFLICT (name) DO UPDATE SET value = excluded.value, measured_at = excluded.measured_at`, capacityMeasurement, string(text), m.MeasuredAt)
}

// Apply replaces the estimates by measured values. On another machine than the measured one, which l.Hardware
// identifies, the estimates remain.
func (m Measured) Apply(l *Limits) {
	if m.MeasuredAt.IsZero() || m.CPUCores != l.Hardware.CPUCores || differ(m.TotalRAM, l.Hardware.TotalRAM) {
		return
	}
	c := &l.Capacity
	c.Reads, c.Writes, c.Mixed = m.Reads, m.Writes, m.Mixed
	c.Users, c.UsersMax = c.Reads, 2*c.Reads // like the formulas of the estimates
	c.MeasuredAt = m.MeasuredAt.UTC().Format(time.RFC3339)
}

// differ reports whether two memory sizes belong to different machines: the kernel takes a little more or less at each
// boot.
func differ(a, b int64) bool { return max(a, b)-min(a, b) > max(a, b)/8 }

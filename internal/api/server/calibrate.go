package server

import (
	"context"
	"time"

	"fazt/internal/api/op"
	"fazt/internal/database"
	"fazt/internal/errs"
	"fazt/internal/system"
)

const (
	calibrateDefault = 10 // seconds
	calibrateMax     = 60
)

// Calibrate measures how much load the instance can handle and stores it.
func (a *API) Calibrate(ctx context.Context, req op.Calibrate) (system.Measured, error) {
	if req.Seconds == 0 {
		req.Seconds = calibrateDefault
	}
	if req.Seconds < 1 || req.Seconds > calibrateMax {
		return system.Measured{}, errs.New(errs.Invalid, "the time to measure must be from 1 to %d seconds, not %d", calibrateMax, req.Seconds)
	}
	m, err := a.Measure(ctx, time.Duration(req.Seconds)*time.Second, req.Force)
	if err != nil {
		return m, err
	}
	if err := a.DB.Write(ctx, func(tx *database.Tx) error { return system.SaveMeasuredTx(tx, m) }); err != nil {
		return m, err
	}
	a.System.Rebase(m.Apply)
	return m, nil
}

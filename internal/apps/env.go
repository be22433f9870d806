package apps

import (
	"context"
	"regexp"
	"strings"
	"time"

	"fazt/internal/database"
	"fazt/internal/errs"
)

// Variable is one environment variable of an app.
type Variable struct {
	Name      string    `json:"name"`
	Value     string    `json:"value"`
	UpdatedAt time.Time `json:"updated_at"`
}

// Limits of an environment: every new VM gets all of it.
const (
	maxEnvName  = 128
	maxEnvValue = 64 << 10
	maxEnvCount = 256
)

var envName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// Env returns the environment of an app, sorted by name.
func (s *Store) Env(ctx context.Context, appID string) ([]Variable, error) {
	list := []Variable{}
	err := s.db.Read(ctx, func(c *database.Conn) error {
		return c.Each("SELECT name, value, updated_at FROM env WHERE app_id = ? ORDER BY name", func(r *database.Row) error {
			list = append(list, Variable{r.Text(0), r.Text(1), r.Time(2)})
			return nil
		}, appID)
	})
	return list, err
}

// SetEnv sets variables of an app: all of them or none.
func (s *Store) SetEnv(ctx context.Context, appID string, values map[string]string) error {
	for name, value := range values {
		if err := checkVariable(name, value); err != nil {
			return err
		}
	}
	return s.db.Write(ctx, func(tx *database.Tx) error {
		for name, value := range values {
			err := tx.Exec(`INSERT INTO env (app_id, name, value, updated_at) VALUES (?, ?, ?, ?)
				ON CONFLICT (app_id, name) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at`,
				appID, name, value, now())
			if database.IsForeignKey(err) {
				return errs.Wrap(errs.NotFound, err, "the app was removed")
			}
			if err != nil {
				return err
			}
		}
		count := 0
		if _, err := tx.First("SELECT count(*) FROM env WHERE app_id = ?", func(r *database.Row) { count = r.Int(0) }, appID); err != nil {
			return err
		}
		if count > maxEnvCount {
			return errs.New(errs.TooLarge, "an app can have at most %d variables", maxEnvCount)
		}
		return nil
	})
}

func checkVariable(name, value string) error {
	switch {
	case !envName.MatchString(name):
		return errs.New(errs.Invalid, "invalid variable name %q: use letters, digits and _, and do not start with a digit", name)
	case len(name) > maxEnvName:
		return errs.New(errs.Invalid, "the variable name is longer than %d characters", maxEnvName)
	case len(value) > maxEnvValue:
		return errs.New(errs.TooLarge, "the value of %s is longer than %d bytes", name, maxEnvValue)
	case strings.ContainsRune(value, 0):
		return errs.New(errs.Invalid, "the value of %s contains a NUL character", name)
	}
	return nil
}

// UnsetEnv removes variables of an app: all of them or none. It is an error if one is not set.
func (s *Store) UnsetEnv(ctx context.Context, appID string, names []string) error {
	return s.db.Write(ctx, func(tx *database.Tx) error {
		for _, name := range names {
			if err := tx.Exec("DELETE FROM env WHERE app_id = ? AND name = ?", appID, name); err != nil {
				return err
			}
			if tx.Changes() == 0 {
				return errs.New(errs.NotFound, "no variable named %q", name)
			}
		}
		return nil
	})
}

package hosting

import "fazt/internal/database"

// RenameUploadsTx updates open uploads when an app gets another name. Otherwise their commits would create a new app
// with the old name.
func (s *Store) RenameUploadsTx(tx *database.Tx, old, name string) error {
	return tx.Exec("UPDATE uploads SET app_name = ? WHERE app_name = ?", name, old)
}

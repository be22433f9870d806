package hosting

import "fazt/internal/database"

// RenameUploadsTx moves the uploads that are under way with an app that gets another name: their commits must find it,
// and not make a new app of the old name.
func (s *Store) RenameUploadsTx(tx *database.Tx, old, name string) error {
	return tx.Exec("UPDATE uploads SET app_name = ? WHERE app_name = ?", name, old)
}

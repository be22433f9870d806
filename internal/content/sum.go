package content

import "hash/crc32"

var castagnoli = crc32.MakeTable(crc32.Castagnoli) //nolint:gochecknoglobals // a table that nothing changes

// chunkSum is the CRC-32C of a chunk, as disks and file systems use it against damage: every processor has an
// instruction for it, where the SHA-256 of the whole would need all other chunks too.
func chunkSum(data []byte) int64 { return int64(crc32.Checksum(data, castagnoli)) }

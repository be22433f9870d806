package folder

import (
	"hash"
	"io"
	"os"

	"fazt/internal/api/op"
	"fazt/internal/content"
	"fazt/internal/errs"
)

// checked reads a file and verifies that it still has the announced content.
type checked struct {
	file *os.File
	sum  hash.Hash
	want op.Announced
	read int64
}

func (c *checked) Read(p []byte) (int, error) {
	n, err := c.file.Read(p)
	c.read += int64(n)
	c.sum.Write(p[:n])
	if c.read > c.want.Size || (err == io.EOF || c.read == c.want.Size) && n > 0 && c.changed() {
		return 0, errs.New(errs.Conflict, "it changed")
	}
	return n, err
}

func (c *checked) changed() bool {
	return c.read >= c.want.Size && content.Hash(c.sum.Sum(nil)) != c.want.Hash
}

func (c *checked) Close() error { return c.file.Close() }

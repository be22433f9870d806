package content

import (
	"context"
	"slices"
	"sync"
	"time"
)

// pieceSize is how much the reader of a large file holds while it is written to a visitor, who may be slow.
const pieceSize = 64 << 10

// MaxShared bounds the chunks in memory.
const MaxShared = 8

// Shared caches the chunks of large files that were read last. Each is read and verified once for all its readers.
// Readers copy a piece at a time, so that a thousand slow ones hold pieces, not chunks.
type Shared struct {
	limit func() int

	mu    sync.Mutex
	list  []*sharedChunk // most recently used first
	spare []byte         // memory of a removed chunk, for reuse
}

// loadTime is how long a load may take, regardless of how long its readers would wait.
const loadTime = 10 * time.Second

// NewShared returns a Shared that holds as many chunks as limit returns; limit is called for every chunk.
func NewShared(limit func() int) *Shared { return &Shared{limit: limit} }

// chunkKey identifies a chunk by the hash of its content.
type chunkKey struct {
	Key
	n int64
}

type sharedChunk struct {
	key   chunkKey
	ready chan struct{} // closed when data or err is set
	data  []byte
	err   error
	users int  // readers
	gone  bool // no longer in the list
}

// read copies the chunk from begin on into buf, as much as fits. If the chunk is missing, the first caller loads it,
// into reused memory if possible; others wait for it.
func (c *Shared) read(ctx context.Context, key chunkKey, begin int, buf []byte, load func(context.Context, []byte) ([]byte, error)) (int, error) {
	chunk, found := c.take(key)
	defer c.release(chunk)
	if !found {
		// A visitor who leaves does not fail the load for the others.
		loading, cancel := context.WithTimeout(context.WithoutCancel(ctx), loadTime)
		chunk.data, chunk.err = load(loading, chunk.data)
		cancel()
		close(chunk.ready)
	}
	select {
	case <-chunk.ready:
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	}
	if chunk.err != nil {
		c.drop(chunk)
		return 0, chunk.err
	}
	return copy(buf, chunk.data[min(begin, len(chunk.data)):]), nil
}

// take returns the chunk of a key; found is false if the caller must load it.
func (c *Shared) take(key chunkKey) (chunk *sharedChunk, found bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if i := slices.IndexFunc(c.list, func(r *sharedChunk) bool { return r.key == key }); i >= 0 {
		chunk, found = c.list[i], true
		c.list = slices.Delete(c.list, i, i+1)
	} else {
		for len(c.list) > 0 && len(c.list) >= min(c.limit(), MaxShared) {
			c.remove(len(c.list) - 1)
		}
		chunk = &sharedChunk{key: key, ready: make(chan struct{}), data: c.spare[:0]}
		c.spare = nil
	}
	c.list = slices.Insert(c.list, 0, chunk)
	chunk.users++
	return chunk, found
}

func (c *Shared) release(chunk *sharedChunk) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if chunk.users--; chunk.users == 0 && chunk.gone {
		c.spare = chunk.data
	}
}

// drop removes a chunk that could not be loaded.
func (c *Shared) drop(chunk *sharedChunk) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if i := slices.Index(c.list, chunk); i >= 0 {
		c.remove(i)
	}
}

func (c *Shared) remove(i int) {
	chunk := c.list[i]
	c.list = slices.Delete(c.list, i, i+1)
	if chunk.gone = true; chunk.users == 0 {
		c.spare = chunk.data
	}
}

// Memory returns the memory used by the chunks, in bytes.
func (c *Shared) Memory() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return int64(len(c.list)) * ChunkSize
}

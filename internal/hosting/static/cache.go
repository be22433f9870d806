package static

import (
	"context"
	"encoding/base64"
	"math"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"

	"fazt/internal/content"
)

// body is content in memory with the header values that depend on it alone.
type body struct {
	data   []byte
	length []string // Content-Length
	etag   []string
}

// Bounds of the cache. Content above maxBody, or above a share of the cache, streams from the database instead, so that
// one video does not evict a thousand pages.
const (
	maxBody    = 1 << 20
	bodyShare  = 8       // content up to an eighth of the cache
	minIndexes = 8 << 20 // for indexes, even if the cache is off
	indexShare = 4       // otherwise indexes have a quarter of what the bodies have
	bodyCost   = 256     // estimated bytes of an entry without its data
)

// loadTime is how long a load may take, however long the waiting clients have.
const loadTime = 10 * time.Second

// cache holds bodies and indexes in bounded memory. They never go stale: content is named by its hash, and a deployment
// does not change.
//
// A value that many clients request at once is loaded once; a client that leaves does not fail the load for the others.
type cache struct {
	limit   func() int64
	now     atomic.Int64 // the limit in force
	bodies  *otter.Cache[content.Key, *body]
	indexes *otter.Cache[string, *index]
}

func newCache(limit func() int64) *cache {
	// Upkeep runs on the goroutine of a request, so no goroutine outlives a call.
	inline := func(fn func()) { fn() }
	c := &cache{limit: limit}
	c.bodies = otter.Must(&otter.Options[content.Key, *body]{
		MaximumWeight: 1, Executor: inline,
		Weigher: func(_ content.Key, b *body) uint32 { return uint32(len(b.data) + bodyCost) },
	})
	c.indexes = otter.Must(&otter.Options[string, *index]{
		MaximumWeight: minIndexes, Executor: inline,
		// An index larger than the whole bound counts as the bound: it is kept alone rather than loaded for every request.
		Weigher: func(_ string, x *index) uint32 {
			return uint32(min(x.weight, indexBytes(c.now.Load()), math.MaxUint32))
		},
	})
	c.resize()
	return c
}

func indexBytes(limit int64) int64 { return max(minIndexes, limit/indexShare) }

// resize applies a changed limit.
func (c *cache) resize() {
	limit := max(c.limit(), 0)
	if c.now.Swap(limit) != limit {
		c.bodies.SetMaximum(uint64(limit))
		c.indexes.SetMaximum(uint64(indexBytes(limit)))
	}
}

// keeps reports whether content of this size is kept in memory.
func (c *cache) keeps(size int64) bool {
	return size <= min(maxBody, c.now.Load()/bodyShare)
}

// loadBody returns content from load, unless another request has just loaded it. The caller looks in bodies first,
// because making load costs an allocation.
func (c *cache) loadBody(ctx context.Context, key content.Key, load func(ctx context.Context) ([]byte, error)) (*body, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), loadTime)
	defer cancel()
	return c.bodies.Get(ctx, key, otter.LoaderFunc[content.Key, *body](func(ctx context.Context, key content.Key) (*body, error) {
		data, err := load(ctx)
		if err != nil {
			return nil, err
		}
		return &body{data: data, length: []string{strconv.Itoa(len(data))}, etag: []string{etag(key.Hash, key.Encoding)}}, nil
	}))
}

// loadIndex does the same for the index of a deployment.
func (c *cache) loadIndex(ctx context.Context, deployment string, load func(ctx context.Context, deployment string) (*index, error)) (*index, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), loadTime)
	defer cancel()
	return c.indexes.Get(ctx, deployment, otter.LoaderFunc[string, *index](load))
}

// etag returns the strong entity tag of content in an encoding: 128 bits of its hash, and the encoding, because each
// encoding is a different sequence of bytes.
func etag(hash content.Hash, encoding string) string {
	var b [40]byte
	tag := append(b[:0], '"')
	tag = base64.RawURLEncoding.AppendEncode(tag, hash[:16])
	if encoding != "" {
		tag = append(append(tag, '-'), encoding...)
	}
	return string(append(tag, '"'))
}

// Package id makes identifiers: a prefix that says of what, and a part that sorts by time and cannot be guessed.
package id

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"time"
)

// encoding is Crockford's base32 in lower case: no i, l, o, u, and in ASCII order, so that ids sort by time as text.
var encoding = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// New returns a new id such as "app_01jd3v5t8q4rx0w2c9m7y6z1ab": the prefix, then 48 bits of milliseconds since 1970,
// 12 bits of fractions of a millisecond, and 68 random bits in base32. The fractions keep ids in order that are made within
// a millisecond.
func New(prefix string) string {
	var b [16]byte
	if _, err := rand.Read(b[7:]); err != nil {
		panic(err) // crypto/rand never fails
	}
	now := time.Now()
	fraction := uint64(now.Nanosecond()%int(time.Millisecond)) << 12 / uint64(time.Millisecond)
	binary.BigEndian.PutUint64(b[:8], uint64(now.UnixMilli())<<16|fraction<<4|uint64(b[7]&15))
	return prefix + "_" + encoding.EncodeToString(b[:])
}

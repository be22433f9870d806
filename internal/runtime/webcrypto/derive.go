package webcrypto

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/hkdf"
	"crypto/pbkdf2"
)

const (
	// maxIterations limits the iterations of PBKDF2, summed over all blocks of its output: a derivation cannot be stopped, so it
	// must end within about a second.
	maxIterations = 2_000_000
	// maxIterationsSync is for a call that blocks the script.
	maxIterationsSync = 1_000_000
	maxDerived        = 64 << 10 // bits
	// maxHashed limits the bytes of salt and info that are hashed, summed over all blocks.
	maxHashed = 64 << 20
)

func derive(c Call) ([]byte, error) {
	bits := c.Algorithm.Length
	switch c.Algorithm.Name {
	case "ECDH", "X25519":
		return agree(c)
	}
	h, err := newHash(c.Algorithm.Hash)
	if err != nil {
		return nil, err
	}
	if bits < 0 || bits%8 != 0 || bits > maxDerived {
		return nil, fail(Operation, "the length must be a multiple of 8 bits, up to %d", maxDerived)
	}
	size := h().Size()
	blocks := (bits/8 + size - 1) / size
	if len(c.Extra)+len(c.More) > maxHashed/max(1, blocks) {
		return nil, fail(Operation, "the salt and info are too long for %d bits", bits)
	}
	switch c.Algorithm.Name {
	case "PBKDF2":
		if c.Algorithm.Iterations < 1 {
			return nil, fail(Operation, "there must be at least 1 iteration")
		}
		most := maxIterations
		if c.Sync {
			most = maxIterationsSync
		}
		if c.Algorithm.Iterations > most/max(1, blocks) {
			return nil, fail(NotSupported, "%d iterations for %d bits are too many; the maximum, over all blocks, is %d", c.Algorithm.Iterations, bits, most)
		}
		if bits == 0 {
			return []byte{}, nil
		}
		out, err := pbkdf2.Key(h, string(c.Key), c.Extra, c.Algorithm.Iterations, bits/8)
		if err != nil {
			return nil, fail(Operation, "the bits cannot be derived")
		}
		return out, nil
	case "HKDF":
		if bits/8 > 255*size {
			return nil, fail(Operation, "%d bits are more than HKDF can derive with this hash", bits)
		}
		out, err := hkdf.Key(h, c.Key, c.Extra, string(c.More), bits/8)
		if err != nil {
			return nil, fail(Operation, "the bits cannot be derived")
		}
		return notNil(out), nil
	}
	return nil, fail(NotSupported, "%s cannot derive", c.Algorithm.Name)
}

// agree returns the secret that a private key shares with the public key in Extra. The caller cuts it to length.
func agree(c Call) ([]byte, error) {
	own, err := privateKey(c.Algorithm, c.Key)
	if err != nil {
		return nil, err
	}
	other, err := publicKey(c.Algorithm, c.Extra)
	if err != nil {
		return nil, err
	}
	private, ok1 := asECDH(own)
	public, ok2 := asPublicECDH(other)
	if !ok1 || !ok2 || private.Curve() != public.Curve() {
		return nil, fail("InvalidAccessError", "the two keys are of different kinds")
	}
	secret, err := private.ECDH(public)
	if err != nil {
		return nil, fail(Operation, "these keys have no shared secret")
	}
	return secret, nil
}

func asECDH(key any) (*ecdh.PrivateKey, bool) {
	switch key := key.(type) {
	case *ecdh.PrivateKey:
		return key, true
	case *ecdsa.PrivateKey:
		k, err := key.ECDH()
		return k, err == nil
	}
	return nil, false
}

func asPublicECDH(key any) (*ecdh.PublicKey, bool) {
	switch key := key.(type) {
	case *ecdh.PublicKey:
		return key, true
	case *ecdsa.PublicKey:
		k, err := key.ECDH()
		return k, err == nil
	}
	return nil, false
}

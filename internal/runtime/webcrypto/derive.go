package webcrypto

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/hkdf"
	"crypto/pbkdf2"
)

const (
	// mostIterations bounds PBKDF2, over all blocks of its output: a derivation cannot be stopped, and must end within
	// about a second.
	mostIterations = 2_000_000
	mostDerived    = 64 << 10 // bits
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
	if bits < 0 || bits%8 != 0 || bits > mostDerived {
		return nil, fail(Operation, "the length must be a multiple of 8 bits, up to %d", mostDerived)
	}
	size := h().Size()
	switch c.Algorithm.Name {
	case "PBKDF2":
		if c.Algorithm.Iterations < 1 {
			return nil, fail(Operation, "the iterations must be 1 at least")
		}
		if blocks := (bits/8 + size - 1) / size; c.Algorithm.Iterations > mostIterations/max(1, blocks) {
			return nil, fail(NotSupported, "%d iterations for %d bits are too many; %d in all are possible", c.Algorithm.Iterations, bits, mostIterations)
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
			return nil, fail(Operation, "%d bits are more than HKDF gives with this hash", bits)
		}
		out, err := hkdf.Key(h, c.Key, c.Extra, string(c.More), bits/8)
		if err != nil {
			return nil, fail(Operation, "the bits cannot be derived")
		}
		return notNil(out), nil
	}
	return nil, fail(NotSupported, "%s cannot derive", c.Algorithm.Name)
}

// agree is the secret that a private key shares with the public key in Extra. Its length is for the caller to cut.
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
		return nil, fail("InvalidAccessError", "the two keys are not of one kind")
	}
	secret, err := private.ECDH(public)
	if err != nil {
		return nil, fail(Operation, "there is no secret between these keys")
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

package webcrypto

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"math/big"
)

// HMAC returns the authentication code of data under a key.
func HMAC(hash string, key, data []byte) ([]byte, error) {
	h, err := newHash(hash)
	if err != nil {
		return nil, err
	}
	m := hmac.New(h, key)
	m.Write(data)
	return m.Sum(nil), nil
}

func sign(c Call) ([]byte, error) {
	if c.Algorithm.Name == "HMAC" {
		return HMAC(c.Algorithm.Hash, c.Key, c.Data)
	}
	key, err := privateKey(c.Algorithm, c.Key)
	if err != nil {
		return nil, err
	}
	switch key := key.(type) {
	case ed25519.PrivateKey:
		return ed25519.Sign(key, c.Data), nil
	case *ecdsa.PrivateKey:
		_, sum, err := hashed(c)
		if err != nil {
			return nil, err
		}
		r, s, err := ecdsa.Sign(rand.Reader, key, sum)
		if err != nil {
			return nil, fail(Operation, "the signature could not be made")
		}
		size := (key.Curve.Params().BitSize + 7) / 8
		out := make([]byte, 2*size)
		r.FillBytes(out[:size])
		s.FillBytes(out[size:])
		return out, nil
	case *rsa.PrivateKey:
		h, sum, err := hashed(c)
		if err != nil {
			return nil, err
		}
		var out []byte
		if c.Algorithm.Name == "RSA-PSS" {
			options, wrong := pss(c.Algorithm.SaltLength, h)
			if wrong != nil {
				return nil, wrong
			}
			out, err = rsa.SignPSS(rand.Reader, key, h, sum, options)
		} else {
			out, err = rsa.SignPKCS1v15(rand.Reader, key, h, sum)
		}
		if err != nil {
			return nil, fail(Operation, "the key cannot make this signature: it is too small for the hash")
		}
		return out, nil
	}
	return nil, fail(NotSupported, "%s cannot sign", c.Algorithm.Name)
}

// pss returns the options of RSA-PSS. An empty salt is not possible, because 0 means "automatic" in Go.
func pss(salt int, h crypto.Hash) (*rsa.PSSOptions, error) {
	if salt < 1 || salt > maxModulus/8 {
		return nil, fail(Operation, "a salt of %d bytes is not supported", salt)
	}
	return &rsa.PSSOptions{SaltLength: salt, Hash: h}, nil
}

// verify returns 1 if Extra is the signature of Data, otherwise 0.
func verify(c Call) ([]byte, error) {
	ok := false
	if c.Algorithm.Name == "HMAC" {
		sum, err := HMAC(c.Algorithm.Hash, c.Key, c.Data)
		if err != nil {
			return nil, err
		}
		return truth(hmac.Equal(sum, c.Extra)), nil
	}
	key, err := publicKey(c.Algorithm, c.Key)
	if err != nil {
		return nil, err
	}
	switch key := key.(type) {
	case ed25519.PublicKey:
		ok = ed25519.Verify(key, c.Data, c.Extra)
	case *ecdsa.PublicKey:
		_, sum, err := hashed(c)
		if err != nil {
			return nil, err
		}
		size := (key.Curve.Params().BitSize + 7) / 8
		ok = len(c.Extra) == 2*size && ecdsa.Verify(key, sum, new(big.Int).SetBytes(c.Extra[:size]), new(big.Int).SetBytes(c.Extra[size:]))
	case *rsa.PublicKey:
		h, sum, err := hashed(c)
		if err != nil {
			return nil, err
		}
		if c.Algorithm.Name == "RSA-PSS" {
			options, err := pss(c.Algorithm.SaltLength, h)
			if err != nil {
				return nil, err
			}
			ok = rsa.VerifyPSS(key, h, sum, c.Extra, options) == nil
		} else {
			ok = rsa.VerifyPKCS1v15(key, h, sum, c.Extra) == nil
		}
	}
	return truth(ok), nil
}

func truth(ok bool) []byte {
	if ok {
		return []byte{1}
	}
	return []byte{0}
}

func hashed(c Call) (crypto.Hash, []byte, error) {
	h, err := hashOf(c.Algorithm.Hash)
	if err != nil {
		return 0, nil, err
	}
	sum, err := Digest(c.Algorithm.Hash, c.Data)
	return h, sum, err
}

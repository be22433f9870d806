package webcrypto

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"

	"golang.org/x/crypto/scrypt"

	"fazt/internal/errs"
	"fazt/internal/password"
)

// found describes a key that was read from a text or from DER.
type found struct {
	Type    string `json:"type"`  // public or private
	Name    string `json:"name"`  // rsa, ec, ed25519 or x25519
	Curve   string `json:"curve"` // of ec
	Modulus int    `json:"modulus"`
}

// readKey reads a key of a pair in any of the usual forms: PEM or DER, as PKCS #8, PKCS #1, SEC 1, SPKI or a certificate. It
// returns a description as JSON, a line feed, and the key in DER. Data that holds a private key holds its public key too,
// which is returned if Private is not set.
func readKey(c Call) ([]byte, error) {
	data := c.Data
	if len(data) > 4*maxImported { // PEM may contain several keys and comments
		return nil, fail(Data, "the key has more than %d bytes", 4*maxImported)
	}
	if block, _ := pem.Decode(data); block != nil {
		data = block.Bytes
	}
	key, err := parseAny(data)
	if err != nil {
		return nil, err
	}
	if !c.Private {
		if public := publicOf(key); public != nil {
			key = public
		}
	}
	f := describe(key)
	var der []byte
	if f.Type == "private" {
		der, err = x509.MarshalPKCS8PrivateKey(key)
	} else {
		if c.Private {
			return nil, fail(Data, "this is a public key, not a private one")
		}
		der, err = x509.MarshalPKIXPublicKey(key)
	}
	if err != nil {
		return nil, fail(Data, "keys of this kind are not supported")
	}
	head, err := json.Marshal(f)
	if err != nil {
		return nil, err
	}
	return append(append(head, '\n'), der...), nil
}

// publicOf returns the public half of a private key, or nil.
func publicOf(key any) any {
	switch key := key.(type) {
	case *rsa.PrivateKey:
		return &key.PublicKey
	case *ecdsa.PrivateKey:
		return &key.PublicKey
	case ed25519.PrivateKey:
		return key.Public()
	}
	return nil
}

func describe(key any) found {
	switch key := key.(type) {
	case *rsa.PrivateKey:
		return found{Type: "private", Name: "rsa", Modulus: key.N.BitLen()}
	case *rsa.PublicKey:
		return found{Type: "public", Name: "rsa", Modulus: key.N.BitLen()}
	case *ecdsa.PrivateKey:
		return found{Type: "private", Name: "ec", Curve: key.Curve.Params().Name}
	case *ecdsa.PublicKey:
		return found{Type: "public", Name: "ec", Curve: key.Curve.Params().Name}
	case ed25519.PrivateKey:
		return found{Type: "private", Name: "ed25519"}
	case ed25519.PublicKey:
		return found{Type: "public", Name: "ed25519"}
	}
	return found{Type: "unknown"}
}

const (
	maxScrypt     = 32 << 20 // bytes of N blocks, as in Node.js by default
	maxScryptLane = 1 << 20  // bytes of p blocks
)

// deriveScrypt derives Length bits. The cost is in Iterations, the block size in SaltLength, the parallelization in TagLength.
func deriveScrypt(c Call) ([]byte, error) {
	n, r, p, size := c.Algorithm.Iterations, c.Algorithm.SaltLength, c.Algorithm.TagLength, c.Algorithm.Length/8
	switch {
	case n < 2 || r < 1 || p < 1 || p > 16 || size < 0 || size > maxDerived/8:
		return nil, fail(Operation, "invalid parameters of scrypt")
	case n > maxScrypt/128 || n*128 > maxScrypt/r:
		return nil, fail(Operation, "scrypt may use %d MiB; N × r is too large", maxScrypt>>20)
	case r > maxScryptLane/128/p:
		return nil, fail(Operation, "r × p of scrypt is too large")
	}
	if err := password.CheckScrypt(n, r, p); err != nil {
		return nil, fail(Operation, "%s", errs.Sentence(err))
	}
	// It hashes the salt for every 32 bytes of the blocks, and the blocks for every 32 bytes of the result.
	lanes := 128 * r * p
	if lanes/32*len(c.Extra) > maxHashed || (size+31)/32*lanes > maxHashed {
		return nil, fail(Operation, "the salt or the result of scrypt is too long")
	}
	out, err := scrypt.Key(c.Key, c.Extra, n, r, p, size)
	if err != nil {
		return nil, fail(Operation, "invalid parameters of scrypt")
	}
	return notNil(out), nil
}

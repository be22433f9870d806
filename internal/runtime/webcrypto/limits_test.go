package webcrypto

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"testing"
	"time"
)

// A key whose numbers are too large is refused before anything is computed with them.
func TestRSAKeysWithLargeNumbersAreRefused(t *testing.T) {
	good, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	odd := func(bits uint) *big.Int {
		n := new(big.Int).Lsh(big.NewInt(1), bits-1)
		return n.SetBit(n, 0, 1)
	}
	e := big.NewInt(int64(good.E))
	valid := rsaPrivate{N: good.N, E: e, D: good.D, P: good.Primes[0], Q: good.Primes[1]}
	for _, tt := range []struct {
		what   string
		change func(k *rsaPrivate)
		fits   bool
	}{
		{"no CRT values", func(*rsaPrivate) {}, true},
		{"a long prime", func(k *rsaPrivate) { k.P = odd(60000) }, false},
		{"a prime a bit too long", func(k *rsaPrivate) { k.Q = odd(514) }, false},
		{"a long modulus", func(k *rsaPrivate) { k.N = odd(4097) }, false},
		{"a short modulus", func(k *rsaPrivate) { k.N = odd(1023) }, false},
		{"a long exponent", func(k *rsaPrivate) { k.D = odd(1025) }, false},
		{"a long public exponent", func(k *rsaPrivate) { k.E = odd(1025) }, false},
		{"a long CRT value", func(k *rsaPrivate) { k.Dp, k.Dq, k.Qinv = odd(1025), odd(100), odd(100) }, false},
		{"a negative modulus", func(k *rsaPrivate) { k.N = new(big.Int).Neg(k.N) }, false},
		{"a negative prime", func(k *rsaPrivate) { k.P = new(big.Int).Neg(k.P) }, false},
		{"a negative exponent", func(k *rsaPrivate) { k.D = big.NewInt(-3) }, false},
		{"no prime", func(k *rsaPrivate) { k.P = big.NewInt(0) }, false},
		{"a prime that is a product", func(k *rsaPrivate) { k.N, k.P, k.Q = odd(2048), odd(2042), odd(6) }, false},
		{"three primes", func(k *rsaPrivate) {
			k.Version, k.Dp, k.Dq, k.Qinv = 1, good.Precomputed.Dp, good.Precomputed.Dq, good.Precomputed.Qinv
			k.AdditionalPrimes = append(k.AdditionalPrimes, struct{ Prime, Exp, Coeff *big.Int }{big.NewInt(3), e, e})
		}, false},
	} {
		k := valid
		tt.change(&k)
		der, err := asn1.Marshal(k)
		if err != nil {
			t.Fatal(err)
		}
		wrapped, err := asn1.Marshal(pkcs8Info{Algorithm: pkix.AlgorithmIdentifier{Algorithm: rsaEncryption, Parameters: asn1.NullRawValue}, Key: der})
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		for how, c := range map[string]Call{
			"reading PKCS #1": {Op: "read", Private: true, Data: der},
			"reading PKCS #8": {Op: "read", Private: true, Data: wrapped},
			"reading PEM":     {Op: "read", Private: true, Data: pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: der})},
			"importing":       {Op: "import", Algorithm: Algorithm{Name: "RSA-PSS"}, Data: wrapped, Extra: []byte("pkcs8")},
			"signing":         {Op: "sign", Algorithm: Algorithm{Name: "RSASSA-PKCS1-v1_5", Hash: "SHA-256"}, Key: wrapped},
		} {
			if _, err := Do(c); (err == nil) != tt.fits {
				t.Errorf("%s, %s: %v", tt.what, how, err)
			}
		}
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("%s: took %s", tt.what, took)
		}
	}
}

func TestRSAPublicKeysHaveASupportedSize(t *testing.T) {
	for bits, fits := range map[uint]bool{1023: false, 1024: true, 4096: true, 4097: false, 60000: false} {
		n := new(big.Int).Lsh(big.NewInt(1), bits-1)
		key := &rsa.PublicKey{N: n.SetBit(n, 0, 1), E: 65537}
		wrapped, err := x509.MarshalPKIXPublicKey(key)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []Call{
			{Op: "read", Data: x509.MarshalPKCS1PublicKey(key)},
			{Op: "read", Data: wrapped},
			{Op: "import", Algorithm: Algorithm{Name: "RSA-PSS"}, Data: wrapped, Extra: []byte("spki")},
		} {
			if _, err := Do(c); (err == nil) != fits {
				t.Errorf("%d bits, %s: %v", bits, c.Op, err)
			}
		}
	}
}

func TestTheWorkOfScryptIsLimited(t *testing.T) {
	for _, tt := range []struct {
		n, r, p, size, salt int
		fits                bool
	}{
		{1024, 8, 1, 64, 16, true},
		{2, 4096, 2, 32, 16, true},     // 1 MiB of p blocks
		{2, 131072, 16, 32, 16, false}, // 256 MiB
		{2, 8193, 1, 32, 16, false},
		{2, 1025, 8, 32, 16, false},
		{16384, 16, 5, 32, 16, false}, // 1.25 times the work
		{32768, 8, 5, 32, 16, false},
		{2, 8192, 1, 8192, 16, false},    // the blocks are hashed 256 times
		{2, 8192, 1, 32, 1 << 20, false}, // the salt is hashed 32768 times
		{1 << 62, 8, 1, 32, 16, false},
		{2, 1 << 62, 1, 32, 16, false},
	} {
		_, err := Do(Call{Op: "scrypt", Algorithm: Algorithm{Iterations: tt.n, SaltLength: tt.r, TagLength: tt.p, Length: 8 * tt.size}, Extra: make([]byte, tt.salt)})
		if (err == nil) != tt.fits {
			t.Errorf("%+v: %v", tt, err)
		}
	}
}

func TestDerivationsThatBlockTheScriptAreLimited(t *testing.T) {
	for _, tt := range []struct {
		what string
		call Call
	}{
		{"PBKDF2 of 1,000,001 iterations", Call{Sync: true, Algorithm: Algorithm{Name: "PBKDF2", Iterations: 1_000_001, Length: 512}}},
		{"PBKDF2 of two blocks", Call{Sync: true, Algorithm: Algorithm{Name: "PBKDF2", Iterations: 500_001, Length: 520}}},
		{"PBKDF2 with a long salt", Call{Algorithm: Algorithm{Name: "PBKDF2", Iterations: 1, Length: 64 << 10}, Extra: make([]byte, 1<<20)}},
		{"HKDF with a long info", Call{Algorithm: Algorithm{Name: "HKDF", Length: 64 << 10}, More: make([]byte, 1<<20)}},
	} {
		tt.call.Op, tt.call.Algorithm.Hash = "deriveBits", "SHA-512"
		if _, err := Do(tt.call); err == nil {
			t.Errorf("%s is accepted", tt.what)
		}
	}
	call := Call{Op: "deriveBits", Sync: true, Algorithm: Algorithm{Name: "PBKDF2", Hash: "SHA-512", Iterations: 1000, Length: 512}, Extra: make([]byte, 16)}
	if _, err := Do(call); err != nil {
		t.Error(err)
	}
}

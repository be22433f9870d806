package webcrypto

import (
	"encoding/json"
	"errors"
	"testing"
)

// Importing any data as a key returns a usable key or an error with a name.
func FuzzImport(f *testing.F) {
	algorithms := []Algorithm{{Name: "Ed25519"}, {Name: "X25519"}, {Name: "ECDSA", Curve: "P-256"}, {Name: "ECDH", Curve: "P-521"}, {Name: "RSA-PSS", Hash: "SHA-256", Modulus: 1024}}
	formats := []string{"spki", "pkcs8", "raw", "jwk"}
	for n, a := range algorithms {
		made, err := Do(Call{Op: "generate", Algorithm: a})
		if err != nil {
			f.Fatal(err)
		}
		var p Pair
		if err := json.Unmarshal(made, &p); err != nil {
			f.Fatal(err)
		}
		f.Add(uint8(n), uint8(0), p.Public)
		f.Add(uint8(n), uint8(1), p.Private)
		for _, private := range []bool{true, false} {
			key := p.Public
			if private {
				key = p.Private
			}
			jwk, err := Do(Call{Op: "export", Algorithm: a, Private: private, Key: key, Extra: []byte("jwk")})
			if err != nil {
				f.Fatal(err)
			}
			f.Add(uint8(n), uint8(3), jwk)
		}
		if raw, err := Do(Call{Op: "export", Algorithm: a, Key: p.Public, Extra: []byte("raw")}); err == nil {
			f.Add(uint8(n), uint8(2), raw)
		}
	}
	f.Fuzz(func(t *testing.T, n, format uint8, data []byte) {
		a := algorithms[int(n)%len(algorithms)]
		got, err := Do(Call{Op: "import", Algorithm: a, Data: data, Extra: []byte(formats[int(format)%len(formats)])})
		var known *Error
		if err != nil {
			if !errors.As(err, &known) {
				t.Fatalf("an error without a name: %v", err)
			}
			return
		}
		var i Imported
		if err := json.Unmarshal(got, &i); err != nil {
			t.Fatal(err)
		}
		if _, err := Do(Call{Op: "export", Algorithm: a, Private: i.Private, Key: i.Data, Extra: []byte("jwk")}); err != nil && !errors.As(err, &known) {
			t.Fatalf("an imported key cannot be exported: %v", err)
		}
	})
}

func TestImpossibleCallsAreRefused(t *testing.T) {
	for name, c := range map[string]Call{
		"an unknown operation":      {Op: "nonsense"},
		"an unknown hash":           {Op: "digest", Algorithm: Algorithm{Hash: "SHA-2"}},
		"too many iterations":       {Op: "deriveBits", Algorithm: Algorithm{Name: "PBKDF2", Hash: "SHA-512", Iterations: 10_000_000, Length: 256}},
		"iterations over blocks":    {Op: "deriveBits", Algorithm: Algorithm{Name: "PBKDF2", Hash: "SHA-1", Iterations: 1_000_000, Length: 60000}},
		"very many bits":            {Op: "deriveBits", Algorithm: Algorithm{Name: "HKDF", Hash: "SHA-512", Length: 1 << 30}},
		"a negative length":         {Op: "deriveBits", Algorithm: Algorithm{Name: "HKDF", Hash: "SHA-512", Length: -8}},
		"a huge RSA key":            {Op: "generate", Algorithm: Algorithm{Name: "RSA-PSS", Modulus: 16384}},
		"a tiny RSA key":            {Op: "generate", Algorithm: Algorithm{Name: "RSA-PSS", Modulus: 512}},
		"a key of another kind":     {Op: "sign", Algorithm: Algorithm{Name: "ECDSA", Hash: "SHA-256"}, Key: []byte("x")},
		"a short key of AES":        {Op: "encrypt", Algorithm: Algorithm{Name: "AES-GCM"}, Key: []byte("x"), Extra: []byte("123456789012")},
		"a key longer than any":     {Op: "import", Algorithm: Algorithm{Name: "ECDSA", Curve: "P-256"}, Data: make([]byte, 1<<20), Extra: []byte("spki")},
		"a point not on the curve":  {Op: "import", Algorithm: Algorithm{Name: "ECDSA", Curve: "P-256"}, Data: append([]byte{4}, make([]byte, 64)...), Extra: []byte("raw")},
		"a secret that is all zero": {Op: "deriveBits", Algorithm: Algorithm{Name: "X25519"}, Key: []byte{}, Extra: make([]byte, 32)},
	} {
		_, err := Do(c)
		var known *Error
		if !errors.As(err, &known) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func BenchmarkDigestMegabyte(b *testing.B) {
	data := make([]byte, 1<<20)
	b.SetBytes(1 << 20)
	for b.Loop() {
		if _, err := Digest("SHA-256", data); err != nil {
			b.Fatal(err)
		}
	}
}

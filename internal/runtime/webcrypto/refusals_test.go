package webcrypto

import (
	"errors"
	"strings"
	"testing"
)

func TestErrorsHaveTheNameFromTheStandard(t *testing.T) {
	aes := make([]byte, 16)
	rsa := newPair(t, Algorithm{Name: "RSA-PSS", Modulus: 1024})
	ed := newPair(t, Algorithm{Name: "Ed25519"})
	x := newPair(t, Algorithm{Name: "X25519"})
	ec := newPair(t, Algorithm{Name: "ECDSA", Curve: "P-256"})
	for _, tt := range []struct {
		what string
		call Call
		want string
	}{
		{"no operation", Call{}, NotSupported},
		{"an unknown hash", Call{Op: "digest", Algorithm: Algorithm{Hash: "sha-256"}}, NotSupported},
		{"HMAC with an unknown hash", Call{Op: "sign", Algorithm: Algorithm{Name: "HMAC", Hash: "SHA-3"}}, NotSupported},
		{"checking HMAC with an unknown hash", Call{Op: "verify", Algorithm: Algorithm{Name: "HMAC"}}, NotSupported},
		{"ECDSA with MD5", Call{Op: "sign", Algorithm: Algorithm{Name: "ECDSA", Hash: "MD5"}, Key: ec.Private}, NotSupported},
		{"checking ECDSA with MD5", Call{Op: "verify", Algorithm: Algorithm{Name: "ECDSA", Hash: "MD5"}, Key: ec.Public}, NotSupported},
		{"RSA with MD5", Call{Op: "sign", Algorithm: Algorithm{Name: "RSASSA-PKCS1-v1_5", Hash: "MD5"}, Key: rsa.Private}, NotSupported},
		{"checking RSA with MD5", Call{Op: "verify", Algorithm: Algorithm{Name: "RSASSA-PKCS1-v1_5", Hash: "MD5"}, Key: rsa.Public}, NotSupported},
		{"OAEP without a hash", Call{Op: "encrypt", Algorithm: Algorithm{Name: "RSA-OAEP"}, Key: rsa.Public}, NotSupported},
		{"signing with X25519", Call{Op: "sign", Algorithm: Algorithm{Name: "X25519"}, Key: x.Private}, NotSupported},
		{"signing with a public key", Call{Op: "sign", Algorithm: Algorithm{Name: "Ed25519"}, Key: ed.Public}, Data},
		{"checking with a private key", Call{Op: "verify", Algorithm: Algorithm{Name: "Ed25519"}, Key: ed.Private}, Data},
		{"a PSS salt of no bytes", Call{Op: "sign", Algorithm: Algorithm{Name: "RSA-PSS", Hash: "SHA-256"}, Key: rsa.Private}, Operation},
		{"a PSS salt of 513 bytes", Call{Op: "verify", Algorithm: Algorithm{Name: "RSA-PSS", Hash: "SHA-256", SaltLength: 513}, Key: rsa.Public}, Operation},
		{"a PSS salt longer than the key", Call{Op: "sign", Algorithm: Algorithm{Name: "RSA-PSS", Hash: "SHA-256", SaltLength: 95}, Key: rsa.Private}, Operation},
		{"an unknown cipher", Call{Op: "encrypt", Algorithm: Algorithm{Name: "AES-ECB"}, Key: aes}, NotSupported},
		{"an AES key of 15 bytes", Call{Op: "encrypt", Algorithm: Algorithm{Name: "AES-CBC"}, Key: aes[:15], Extra: aes}, Operation},
		{"GCM without an iv", Call{Op: "encrypt", Algorithm: Algorithm{Name: "AES-GCM"}, Key: aes}, Operation},
		{"a GCM tag of 64 bits", Call{Op: "encrypt", Algorithm: Algorithm{Name: "AES-GCM", TagLength: 64}, Key: aes, Extra: aes[:12]}, Operation},
		{"a short GCM tag with a long iv", Call{Op: "encrypt", Algorithm: Algorithm{Name: "AES-GCM", TagLength: 96}, Key: aes, Extra: aes}, NotSupported},
		{"a CBC iv of 12 bytes", Call{Op: "encrypt", Algorithm: Algorithm{Name: "AES-CBC"}, Key: aes, Extra: aes[:12]}, Operation},
		{"CBC of part of a block", Call{Op: "decrypt", Algorithm: Algorithm{Name: "AES-CBC"}, Key: aes, Extra: aes, Data: aes[:15]}, Operation},
		{"CBC of nothing", Call{Op: "decrypt", Algorithm: Algorithm{Name: "AES-CBC"}, Key: aes, Extra: aes}, Operation},
		{"a CTR counter of 15 bytes", Call{Op: "encrypt", Algorithm: Algorithm{Name: "AES-CTR", Length: 64}, Key: aes, Extra: aes[:15]}, Operation},
		{"a CTR length of 0", Call{Op: "encrypt", Algorithm: Algorithm{Name: "AES-CTR"}, Key: aes, Extra: aes}, Operation},
		{"a CTR length of 129", Call{Op: "encrypt", Algorithm: Algorithm{Name: "AES-CTR", Length: 129}, Key: aes, Extra: aes}, Operation},
		{"a CTR that would repeat", Call{Op: "encrypt", Algorithm: Algorithm{Name: "AES-CTR", Length: 1}, Key: aes, Extra: aes, Data: make([]byte, 33)}, Operation},
		{"wrapping 8 bytes", Call{Op: "encrypt", Algorithm: Algorithm{Name: "AES-KW"}, Key: aes, Data: aes[:8]}, Operation},
		{"wrapping 17 bytes", Call{Op: "encrypt", Algorithm: Algorithm{Name: "AES-KW"}, Key: aes, Data: make([]byte, 17)}, Operation},
		{"unwrapping 16 bytes", Call{Op: "decrypt", Algorithm: Algorithm{Name: "AES-KW"}, Key: aes, Data: aes}, Operation},
		{"unwrapping 25 bytes", Call{Op: "decrypt", Algorithm: Algorithm{Name: "AES-KW"}, Key: aes, Data: make([]byte, 25)}, Operation},
		{"PBKDF2 of no iterations", Call{Op: "deriveBits", Algorithm: Algorithm{Name: "PBKDF2", Hash: "SHA-256", Length: 256}}, Operation},
		{"a derivation of 9 bits", Call{Op: "deriveBits", Algorithm: Algorithm{Name: "HKDF", Hash: "SHA-256", Length: 9}}, Operation},
		{"a derivation with an unknown hash", Call{Op: "deriveBits", Algorithm: Algorithm{Name: "HKDF", Length: 8}}, NotSupported},
		{"an unknown derivation", Call{Op: "deriveBits", Algorithm: Algorithm{Name: "scrypt", Hash: "SHA-256", Length: 8}}, NotSupported},
		{"more than HKDF can give", Call{Op: "deriveBits", Algorithm: Algorithm{Name: "HKDF", Hash: "MD5", Length: 255*128 + 8}}, Operation},
		{"a pair of AES keys", Call{Op: "generate", Algorithm: Algorithm{Name: "AES-GCM"}}, NotSupported},
		{"an unknown curve", Call{Op: "generate", Algorithm: Algorithm{Name: "ECDSA", Curve: "P-192"}}, NotSupported},
		{"an RSA key of 1023 bits", Call{Op: "generate", Algorithm: Algorithm{Name: "RSA-PSS", Modulus: 1023}}, Operation},
		{"an RSA key of 1028 bits", Call{Op: "generate", Algorithm: Algorithm{Name: "RSA-PSS", Modulus: 1028}}, Operation},
		{"an RSA key of 4104 bits", Call{Op: "generate", Algorithm: Algorithm{Name: "RSA-PSS", Modulus: 4104}}, Operation},
		{"a raw RSA key", Call{Op: "import", Algorithm: Algorithm{Name: "RSA-PSS"}, Extra: []byte("raw")}, NotSupported},
		{"a raw key of an unknown curve", Call{Op: "import", Algorithm: Algorithm{Name: "ECDH", Curve: "P-192"}, Extra: []byte("raw")}, NotSupported},
		{"an unknown format to read", Call{Op: "import", Algorithm: Algorithm{Name: "ECDSA"}, Extra: []byte("pem")}, NotSupported},
		{"an unknown format to write", Call{Op: "export", Algorithm: Algorithm{Name: "Ed25519"}, Key: ed.Public, Extra: []byte("pem")}, NotSupported},
		{"a public key to export as private", Call{Op: "export", Private: true, Algorithm: Algorithm{Name: "Ed25519"}, Key: ed.Public, Extra: []byte("jwk")}, Data},
	} {
		t.Run(tt.what, func(t *testing.T) {
			_, err := Do(tt.call)
			wantName(t, err, tt.want)
		})
	}
}

func TestAnErrorIncludesItsName(t *testing.T) {
	_, err := Do(Call{Op: "digest", Algorithm: Algorithm{Hash: "SHA-2"}})
	if err == nil || err.Error() != `NotSupportedError: the hash "SHA-2" is not supported` {
		t.Error(err)
	}
}

// For each limit, the largest accepted call and the smallest refused one.
func TestLimitsOfWork(t *testing.T) {
	if testing.Short() {
		t.Skip("the largest derivation takes a second")
	}
	pbkdf2 := func(iterations, bits int) error {
		_, err := Do(Call{Op: "deriveBits", Algorithm: Algorithm{Name: "PBKDF2", Hash: "SHA-256", Iterations: iterations, Length: bits}, Key: []byte("k")})
		return err
	}
	for _, tt := range []struct {
		iterations, bits int
		fits             bool
	}{
		{2_000_000, 256, true},
		{2_000_001, 256, false},
		{1_000_001, 264, false}, // a second block
		{1, 64 << 10, true},
		{1, 64<<10 + 8, false},
	} {
		if err := pbkdf2(tt.iterations, tt.bits); (err == nil) != tt.fits {
			t.Errorf("%d iterations for %d bits: %v", tt.iterations, tt.bits, err)
		}
	}
	if _, err := Do(Call{Op: "deriveBits", Algorithm: Algorithm{Name: "HKDF", Hash: "MD5", Length: 255 * 128}}); err != nil {
		t.Error(err)
	}
	for size, fits := range map[int]bool{16 << 10: true, 16<<10 + 1: false} {
		_, err := Do(Call{Op: "import", Algorithm: Algorithm{Name: "RSA-PSS"}, Data: make([]byte, size), Extra: []byte("spki")})
		var known *Error
		if tooLong := errors.As(err, &known) && strings.Contains(known.Message, "more than"); tooLong == fits {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
}

func TestLongCalls(t *testing.T) {
	small, large := make([]byte, 256<<10), make([]byte, 256<<10+1)
	for _, tt := range []struct {
		what string
		call Call
		want bool
	}{
		{"a digest of 256 KB", Call{Op: "digest", Data: small}, false},
		{"a digest of more", Call{Op: "digest", Data: large}, true},
		{"encrypting 256 KB", Call{Op: "encrypt", Data: small}, false},
		{"encrypting more", Call{Op: "encrypt", Data: large}, true},
		{"signing 256 KB", Call{Op: "sign", Data: small}, false},
		{"signing more", Call{Op: "sign", Data: large}, true},
		{"signing with a small key", Call{Op: "sign", Key: make([]byte, 600)}, false},
		{"signing with an RSA key", Call{Op: "sign", Key: make([]byte, 601)}, true},
		{"decrypting with an RSA key", Call{Op: "decrypt", Key: make([]byte, 601)}, true},
		{"an RSA pair", Call{Op: "generate", Algorithm: Algorithm{Modulus: 2048}}, true},
		{"another pair", Call{Op: "generate", Algorithm: Algorithm{Name: "Ed25519"}}, false},
		{"1000 iterations", Call{Op: "deriveBits", Algorithm: Algorithm{Name: "PBKDF2", Iterations: 1000}}, false},
		{"1001 iterations", Call{Op: "deriveBits", Algorithm: Algorithm{Name: "PBKDF2", Iterations: 1001}}, true},
		{"HKDF", Call{Op: "deriveBits", Algorithm: Algorithm{Name: "HKDF", Iterations: 5000}}, false},
	} {
		if got := Long(tt.call); got != tt.want {
			t.Errorf("%s: %v", tt.what, got)
		}
	}
}

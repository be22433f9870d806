package webcrypto

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"testing"
)

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func do(t *testing.T, c Call) []byte {
	t.Helper()
	out, err := Do(c)
	if err != nil {
		t.Fatalf("%s with %s: %v", c.Op, c.Algorithm.Name, err)
	}
	return out
}

// wantName fails the test unless err is an Error with this name.
func wantName(t *testing.T, err error, name string) {
	t.Helper()
	var known *Error
	if !errors.As(err, &known) || known.Name != name {
		t.Errorf("got %v, want %s", err, name)
	}
}

func verified(t *testing.T, c Call) bool {
	t.Helper()
	c.Op = "verify"
	out := do(t, c)
	if len(out) != 1 || out[0] > 1 {
		t.Fatalf("verify returned %x", out)
	}
	return out[0] == 1
}

// flip returns b with one bit of byte i changed.
func flip(b []byte, i int) []byte {
	b = bytes.Clone(b)
	b[i] ^= 1
	return b
}

// FIPS 180-4 and RFC 1321.
func TestDigests(t *testing.T) {
	for _, tt := range []struct{ hash, empty, abc string }{
		{"MD5", "d41d8cd98f00b204e9800998ecf8427e", "900150983cd24fb0d6963f7d28e17f72"},
		{"SHA-1", "da39a3ee5e6b4b0d3255bfef95601890afd80709", "a9993e364706816aba3e25717850c26c9cd0d89d"},
		{"SHA-256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
		{"SHA-384", "38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da274edebfe76f65fbd51ad2f14898b95b", "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"},
		{"SHA-512", "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e", "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
	} {
		for data, want := range map[string]string{"": tt.empty, "abc": tt.abc} {
			got := do(t, Call{Op: "digest", Algorithm: Algorithm{Hash: tt.hash}, Data: []byte(data)})
			if hex.EncodeToString(got) != want {
				t.Errorf("%s of %q: %x", tt.hash, data, got)
			}
		}
	}
}

// RFC 2202 and RFC 4231, test case 2.
func TestHMAC(t *testing.T) {
	key, data := []byte("Jefe"), []byte("what do ya want for nothing?")
	for hash, want := range map[string]string{
		"MD5":     "750c783e6ab0b503eaa86e310a5db738",
		"SHA-1":   "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79",
		"SHA-256": "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
		"SHA-384": "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
		"SHA-512": "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
	} {
		c := Call{Op: "sign", Algorithm: Algorithm{Name: "HMAC", Hash: hash}, Key: key, Data: data}
		code := do(t, c)
		if hex.EncodeToString(code) != want {
			t.Errorf("%s: %x", hash, code)
		}
		if c.Extra = code; !verified(t, c) {
			t.Errorf("%s: the code was refused", hash)
		}
		for name, wrong := range map[string][]byte{"changed": flip(code, 0), "changed at the end": flip(code, len(code)-1), "cut": code[:len(code)-1], "longer": append(bytes.Clone(code), 0), "empty": nil} {
			if c.Extra = wrong; verified(t, c) {
				t.Errorf("%s: a code that is %s was accepted", hash, name)
			}
		}
	}
}

const sp80038a = "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"

// NIST SP 800-38A for CBC (with a block of padding, computed by OpenSSL) and CTR, NIST's GCM specification (test cases 4
// and 5), RFC 3394 (4.1 and 4.6).
func TestCiphers(t *testing.T) {
	const (
		gcmKey  = "feffe9928665731c6d6a8f9467308308"
		gcmText = "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
		gcmMore = "feedfacedeadbeeffeedfacedeadbeefabaddad2"
		counter = "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"
		iv      = "000102030405060708090a0b0c0d0e0f"
	)
	for _, tt := range []struct {
		name, algorithm        string
		length, tag            int
		key, extra, more       string
		plain, cipher          string
		changedCipherIsNoticed bool
	}{
		{"CBC with 128 bits", "AES-CBC", 0, 0, "2b7e151628aed2a6abf7158809cf4f3c", iv, "", sp80038a, "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b273bed6b8e3c1743b7116e69e222295163ff1caa1681fac09120eca307586e1a78cb82807230e1321d3fae00d18cc2012", false},
		{"CBC with 192 bits", "AES-CBC", 0, 0, "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b", iv, "", sp80038a, "4f021db243bc633d7178183a9fa071e8b4d9ada9ad7dedf4e5e738763f69145a571b242012fb7ae07fa9baac3df102e008b0e27988598881d920a9e64f5615cd612ccd79224b350935d45dd6a98f8176", false},
		{"CBC with 256 bits", "AES-CBC", 0, 0, "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4", iv, "", sp80038a, "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d39f23369a9d9bacfa530e26304231461b2eb05e2c39be9fcda6c19078c6a9d1b3f461796d6b0d6b2e0c2a72b4d80e644", false},
		{"CTR with 128 bits", "AES-CTR", 128, 0, "2b7e151628aed2a6abf7158809cf4f3c", counter, "", sp80038a, "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff5ae4df3edbd5d35e5b4f09020db03eab1e031dda2fbe03d1792170a0f3009cee", false},
		{"CTR with 192 bits", "AES-CTR", 128, 0, "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b", counter, "", sp80038a, "1abc932417521ca24f2b0459fe7e6e0b090339ec0aa6faefd5ccc2c6f4ce8e941e36b26bd1ebc670d1bd1d665620abf74f78a7f6d29809585a97daec58c6b050", false},
		{"CTR with 256 bits", "AES-CTR", 128, 0, "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4", counter, "", sp80038a, "601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c52b0930daa23de94ce87017ba2d84988ddfc9c58db67aada613c2dd08457941a6", false},
		{"CTR whose 4 bit counter overflows", "AES-CTR", 4, 0, "2b7e151628aed2a6abf7158809cf4f3c", counter, "", sp80038a[:64], "874d6191b620e3261bef6864990db6ce4eea957922c9400d36ed967e19168d5b", false},
		{"CTR of part of a block", "AES-CTR", 64, 0, "2b7e151628aed2a6abf7158809cf4f3c", counter, "", sp80038a[:10], "874d6191b6", false},
		{"CTR of nothing", "AES-CTR", 64, 0, "2b7e151628aed2a6abf7158809cf4f3c", counter, "", "", "", false},
		{"GCM", "AES-GCM", 0, 0, gcmKey, "cafebabefacedbaddecaf888", gcmMore, gcmText, "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e0915bc94fbc3221a5db94fae95ae7121a47", true},
		{"GCM with a tag of 96 bits", "AES-GCM", 0, 96, gcmKey, "cafebabefacedbaddecaf888", gcmMore, gcmText, "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e0915bc94fbc3221a5db94fae95a", true},
		{"GCM with an iv of 8 bytes", "AES-GCM", 0, 128, gcmKey, "cafebabefacedbad", gcmMore, gcmText, "61353b4c2806934a777ff51fa22a4755699b2a714fcdc6f83766e5f97b6c742373806900e49f24b22b097544d4896b424989b5e1ebac0f07c23f45983612d2e79e3b0785561be14aaca2fccb", true},
		{"KW of 128 bits", "AES-KW", 0, 0, iv, "", "", "00112233445566778899aabbccddeeff", "1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5", true},
		{"KW of 256 bits", "AES-KW", 0, 0, iv + "101112131415161718191a1b1c1d1e1f", "", "", "00112233445566778899aabbccddeeff" + iv, "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := Call{Op: "encrypt", Algorithm: Algorithm{Name: tt.algorithm, Length: tt.length, TagLength: tt.tag}, Key: unhex(t, tt.key), Extra: unhex(t, tt.extra), More: unhex(t, tt.more), Data: unhex(t, tt.plain)}
			sealed := do(t, c)
			if hex.EncodeToString(sealed) != tt.cipher {
				t.Errorf("encrypted: %x", sealed)
			}
			c.Op, c.Data = "decrypt", sealed
			if plain := do(t, c); hex.EncodeToString(plain) != tt.plain {
				t.Errorf("decrypted: %x", plain)
			}
			if !tt.changedCipherIsNoticed {
				return
			}
			for i := range sealed {
				c.Data = flip(sealed, i)
				_, err := Do(c)
				wantName(t, err, Operation)
			}
		})
	}
}

func TestGCMDetectsWrongAdditionalDataKeysAndNonces(t *testing.T) {
	good := Call{Op: "encrypt", Algorithm: Algorithm{Name: "AES-GCM"}, Key: make([]byte, 32), Extra: make([]byte, 12), More: []byte("more"), Data: []byte("text")}
	good.Data, good.Op = do(t, good), "decrypt"
	do(t, good)
	for name, change := range map[string]func(*Call){
		"other additional data": func(c *Call) { c.More = []byte("mere") },
		"no additional data":    func(c *Call) { c.More = nil },
		"another key":           func(c *Call) { c.Key = flip(c.Key, 31) },
		"another iv":            func(c *Call) { c.Extra = flip(c.Extra, 0) },
		"a shorter tag":         func(c *Call) { c.Algorithm.TagLength = 120 },
		"no tag":                func(c *Call) { c.Data = c.Data[:4] },
	} {
		t.Run(name, func(t *testing.T) {
			c := good
			change(&c)
			_, err := Do(c)
			wantName(t, err, Operation)
		})
	}
}

// Every byte of the padding is checked, not only the last one.
func TestCBCPadding(t *testing.T) {
	key := unhex(t, "2b7e151628aed2a6abf7158809cf4f3c")
	// The padding that encryption added is cut off: the cases bring their own.
	raw := func(block []byte) []byte {
		return do(t, Call{Op: "encrypt", Algorithm: Algorithm{Name: "AES-CBC"}, Key: key, Extra: make([]byte, 16), Data: block})[:16]
	}
	for _, tt := range []struct {
		block string
		want  int // bytes of text; -1 = the padding is wrong
	}{
		{"41414141414141414141414141414101", 15},
		{"41414141414141414141414141410202", 14},
		{"10101010101010101010101010101010", 0},
		{"41414141414141414141414141414100", -1},
		{"41414141414141414141414141414111", -1},
		{"41414141414141414141414141410302", -1},
		{"41414141414141414141414141020303", -1},
		{"11101010101010101010101010101010", -1},
	} {
		out, err := Do(Call{Op: "decrypt", Algorithm: Algorithm{Name: "AES-CBC"}, Key: key, Extra: make([]byte, 16), Data: raw(unhex(t, tt.block))})
		if tt.want < 0 {
			wantName(t, err, Operation)
		} else if err != nil || len(out) != tt.want {
			t.Errorf("%s: %x, %v", tt.block, out, err)
		}
	}
}

// RFC 6070 for SHA-1, and values of OpenSSL; RFC 5869, test cases 1 and 3.
func TestDerivations(t *testing.T) {
	ikm, salt, info := bytes.Repeat([]byte{0x0b}, 22), unhex(t, "000102030405060708090a0b0c"), unhex(t, "f0f1f2f3f4f5f6f7f8f9")
	for _, tt := range []struct {
		name, hash      string
		iterations      int
		key, salt, info []byte
		want            string
	}{
		{"PBKDF2", "SHA-1", 1, []byte("password"), []byte("salt"), nil, "0c60c80f961f0e71f3a9b524af6012062fe037a6"},
		{"PBKDF2", "SHA-1", 2, []byte("password"), []byte("salt"), nil, "ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957"},
		{"PBKDF2", "SHA-1", 4096, []byte("password"), []byte("salt"), nil, "4b007901b765489abead49d926f721d065a429c1"},
		{"PBKDF2", "SHA-1", 4096, []byte("passwordPASSWORDpassword"), []byte("saltSALTsaltSALTsaltSALTsaltSALTsalt"), nil, "3d2eec4fe41c849b80c8d83662c0e44a8b291a964cf2f07038"},
		{"PBKDF2", "SHA-256", 1, []byte("password"), []byte("salt"), nil, "120fb6cffcf8b32c43e7225256c4f837a86548c92ccc35480805987cb70be17b"},
		{"PBKDF2", "SHA-512", 1, []byte("password"), []byte("salt"), nil, "867f70cf1ade02cff3752599a3a53dc4af34c7a669815ae5d513554e1c8cf252c02d470a285a0501bad999bfe943c08f050235d7d68b1da55e63f73b60a57fce"},
		{"PBKDF2", "SHA-256", 1, []byte("password"), []byte("salt"), nil, ""},
		{"HKDF", "SHA-256", 0, ikm, salt, info, "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"},
		{"HKDF", "SHA-256", 0, ikm, nil, nil, "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"},
		{"HKDF", "SHA-512", 0, ikm, salt, info, "832390086cda71fb47625bb5ceb168e4c8e26a1a16ed34d9fc7fe92c1481579338da362cb8d9f925d7cb"},
		{"HKDF", "SHA-256", 0, ikm, salt, info, ""},
	} {
		got := do(t, Call{Op: "deriveBits", Algorithm: Algorithm{Name: tt.name, Hash: tt.hash, Iterations: tt.iterations, Length: len(tt.want) * 4}, Key: tt.key, Extra: tt.salt, More: tt.info})
		if got == nil || hex.EncodeToString(got) != tt.want {
			t.Errorf("%s with %s, %d iterations: %x", tt.name, tt.hash, tt.iterations, got)
		}
	}
}

const (
	ed25519Private, ed25519Public = "302e020100300506032b657004220420", "302a300506032b6570032100" // DER before the key itself
	x25519Private, x25519Public   = "302e020100300506032b656e04220420", "302a300506032b656e032100"
)

// RFC 8032, 7.1, tests 1 to 3.
func TestEd25519(t *testing.T) {
	for _, tt := range []struct{ seed, public, data, want string }{
		{"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "", "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
		{"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb", "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72", "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
		{"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7", "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82", "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"},
	} {
		a := Algorithm{Name: "Ed25519"}
		got := do(t, Call{Op: "sign", Algorithm: a, Key: unhex(t, ed25519Private+tt.seed), Data: unhex(t, tt.data)})
		if hex.EncodeToString(got) != tt.want {
			t.Errorf("%s: %x", tt.seed, got)
		}
		c := Call{Algorithm: a, Key: unhex(t, ed25519Public+tt.public), Data: unhex(t, tt.data), Extra: got}
		if !verified(t, c) {
			t.Errorf("%s: the signature is refused", tt.seed)
		}
		if c.Data = append(c.Data, 0); verified(t, c) {
			t.Errorf("%s: a signature of other data is accepted", tt.seed)
		}
	}
}

// RFC 7748, 5.2: one iteration of the function on its own base point.
func TestX25519(t *testing.T) {
	const nine = "0900000000000000000000000000000000000000000000000000000000000000"
	got := do(t, Call{Op: "deriveBits", Algorithm: Algorithm{Name: "X25519"}, Key: unhex(t, x25519Private+nine), Extra: unhex(t, x25519Public+nine)})
	if hex.EncodeToString(got) != "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079" {
		t.Errorf("%x", got)
	}
}

// vectors are keys and what OpenSSL made with them, in testdata/openssl.json. ECDSA, RSA-PSS and RSA-OAEP are random, so the
// output of another implementation must be read.
type vectors struct {
	Keys  map[string]struct{ Private, Public string }
	Cases []vector
}

type vector struct {
	Key, Name, Curve, Hash, Op string
	Salt                       int
	Data, Extra, Want          string
}

func (v vector) algorithm() Algorithm {
	return Algorithm{Name: v.Name, Curve: v.Curve, Hash: v.Hash, SaltLength: v.Salt}
}

func readVectors(t *testing.T) (v vectors) {
	t.Helper()
	b, err := os.ReadFile("testdata/openssl.json")
	if err == nil {
		err = json.Unmarshal(b, &v)
	}
	if err != nil || len(v.Cases) == 0 {
		t.Fatalf("%d cases, %v", len(v.Cases), err)
	}
	return v
}

func TestOutputOfOpenSSLIsAccepted(t *testing.T) {
	all := readVectors(t)
	for _, v := range all.Cases {
		t.Run(v.Name+" "+v.Curve+" "+v.Hash, func(t *testing.T) {
			key := all.Keys[v.Key]
			c := Call{Op: v.Op, Algorithm: v.algorithm(), Data: unhex(t, v.Data), Extra: unhex(t, v.Extra)}
			if v.Op != "verify" {
				c.Key = unhex(t, key.Private)
				if got := do(t, c); hex.EncodeToString(got) != v.Want {
					t.Errorf("got %x, want %s", got, v.Want)
				}
				return
			}
			c.Key = unhex(t, key.Public)
			if !verified(t, c) {
				t.Error("the signature is refused")
			}
			testRefusals(t, c)
		})
	}
}

// testRefusals checks that a signature is refused after any change, and for other data.
func testRefusals(t *testing.T, good Call) {
	t.Helper()
	n := len(good.Extra)
	for name, change := range map[string]func(*Call){
		"other data":          func(c *Call) { c.Data = flip(c.Data, 0) },
		"a changed beginning": func(c *Call) { c.Extra = flip(c.Extra, n/2-1) },
		"a changed end":       func(c *Call) { c.Extra = flip(c.Extra, n-1) },
		"a cut signature":     func(c *Call) { c.Extra = c.Extra[:n-1] },
		"a longer signature":  func(c *Call) { c.Extra = append(bytes.Clone(c.Extra), 0) },
		"no signature":        func(c *Call) { c.Extra = nil },
		"only zeros":          func(c *Call) { c.Extra = make([]byte, n) },
		"another hash": func(c *Call) {
			if c.Algorithm.Hash = "SHA-256"; good.Algorithm.Hash == "SHA-256" {
				c.Algorithm.Hash = "SHA-512"
			}
		},
	} {
		c := good
		if change(&c); verified(t, c) {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestOwnSignaturesAreVerified(t *testing.T) {
	all := readVectors(t)
	for _, v := range all.Cases {
		if v.Op != "verify" {
			continue
		}
		t.Run(v.Name+" "+v.Curve+" "+v.Hash, func(t *testing.T) {
			key := all.Keys[v.Key]
			c := Call{Op: "sign", Algorithm: v.algorithm(), Key: unhex(t, key.Private), Data: unhex(t, v.Data)}
			signature := do(t, c)
			if len(signature)*2 != len(v.Extra) {
				t.Errorf("the signature has %d bytes, but OpenSSL's has %d", len(signature), len(v.Extra)/2)
			}
			if v.Name == "RSASSA-PKCS1-v1_5" && hex.EncodeToString(signature) != v.Extra {
				t.Errorf("got %x, want %s", signature, v.Extra)
			}
			c.Key, c.Extra = unhex(t, key.Public), signature
			if !verified(t, c) {
				t.Error("the signature is refused")
			}
		})
	}
}

func TestOAEPDecryptsItsOwnOutput(t *testing.T) {
	key := readVectors(t).Keys["rsa"]
	a := Algorithm{Name: "RSA-OAEP", Hash: "SHA-256"}
	c := Call{Op: "encrypt", Algorithm: a, Key: unhex(t, key.Public), Extra: []byte("label"), Data: []byte("text")}
	sealed := do(t, c)
	c.Op, c.Key, c.Data = "decrypt", unhex(t, key.Private), sealed
	if plain := do(t, c); string(plain) != "text" {
		t.Errorf("%q", plain)
	}
	c.Extra = []byte("another label")
	_, err := Do(c)
	wantName(t, err, Operation)
	c.Extra, c.Data = []byte("label"), flip(sealed, 9)
	_, err = Do(c)
	wantName(t, err, Operation)
	// RFC 8017, 7.1.1: a key of 256 bytes has room for 256 - 2*32 - 2.
	for size, fits := range map[int]bool{190: true, 191: false} {
		_, err := Do(Call{Op: "encrypt", Algorithm: a, Key: unhex(t, key.Public), Data: make([]byte, size)})
		if fits && err != nil {
			t.Errorf("%d bytes: %v", size, err)
		} else if !fits {
			wantName(t, err, Operation)
		}
	}
}

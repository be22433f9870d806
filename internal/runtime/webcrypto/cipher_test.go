package webcrypto

import (
	"bytes"
	"crypto/aes"
	"crypto/subtle"
	"fmt"
	"math/big"
	"testing"
)

// ctrByBlocks is AES-CTR as the standard describes it: one block after the other, each with its own counter.
func ctrByBlocks(t *testing.T, key, counter []byte, bits int, data []byte) []byte {
	t.Helper()
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	all := new(big.Int).Lsh(big.NewInt(1), uint(bits))
	start := new(big.Int).SetBytes(counter)
	low := new(big.Int).Mod(start, all)
	fixed := new(big.Int).Sub(start, low)
	out, pad := make([]byte, len(data)), make([]byte, aes.BlockSize)
	for i := 0; i < len(data); i += aes.BlockSize {
		n := new(big.Int).Add(low, big.NewInt(int64(i/aes.BlockSize)))
		n.Mod(n, all).Add(n, fixed)
		block.Encrypt(pad, n.FillBytes(make([]byte, aes.BlockSize)))
		subtle.XORBytes(out[i:], data[i:], pad)
	}
	return out
}

// A counter that runs over into the bits that must not change would use a block of another message a second time.
func TestTheCounterOfCTRWrapsWithinItsLength(t *testing.T) {
	t.Parallel()
	key := bytes.Repeat([]byte{7}, 16)
	full, zero := bytes.Repeat([]byte{0xff}, 16), make([]byte, 16)
	for _, bits := range []int{1, 2, 3, 7, 8, 9, 63, 64, 65, 127, 128} {
		for name, counter := range map[string][]byte{"at its end": full, "at its beginning": zero, "one before its end": append(bytes.Clone(full[:15]), 0xfe)} {
			for _, length := range []int{0, 1, 15, 16, 17, 32, 33, 48, 100} {
				blocks := (length + 15) / 16
				data := bytes.Repeat([]byte("x"), length)
				c := Call{Op: "encrypt", Algorithm: Algorithm{Name: "AES-CTR", Length: bits}, Key: key, Extra: counter, Data: data}
				got, err := Do(c)
				if bits < 10 && blocks > 1<<bits {
					wantName(t, err, Operation)
					continue
				}
				if want := ctrByBlocks(t, key, counter, bits, data); err != nil || !bytes.Equal(got, want) {
					t.Errorf("%d bits, %s, %d bytes: %x %v, want %x", bits, name, length, got, err, want)
				}
				c.Op, c.Data = "decrypt", got
				if back := do(t, c); !bytes.Equal(back, data) {
					t.Errorf("%d bits, %s, %d bytes: decrypted to %x", bits, name, length, back)
				}
			}
		}
	}
}

func TestAWrappedKeyIsUnwrappedOnlyUnchanged(t *testing.T) {
	t.Parallel()
	for _, size := range []int{16, 24, 32} {
		key := bytes.Repeat([]byte{byte(size)}, size)
		for _, length := range []int{16, 24, 32, 64, 512} {
			secret := bytes.Repeat([]byte("secret, "), length/8)
			wrapped := do(t, Call{Op: "encrypt", Algorithm: Algorithm{Name: "AES-KW"}, Key: key, Data: secret})
			if len(wrapped) != length+8 || bytes.Contains(wrapped, secret[:8]) {
				t.Errorf("%d bytes are wrapped as %x", length, wrapped)
			}
			c := Call{Op: "decrypt", Algorithm: Algorithm{Name: "AES-KW"}, Key: key, Data: wrapped}
			if got := do(t, c); !bytes.Equal(got, secret) {
				t.Errorf("%d bytes are unwrapped as %x", length, got)
			}
			for i := range min(len(wrapped), 40) {
				c.Data = flip(wrapped, i)
				_, err := Do(c)
				wantName(t, err, Operation)
			}
			c.Key, c.Data = flip(key, 0), wrapped
			_, err := Do(c)
			wantName(t, err, Operation)
		}
	}
}

func TestGCMWithEveryTagAndIV(t *testing.T) {
	t.Parallel()
	key, data := make([]byte, 32), []byte("message")
	for tag, fits := range map[int]bool{0: true, 8: false, 32: false, 64: false, 88: false, 95: false, 96: true, 97: false, 104: true, 112: true, 120: true, 128: true, 129: false, 136: false, -8: false} {
		for _, iv := range []int{0, 1, 8, 11, 12, 13, 16, 64} {
			t.Run(fmt.Sprint(tag, " and ", iv), func(t *testing.T) {
				c := Call{Op: "encrypt", Algorithm: Algorithm{Name: "AES-GCM", TagLength: tag}, Key: key, Extra: make([]byte, iv), Data: data, More: []byte("more")}
				sealed, err := Do(c)
				switch {
				case !fits || iv == 0:
					wantName(t, err, Operation)
					return
				case iv != 12 && tag != 0 && tag != 128:
					wantName(t, err, NotSupported)
					return
				}
				size := tag / 8
				if tag == 0 {
					size = 16
				}
				if err != nil || len(sealed) != len(data)+size {
					t.Fatalf("%d bytes, %v", len(sealed), err)
				}
				c.Op, c.Data = "decrypt", sealed
				if got := do(t, c); !bytes.Equal(got, data) {
					t.Errorf("%q", got)
				}
				for _, bad := range [][]byte{nil, sealed[:size-1], sealed[:len(sealed)-1], flip(sealed, 0), flip(sealed, len(sealed)-1)} {
					c.Data = bad
					_, err := Do(c)
					wantName(t, err, Operation)
				}
			})
		}
	}
}

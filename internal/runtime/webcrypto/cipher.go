package webcrypto

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/subtle"
	"encoding/binary"
	"math/big"
	"slices"
)

func cipherText(c Call) ([]byte, error) {
	decrypt := c.Op == "decrypt"
	if c.Algorithm.Name == "RSA-OAEP" {
		return oaep(c, decrypt)
	}
	block, err := aes.NewCipher(c.Key)
	if err != nil {
		return nil, fail(Operation, "the key is not an AES key")
	}
	switch c.Algorithm.Name {
	case "AES-GCM":
		return gcm(c, block, decrypt)
	case "AES-CBC":
		return cbc(c, block, decrypt)
	case "AES-CTR":
		return ctr(c, block)
	case "AES-KW":
		if decrypt {
			return unwrap(block, c.Data)
		}
		return wrap(block, c.Data)
	}
	return nil, fail(NotSupported, "%s cannot encrypt", c.Algorithm.Name)
}

func oaep(c Call, decrypt bool) (out []byte, err error) {
	h, err := newHash(c.Algorithm.Hash)
	if err != nil {
		return nil, err
	}
	if decrypt {
		key, err := privateKey(c.Algorithm, c.Key)
		if err != nil {
			return nil, err
		}
		private, ok := key.(*rsa.PrivateKey)
		if !ok {
			return nil, fail(Data, "the key is not an RSA key")
		}
		if out, err = rsa.DecryptOAEP(h(), nil, private, c.Data, c.Extra); err != nil {
			return nil, fail(Operation, "the data cannot be decrypted")
		}
		return out, nil
	}
	key, err := publicKey(c.Algorithm, c.Key)
	if err != nil {
		return nil, err
	}
	public, ok := key.(*rsa.PublicKey)
	if !ok {
		return nil, fail(Data, "the key is not an RSA key")
	}
	if out, err = rsa.EncryptOAEP(h(), rand.Reader, public, c.Data, c.Extra); err != nil {
		return nil, fail(Operation, "the data is too long for the key")
	}
	return out, nil
}

func gcm(c Call, block cipher.Block, decrypt bool) ([]byte, error) {
	tag := c.Algorithm.TagLength
	if tag == 0 {
		tag = 128
	}
	if !slices.Contains([]int{96, 104, 112, 120, 128}, tag) {
		// The standard also allows 32 and 64, but they are too short to be safe in most uses, and Go supports only 96 or more.
		return nil, fail(Operation, "a tag of %d bits is not supported; it may have 96, 104, 112, 120 or 128", tag)
	}
	if len(c.Extra) == 0 {
		return nil, fail(Operation, "the iv is empty")
	}
	var aead cipher.AEAD
	var err error
	switch {
	case len(c.Extra) == 12:
		aead, err = cipher.NewGCMWithTagSize(block, tag/8)
	case tag == 128:
		aead, err = cipher.NewGCMWithNonceSize(block, len(c.Extra))
	default:
		return nil, fail(NotSupported, "an iv of %d bytes is supported only with a tag of 128 bits", len(c.Extra))
	}
	if err != nil {
		return nil, fail(Operation, "the iv cannot be used")
	}
	if !decrypt {
		return aead.Seal(nil, c.Extra, c.Data, c.More), nil
	}
	out, err := aead.Open(nil, c.Extra, c.Data, c.More)
	if err != nil {
		return nil, fail(Operation, "the data cannot be decrypted: the data, the key or the iv is wrong")
	}
	return notNil(out), nil
}

func cbc(c Call, block cipher.Block, decrypt bool) ([]byte, error) {
	const size = aes.BlockSize
	if len(c.Extra) != size {
		return nil, fail(Operation, "the iv must have 16 bytes, not %d", len(c.Extra))
	}
	if !decrypt {
		pad := size - len(c.Data)%size
		out := make([]byte, len(c.Data)+pad)
		copy(out, c.Data)
		for i := len(c.Data); i < len(out); i++ {
			out[i] = byte(pad)
		}
		cipher.NewCBCEncrypter(block, c.Extra).CryptBlocks(out, out)
		return out, nil
	}
	bad := fail(Operation, "the data cannot be decrypted")
	if len(c.Data) == 0 || len(c.Data)%size != 0 {
		return nil, bad
	}
	out := make([]byte, len(c.Data))
	cipher.NewCBCDecrypter(block, c.Extra).CryptBlocks(out, c.Data)
	pad := int(out[len(out)-1])
	if pad == 0 || pad > size {
		return nil, bad
	}
	good := 1
	for _, b := range out[len(out)-pad:] {
		good &= subtle.ConstantTimeByteEq(b, byte(pad))
	}
	if good != 1 {
		return nil, bad
	}
	return out[:len(out)-pad], nil
}

// ctr encrypts or decrypts with AES-CTR. Only the last bits of the counter, as many as its length says, count; they wrap around
// to zero, and the rest never changes.
func ctr(c Call, block cipher.Block) ([]byte, error) {
	const size = aes.BlockSize
	bits := c.Algorithm.Length
	if len(c.Extra) != size || bits < 1 || bits > 128 {
		return nil, fail(Operation, "the counter must have 16 bytes, and its length must be from 1 to 128 bits")
	}
	blocks := new(big.Int).SetInt64(int64((len(c.Data) + size - 1) / size))
	all := new(big.Int).Lsh(big.NewInt(1), uint(bits))
	if blocks.Cmp(all) > 0 {
		return nil, fail(Operation, "the counter is too short for this much data")
	}
	out := make([]byte, len(c.Data))
	start := new(big.Int).SetBytes(c.Extra)
	now := new(big.Int).Mod(start, all)
	before := new(big.Int).Sub(all, now) // blocks until it overflows
	if before.Cmp(blocks) >= 0 {
		cipher.NewCTR(block, c.Extra).XORKeyStream(out, c.Data)
		return out, nil
	}
	n := int(before.Int64()) * size
	cipher.NewCTR(block, c.Extra).XORKeyStream(out[:n], c.Data[:n])
	again := new(big.Int).Sub(start, now).FillBytes(make([]byte, size))
	cipher.NewCTR(block, again).XORKeyStream(out[n:], c.Data[n:])
	return out, nil
}

// wrap and unwrap implement the key wrap of RFC 3394.
func wrap(block cipher.Block, data []byte) ([]byte, error) {
	if len(data)%8 != 0 || len(data) < 16 {
		return nil, fail(Operation, "the length of the key to wrap must be a multiple of 8 bytes, and at least 16")
	}
	n := len(data) / 8
	out := make([]byte, 8+len(data))
	copy(out[8:], data)
	var b [16]byte
	for i := range 8 {
		b[i] = 0xa6
	}
	for j := range 6 {
		for i := 1; i <= n; i++ {
			copy(b[8:], out[8*i:8*i+8])
			block.Encrypt(b[:], b[:])
			binary.BigEndian.PutUint64(b[:8], binary.BigEndian.Uint64(b[:8])^uint64(n*j+i))
			copy(out[8*i:], b[8:])
		}
	}
	copy(out, b[:8])
	return out, nil
}

func unwrap(block cipher.Block, data []byte) ([]byte, error) {
	if len(data)%8 != 0 || len(data) < 24 {
		return nil, fail(Operation, "this is not a wrapped key")
	}
	n := len(data)/8 - 1
	out := slices.Clone(data)
	var b [16]byte
	copy(b[:], data[:8])
	for j := 5; j >= 0; j-- {
		for i := n; i >= 1; i-- {
			binary.BigEndian.PutUint64(b[:8], binary.BigEndian.Uint64(b[:8])^uint64(n*j+i))
			copy(b[8:], out[8*i:8*i+8])
			block.Decrypt(b[:], b[:])
			copy(out[8*i:], b[8:])
		}
	}
	good := 1
	for _, c := range b[:8] {
		good &= subtle.ConstantTimeByteEq(c, 0xa6)
	}
	if good != 1 {
		return nil, fail(Operation, "the key cannot be unwrapped: the data or the wrapping key is wrong")
	}
	return out[8:], nil
}

// notNil returns b, or an empty slice for nil.
func notNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

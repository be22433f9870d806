package content

import (
	"crypto/sha256"
	"testing"

	"github.com/google/go-cmp/cmp"

	"fazt/internal/database"
)

func TestHashIsReadFromSixtyFourHexadecimalDigits(t *testing.T) {
	want := Hash(sha256.Sum256([]byte("content")))
	text := want.String()
	var got Hash
	if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
		t.Errorf("%v, %v", got, err)
	}
	for _, bad := range []string{"", text[2:], text + "00", text[1:], "x" + text[1:]} {
		got := want
		if err := got.UnmarshalText([]byte(bad)); err == nil || got != want {
			t.Errorf("%q: %v, %v", bad, got, err)
		}
	}
}

func TestEachContentOfASuitableSizeIsCompressedOnce(t *testing.T) {
	b := open(t)
	tried := b.put([]byte("tried"))
	b.write(func(tx *database.Tx) error {
		return tx.Exec("INSERT INTO variants (blob_id, encoding) VALUES (?, ?)", tried.ID, untouched)
	})
	tried.Size = compressFrom
	got, err := b.uncompressed(t.Context(), []Blob{
		{100, compressFrom - 1}, {101, compressFrom}, {102, compressTo}, {103, compressTo + 1}, {101, compressFrom}, tried,
	})
	if diff := cmp.Diff([]Blob{{101, compressFrom}, {102, compressTo}}, got); diff != "" || err != nil {
		t.Error(err, diff)
	}
}

package content

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"testing"

	"fazt/internal/database"
	"fazt/internal/errs"
)

func TestOnlyContentWithoutAnOwnerIsCollected(t *testing.T) {
	b := open(t)
	held, large, free := b.put([]byte("held")), b.put(noise("large", ChunkSize+1)), b.put([]byte("free"))
	b.hold("a", held)
	b.hold("b", large)
	got, err := b.Collect(t.Context())
	if err != nil || got.Blobs != 1 || got.Bytes != 4 {
		t.Errorf("collected %+v, %v", got, err)
	}
	for _, blob := range []Blob{held, large} {
		if data, err := b.ReadAll(t.Context(), blob.ID, blob.Size); err != nil || int64(len(data)) != blob.Size {
			t.Errorf("blob %d: %d bytes, %v", blob.ID, len(data), err)
		}
	}
	if _, err := b.ReadAll(t.Context(), free.ID, free.Size); !errs.Is(err, errs.NotFound) {
		t.Errorf("content without an owner is still there: %v", err)
	}
}

func TestAnArrivalThatIsClosedEarlyLeavesNothing(t *testing.T) {
	b := open(t)
	a := b.Arrive()
	write := func(fn func(*database.Tx) error) error { return b.db.Write(context.Background(), fn) }
	if _, err := a.Add(write, noise("half", ChunkSize), nil); err != nil {
		t.Fatal(err)
	}
	if got, err := b.Collect(t.Context()); err != nil || got.Blobs != 0 {
		t.Errorf("collected while it arrived: %+v, %v", got, err)
	}
	a.Close(t.Context())
	if n := b.count("SELECT count(*) FROM blobs"); n != 0 || len(b.arriving) != 0 {
		t.Errorf("%d blobs are left, %v marked", n, b.arriving)
	}
}

func TestAnArrivalWhoseWriteIsRetriedIsMarkedOnce(t *testing.T) {
	b := open(t)
	undone := errors.New("undone")
	retry := func(fn func(*database.Tx) error) error {
		err := b.db.Write(context.Background(), func(tx *database.Tx) error { return errors.Join(fn(tx), undone) })
		if !errors.Is(err, undone) {
			return err
		}
		return b.db.Write(context.Background(), fn)
	}
	a := b.Arrive()
	for _, part := range []string{"one", "two"} {
		if _, err := a.Add(retry, noise(part, ChunkSize), nil); err != nil {
			t.Fatal(err)
		}
	}
	if n := b.count("SELECT count(*) FROM chunks"); n != 2 {
		t.Errorf("%d chunks, want 2", n)
	}
	a.Close(t.Context())
	failing := b.Arrive()
	if _, err := failing.Add(func(fn func(*database.Tx) error) error { return errors.Join(retry(fn), undone) }, noise("three", ChunkSize), nil); !errors.Is(err, undone) {
		t.Fatal(err)
	}
	failing.Close(t.Context())
	if _, err := b.Collect(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := b.count("SELECT count(*) FROM blobs"); n != 0 || len(b.arriving) != 0 {
		t.Errorf("%d blobs are left, %v marked", n, b.arriving)
	}
}

func TestOfTwoArrivalsOfTheSameContentOneIsStored(t *testing.T) {
	b := open(t)
	write := func(fn func(*database.Tx) error) error { return b.db.Write(context.Background(), fn) }
	data := noise("same", ChunkSize+1)
	hash := Hash(sha256.Sum256(data))
	first, second := b.Arrive(), b.Arrive()
	for _, a := range []*Arrival{first, second} {
		if _, err := a.Add(write, data[:ChunkSize], nil); err != nil {
			t.Fatal(err)
		}
	}
	if added, err := first.Add(write, data[ChunkSize:], &hash); !added || err != nil {
		t.Errorf("the first: %v, %v", added, err)
	}
	if added, err := second.Add(write, data[ChunkSize:], &hash); added || err != nil {
		t.Errorf("the second: %v, %v", added, err)
	}
	first.Close(t.Context())
	second.Close(t.Context())
	if n := b.count("SELECT count(*) FROM blobs"); n != 1 || len(b.arriving) != 0 {
		t.Errorf("%d blobs, %v marked", n, b.arriving)
	}
}

// An earlier version stored content without sums.
func TestTheCheckForgetsDamageThatIsGoneAndAddsSums(t *testing.T) {
	b := open(t)
	blob := b.put(noise("large", 2*ChunkSize+1))
	b.hold("a", blob)
	b.noteDamage(t.Context(), blob.ID, "a disk that recovered")
	b.write(func(tx *database.Tx) error { return tx.Exec("UPDATE chunks SET sum = NULL") })
	_, err := b.Check(t.Context(), 0, func(int64, int) error { return nil }, func(blob int64, cause string) error {
		t.Errorf("blob %d: %s", blob, cause)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := b.count("SELECT count(*) FROM damage"); n != 0 {
		t.Errorf("%d contents are still marked as damaged", n)
	}
	if n := b.count("SELECT count(*) FROM chunks WHERE sum IS NULL"); n != 0 {
		t.Errorf("%d chunks have no sum", n)
	}
}

func TestDamageIsReportedOnceAndReplacedForEveryOwner(t *testing.T) {
	b := open(t)
	data := bytes.Repeat([]byte("text "), 100)
	blob := b.put(data)
	b.hold("a", blob)
	b.hold("b", blob)
	b.write(func(tx *database.Tx) error {
		return tx.Exec("UPDATE chunks SET data = zeroblob(length(data)) WHERE blob_id = ?", blob.ID)
	})
	for range 2 {
		if _, err := b.ReadAll(t.Context(), blob.ID, blob.Size); !IsDamaged(err) {
			t.Fatalf("damaged content was read: %v", err)
		}
	}
	var found []int64
	_, err := b.Check(t.Context(), 0, func(int64, int) error { return nil }, func(blob int64, cause string) error {
		found = append(found, blob)
		return nil
	})
	if err != nil || !slices.Equal(found, []int64{blob.ID}) || !slices.Equal(b.told, []int64{blob.ID}) {
		t.Errorf("found %v, told of %v, %v; want blob %d", found, b.told, err, blob.ID)
	}
	var again int64
	b.write(func(tx *database.Tx) (err error) {
		again, _, err = Put(tx, Hash(sha256.Sum256(data)), data)
		return err
	})
	if err := b.noteSound(t.Context(), blob.ID); err != nil { // must not forget what is to be replaced
		t.Fatal(err)
	}
	if _, err := b.Collect(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := b.count("SELECT count(*) FROM deployment_files WHERE blob_id = ?", again); n != 2 {
		t.Errorf("%d of 2 rows refer to the content that was stored again", n)
	}
	if n := b.count("SELECT count(*) FROM blobs WHERE id = ?", blob.ID); n != 0 {
		t.Error("the damaged content is still there")
	}
}

func TestADamagedVariantIsDropped(t *testing.T) {
	b := open(t)
	blob := b.put(bytes.Repeat([]byte("text "), 1000))
	b.hold("a", blob)
	if err := b.Compress(t.Context(), []Blob{blob}); err != nil {
		t.Fatal(err)
	}
	variant := int64(b.count("SELECT variant_id FROM variants WHERE encoding = 'br'"))
	b.noteDamage(t.Context(), variant, NotItsHash)
	if n := b.count("SELECT count(*) FROM variants"); n != 2 {
		t.Errorf("%d variants are left of 3", n)
	}
	if n := b.count("SELECT count(*) FROM damage"); n != 0 {
		t.Error("the content counts as damaged because a variant is")
	}
}

func TestCollectorWorksInSmallWrites(t *testing.T) {
	if testing.Short() {
		t.Skip("short: large contents")
	}
	b := open(t)
	for i := range 40 {
		b.put(noise(fmt.Sprint(i), ChunkSize))
	}
	list, err := b.unneeded(t.Context(), 0)
	if err != nil || len(list) != 40 {
		t.Fatalf("%d blobs, %v", len(list), err)
	}
	if _, err := b.disown(t.Context(), list); err != nil {
		t.Fatal(err)
	}
	var got Collected
	if err := b.removeNameless(t.Context(), &got); err != nil || got.Blobs != 40 || got.Bytes != 40<<20 {
		t.Errorf("removed %+v, %v", got, err)
	}
	if n := b.db.Stats().MaxRows; n > 2*stepRows {
		t.Errorf("a step changed %d rows", n)
	}
}

// An owner may begin to hold content between the moment the collector finds it unneeded and the moment it takes it.
func TestContentHeldAtTheLastMomentIsNotCollected(t *testing.T) {
	b := open(t)
	blob := b.put([]byte("one"))
	list, err := b.unneeded(t.Context(), 0)
	if err != nil || len(list) != 1 {
		t.Fatalf("found %v, %v", list, err)
	}
	b.hold("a", blob)
	if n, err := b.disown(t.Context(), list); n != 0 || err != nil {
		t.Errorf("took %d, %v", n, err)
	}
}

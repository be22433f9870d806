package compile

import (
	"bytes"
	"crypto/sha256"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"fazt/internal/quickjs"
)

func testProgram() *Program {
	return &Program{
		Entry: "api/main.ts", Style: StyleModule, Engine: EngineVersion, Standard: []string{"lodash"},
		Script: []byte("respond(1)"), Bytecode: []byte{1, 2, 3},
	}
}

func TestAStoredProgramIsReadBack(t *testing.T) {
	data, err := testProgram().MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	var got Program
	if err := got.UnmarshalBinary(data); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(testProgram(), &got); diff != "" {
		t.Error(diff)
	}
	for i := range data {
		damaged := bytes.Clone(data)
		damaged[i] ^= 0x10
		if new(Program).UnmarshalBinary(damaged) == nil || new(Program).UnmarshalBinary(data[:i]) == nil {
			t.Fatalf("damage at byte %d was not detected", i)
		}
	}
}

// Bytecode of the previous engine, which has another format, would be run by this one if the name did not follow the engine.
func TestTheNameOfTheBytecodeFollowsTheEngine(t *testing.T) {
	if !regexp.MustCompile(`^[0-9a-f]{12}$`).MatchString(quickjs.Version) || !strings.Contains(EngineVersion, quickjs.Version) {
		t.Errorf("the bytecode is called %q, the engine %q", EngineVersion, quickjs.Version)
	}
}

// FuzzStoredProgram reads bytes with a correct checksum: the decoder must not rely on it.
func FuzzStoredProgram(f *testing.F) {
	data, err := testProgram().MarshalBinary()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data[sha256.Size:])
	f.Add([]byte{0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, body []byte) {
		sum := sha256.Sum256(body)
		var p Program
		if p.UnmarshalBinary(append(sum[:], body...)) != nil {
			return
		}
		again, err := p.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		var q Program
		if err := q.UnmarshalBinary(again); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(p, q); diff != "" {
			t.Error(diff)
		}
	})
}

package runtime

import (
	"bytes"
	"crypto/sha256"
	"encoding/gob"
	"errors"
)

// engineVersion names the bytecode format: bytecode of another one is made anew from the script.
const engineVersion = "quickjs-2026-06-04/1"

// The two styles of a function.
const (
	StyleModule = "module" // export default { fetch } or a function
	StyleScript = "script" // reads request, calls respond; runs anew for every request
)

// Program is the compiled function of a deployment. It is stored with the deployment.
type Program struct {
	Entry     string // api/main.ts
	Style     string // StyleModule or StyleScript
	Script    []byte // everything bundled to one script
	SourceMap []byte // of Script
	Bytecode  []byte
	Engine    string   // what Bytecode was made for
	Standard  []string // parts of the standard modules it imports
}

// wire is Program without its methods, so that gob does not call them.
type wire Program

var errProgram = errors.New("the stored program is damaged")

// MarshalBinary writes the program with a checksum.
func (p *Program) MarshalBinary() ([]byte, error) {
	var b bytes.Buffer
	b.Write(make([]byte, sha256.Size))
	if err := gob.NewEncoder(&b).Encode(wire(*p)); err != nil {
		return nil, err
	}
	data := b.Bytes()
	sum := sha256.Sum256(data[sha256.Size:])
	copy(data, sum[:])
	return data, nil
}

// UnmarshalBinary reads what MarshalBinary wrote; anything else is an error: bytecode is run as it is.
func (p *Program) UnmarshalBinary(data []byte) error {
	if len(data) < sha256.Size || sha256.Sum256(data[sha256.Size:]) != [sha256.Size]byte(data[:sha256.Size]) {
		return errProgram
	}
	var w wire
	if err := gob.NewDecoder(bytes.NewReader(data[sha256.Size:])).Decode(&w); err != nil {
		return errors.Join(errProgram, err)
	}
	*p = Program(w)
	return nil
}

package compile

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"

	"fazt/internal/quickjs"
)

// EngineVersion names the bytecode format. Bytecode of another version is recompiled from the script.
const EngineVersion = "quickjs-" + quickjs.Version + "/1"

// The two styles of a function.
const (
	StyleModule = "module" // export default { fetch } or a function
	StyleScript = "script" // reads request, calls respond; runs again for every request
)

// Program is the compiled function of a deployment. It is stored with the deployment.
type Program struct {
	Entry     string // api/main.ts
	Style     string // StyleModule or StyleScript
	Script    []byte // everything, bundled into one script
	SourceMap []byte // of Script
	Bytecode  []byte
	Engine    string   // the engine that Bytecode is for
	Standard  []string // parts of the standard modules it imports
}

// programHead is stored before the large parts of a program, which follow in this order: script, source map, bytecode.
type programHead struct {
	Entry, Style, Engine string
	Standard             []string `json:",omitempty"`
	Sizes                [3]int
}

var errProgram = errors.New("the stored program is damaged")

// MarshalBinary encodes the program with a checksum: SHA-256 of everything after it, length of the head, head as JSON, parts.
// It allocates the result once; a program can be tens of megabytes.
func (p *Program) MarshalBinary() ([]byte, error) {
	head, err := json.Marshal(programHead{p.Entry, p.Style, p.Engine, p.Standard, [3]int{len(p.Script), len(p.SourceMap), len(p.Bytecode)}})
	if err != nil {
		return nil, err
	}
	data := make([]byte, sha256.Size, sha256.Size+4+len(head)+len(p.Script)+len(p.SourceMap)+len(p.Bytecode))
	data = binary.LittleEndian.AppendUint32(data, uint32(len(head)))
	for _, part := range [][]byte{head, p.Script, p.SourceMap, p.Bytecode} {
		data = append(data, part...)
	}
	sum := sha256.Sum256(data[sha256.Size:])
	copy(data, sum[:])
	return data, nil
}

// UnmarshalBinary decodes what MarshalBinary wrote. Anything else is an error, because bytecode is run without further checks.
// The program keeps data.
func (p *Program) UnmarshalBinary(data []byte) error {
	if len(data) < sha256.Size+4 || sha256.Sum256(data[sha256.Size:]) != [sha256.Size]byte(data[:sha256.Size]) {
		return errProgram
	}
	rest := data[sha256.Size:]
	n := int64(binary.LittleEndian.Uint32(rest))
	if rest = rest[4:]; n > int64(len(rest)) {
		return errProgram
	}
	var head programHead
	if err := json.Unmarshal(rest[:n], &head); err != nil {
		return errors.Join(errProgram, err)
	}
	rest = rest[n:]
	var parts [3][]byte
	for i, size := range head.Sizes {
		if size < 0 || size > len(rest) {
			return errProgram
		}
		if size > 0 {
			parts[i] = rest[:size:size]
		}
		rest = rest[size:]
	}
	if len(rest) > 0 {
		return errProgram
	}
	*p = Program{
		Entry: head.Entry, Style: head.Style, Engine: head.Engine, Standard: head.Standard,
		Script: parts[0], SourceMap: parts[1], Bytecode: parts[2],
	}
	return nil
}

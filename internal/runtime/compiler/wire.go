package compiler

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"fazt/internal/errs"
	"fazt/internal/runtime/compile"
)

// The two processes talk in frames: a head as JSON and bytes, both with their lengths before them.

// job is the first frame; of an assembly, the bytes are the script.
type job struct {
	Task    string `json:"task"`
	Dir     string `json:"dir,omitempty"`
	Style   string `json:"style,omitempty"`
	Entry   string `json:"entry,omitempty"`
	Version string `json:"version"` // of the program that asks
	Memory  int64  `json:"memory"`  // bytes
	Time    int64  `json:"time"`    // ms
}

// The tasks.
const (
	taskCompile  = "compile"
	taskGather   = "gather"
	taskAssemble = "assemble"
)

// message is what the compiling process says: it asks for a file of the deployment, or it is done.
type message struct {
	Ask  string   `json:"ask,omitempty"` // exists or read
	Path string   `json:"path,omitempty"`
	Done *outcome `json:"done,omitempty"`
}

// answer tells of a file; its content are the bytes of the frame.
type answer struct {
	Found   bool   `json:"found"`
	Refused string `json:"refused,omitempty"` // why it cannot be read, for the author
}

// outcome is the end of a job. The bytes of its frame are the parts that Sizes counts.
type outcome struct {
	Failure     string               `json:"failure,omitempty"` // code of a kind; "" = it went well
	Sentence    string               `json:"sentence,omitempty"`
	Diagnostics []compile.Diagnostic `json:"diagnostics,omitempty"`

	Entry    string   `json:"entry,omitempty"`
	Style    string   `json:"style,omitempty"`
	Engine   string   `json:"engine,omitempty"`
	Standard []string `json:"standard,omitempty"`
	Files    []string `json:"files,omitempty"`
	Sizes    []int64  `json:"sizes,omitempty"`

	parts [][]byte // script, source map and bytecode; or the imports
}

// error is the failure, nil where there is none.
func (o *outcome) error() error {
	if o.Failure == "" {
		return nil
	}
	err := errs.New(errs.KindOfCode(o.Failure), "%s", o.Sentence)
	if o.Diagnostics != nil {
		return err.WithDetails(o.Diagnostics)
	}
	return err
}

// failed is the outcome of a job that ended with err.
func failed(err error) *outcome {
	o := &outcome{Failure: errs.Code(err), Sentence: errs.Sentence(err)}
	o.Diagnostics, _ = errs.Details(err).([]compile.Diagnostic)
	if errs.Is(err, errs.Internal) {
		o.Sentence = err.Error()
	}
	return o
}

func (o *outcome) part(i int) []byte {
	if i < len(o.parts) && len(o.parts[i]) > 0 {
		return o.parts[i]
	}
	return nil
}

func (o *outcome) program() *compile.Program {
	if o == nil {
		return nil
	}
	return &compile.Program{Entry: o.Entry, Style: o.Style, Engine: o.Engine, Standard: o.Standard, Script: o.part(0), SourceMap: o.part(1), Bytecode: o.part(2)}
}

func (o *outcome) packages() *compile.Packages {
	if o == nil {
		return nil
	}
	return &compile.Packages{Files: o.Files, Imports: o.part(0)}
}

// split cuts the bytes of the frame into the parts.
func (o *outcome) split(data []byte) error {
	for _, n := range o.Sizes {
		if n < 0 || n > int64(len(data)) {
			return errFrame
		}
		o.parts, data = append(o.parts, data[:n:n]), data[n:]
	}
	if len(data) > 0 {
		return errFrame
	}
	return nil
}

var (
	errFrame    = errors.New("what the compiling process says cannot be read")
	errTooLarge = errors.New("what the compiling process made is too large")
)

const maxHead = 16 << 20 // of a frame: the diagnostics are in one

func writeFrame(w io.Writer, head any, data ...[]byte) error {
	text, err := json.Marshal(head)
	if err != nil {
		return err
	}
	var lengths [12]byte
	binary.LittleEndian.PutUint32(lengths[:], uint32(len(text)))
	total := 0
	for _, d := range data {
		total += len(d)
	}
	binary.LittleEndian.PutUint64(lengths[4:], uint64(total))
	for _, part := range append([][]byte{lengths[:], text}, data...) {
		if _, err := w.Write(part); err != nil {
			return err
		}
	}
	return nil
}

// readFrame reads a frame with at most so many bytes besides the head.
func readFrame(r *bufio.Reader, head any, most int64) ([]byte, error) {
	var lengths [12]byte
	if _, err := io.ReadFull(r, lengths[:]); err != nil {
		return nil, err
	}
	n, size := int64(binary.LittleEndian.Uint32(lengths[:])), binary.LittleEndian.Uint64(lengths[4:])
	if n > maxHead {
		return nil, fmt.Errorf("%w: a head of %d bytes", errFrame, n)
	}
	if size > uint64(most) {
		return nil, errTooLarge
	}
	text, err := take(r, n)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, head); err != nil {
		return nil, errors.Join(errFrame, err)
	}
	return take(r, int64(size))
}

// take reads n bytes, which were checked against a bound. One allocation of the right size: a buffer that doubles as a large
// program arrives holds three times as much.
func take(r io.Reader, n int64) ([]byte, error) {
	data := make([]byte, n)
	if _, err := io.ReadFull(r, data); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	return data, nil
}

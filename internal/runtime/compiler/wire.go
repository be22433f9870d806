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

// The two processes exchange frames: the lengths of head and data, the head as JSON, the data.

// job is the head of the first frame. To assemble, the data is the script.
type job struct {
	Task      string `json:"task"`
	Dir       string `json:"dir,omitempty"`
	Elsewhere bool   `json:"elsewhere,omitempty"`
	Style     string `json:"style,omitempty"`
	Entry     string `json:"entry,omitempty"`
	Version   string `json:"version"` // of the program that sent the job
	Memory    int64  `json:"memory"`  // bytes
	Time      int64  `json:"time"`    // ms
}

// The tasks.
const (
	taskCompile  = "compile"
	taskGather   = "gather"
	taskAssemble = "assemble"
)

// message is what the compiler process sends: a request for a file of the deployment, or the outcome.
type message struct {
	Ask  string   `json:"ask,omitempty"` // exists or read
	Path string   `json:"path,omitempty"`
	Done *outcome `json:"done,omitempty"`
}

// answer describes a file; the data of the frame is its content.
type answer struct {
	Found   bool   `json:"found"`
	Refused string `json:"refused,omitempty"` // why it cannot be read; shown to the author
}

// outcome is the result of a job. The data of its frame is the parts, whose sizes are in Sizes.
type outcome struct {
	Failure     string               `json:"failure,omitempty"` // code of a kind; "" = success
	Sentence    string               `json:"sentence,omitempty"`
	Diagnostics []compile.Diagnostic `json:"diagnostics,omitempty"`

	Entry    string   `json:"entry,omitempty"`
	Style    string   `json:"style,omitempty"`
	Engine   string   `json:"engine,omitempty"`
	Standard []string `json:"standard,omitempty"`
	Files    []string `json:"files,omitempty"`
	Sizes    []int64  `json:"sizes,omitempty"`

	Workspace string   `json:"workspace,omitempty"`
	Own       []string `json:"own,omitempty"`

	parts [][]byte // script, source map and bytecode; or the imports
}

// error returns the failure, or nil.
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

// failed returns the outcome of a job that failed with err.
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
	return &compile.Packages{Files: o.Files, Imports: o.part(0), Workspace: o.Workspace, Own: o.Own}
}

// split splits the data of the frame into the parts.
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
	errFrame    = errors.New("the compiler process sent something unreadable")
	errTooLarge = errors.New("the result of the compiler process is too large")
)

const maxHead = 16 << 20 // size of a head, which may contain diagnostics

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

// readFrame reads a frame with at most maxData bytes of data.
func readFrame(r *bufio.Reader, head any, maxData int64) ([]byte, error) {
	var lengths [12]byte
	if _, err := io.ReadFull(r, lengths[:]); err != nil {
		return nil, err
	}
	n, size := int64(binary.LittleEndian.Uint32(lengths[:])), binary.LittleEndian.Uint64(lengths[4:])
	if n > maxHead {
		return nil, fmt.Errorf("%w: a head of %d bytes", errFrame, n)
	}
	if size > uint64(maxData) {
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

// take reads n bytes; n must have been checked against a limit. It allocates them at once: a buffer that grows by doubling
// would need three times as much for a large program.
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

package upstreamtest

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"strings"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// peer is the server side of HTTP/2, without its rules.
type peer struct {
	net.Conn
	*http2.Framer
	table *hpack.Encoder // for the whole connection
	block bytes.Buffer
}

// on returns a behavior in HTTP/2: do is called with the stream of a request. Everything the client sends later is discarded.
func on(do func(p *peer, stream uint32)) func(net.Conn) {
	return func(c net.Conn) {
		p := accept(c)
		if p == nil || p.WriteSettings() != nil {
			return
		}
		stream := p.request()
		if stream == 0 {
			return
		}
		go wait(c)
		do(p, stream)
		_, _ = c.Read(make([]byte, 1)) // returns when the connection is closed; wait gets the data
	}
}

func accept(c net.Conn) *peer {
	preface := make([]byte, len(http2.ClientPreface))
	if _, err := io.ReadFull(c, preface); err != nil {
		return nil
	}
	p := &peer{Conn: c, Framer: http2.NewFramer(c, c)}
	p.AllowIllegalReads, p.AllowIllegalWrites = true, true
	p.table = hpack.NewEncoder(&p.block)
	return p
}

// request returns the stream of the next request.
func (p *peer) request() uint32 {
	for {
		f, err := p.ReadFrame()
		if err != nil {
			return 0
		}
		if f, ok := f.(*http2.HeadersFrame); ok {
			return f.StreamID
		}
	}
}

// fields encodes header fields in HPACK, given as alternating names and values.
func (p *peer) fields(list ...string) []byte {
	p.block.Reset()
	for i := 0; i+1 < len(list); i += 2 {
		_ = p.table.WriteField(hpack.HeaderField{Name: list[i], Value: list[i+1]})
	}
	return bytes.Clone(p.block.Bytes())
}

func (p *peer) headers(stream uint32, end bool, list ...string) {
	_ = p.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: p.fields(list...), EndHeaders: true, EndStream: end})
}

// frame returns the bytes of a frame.
func frame(kind, flags byte, stream uint32, payload ...byte) []byte {
	head := []byte{byte(len(payload) >> 16), byte(len(payload) >> 8), byte(len(payload)), kind, flags}
	return append(binary.BigEndian.AppendUint32(head, stream), payload...)
}

// instead repeats a frame forever instead of a response.
func instead(kind, flags byte, stream uint32, payload ...byte) func(net.Conn) {
	return on(func(p *peer, _ uint32) { flood(p.Conn, frame(kind, flags, stream, payload...)) })
}

// within repeats a frame forever after the header of the response.
func within(kind, flags byte, stream uint32, payload ...byte) func(net.Conn) {
	return on(func(p *peer, at uint32) {
		p.headers(at, false, ":status", "200")
		flood(p.Conn, frame(kind, flags, stream, payload...))
	})
}

func one(do func(p *peer, stream uint32) error) func(net.Conn) {
	return on(func(p *peer, stream uint32) { _ = do(p, stream) })
}

// overHTTP2 returns the behaviors in HTTP/2. The first request of a connection has stream 1.
func overHTTP2() []Behavior {
	list := []Behavior{
		{Name: "h2-window-overflow", talk: one(func(p *peer, s uint32) error { return p.WriteWindowUpdate(s, 1<<31-1) })},
		{Name: "h2-window-overflow-all", talk: one(func(p *peer, _ uint32) error { return p.WriteWindowUpdate(0, 1<<31-1) })},
		{Name: "h2-window-overflow-body", talk: on(func(p *peer, s uint32) {
			p.headers(s, false, ":status", "200")
			_ = p.WriteData(s, false, []byte("ok"))
			_ = p.WriteWindowUpdate(s, 1<<31-1)
			flood(p.Conn, frame(0, 0, s, make([]byte, 16)...))
		})},
		{Name: "h2-window-zero", talk: one(func(p *peer, s uint32) error { return p.WriteWindowUpdate(s, 0) })},
		{Name: "h2-window-flood", talk: instead(8, 0, 1, 0, 0, 0, 1)},
		{Name: "h2-window-flood-all", talk: instead(8, 0, 0, 0, 0, 0, 1)},
		{Name: "h2-settings-flood", talk: instead(4, 0, 0)},
		{Name: "h2-settings-table-flood", talk: on(func(p *peer, _ uint32) {
			flood(p.Conn, append(frame(4, 0, 0, 0, 1, 0, 0, 0, 0), frame(4, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff)...))
		})},
		{Name: "h2-settings-acks", talk: instead(4, 1, 0)},
		{Name: "h2-settings-long", talk: instead(4, 0, 0, bytes.Repeat([]byte{0xff, 0xff, 0, 0, 0, 0}, 2700)...)},
		{Name: "h2-settings-odd", talk: instead(4, 0, 0, 1, 2, 3)},
		{Name: "h2-settings-window", talk: one(func(p *peer, _ uint32) error {
			return p.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1 << 31})
		})},
		{Name: "h2-no-window", Body: true, talk: func(c net.Conn) {
			if p := accept(c); p != nil && p.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 0}) == nil {
				wait(c)
			}
		}},
		{Name: "h2-no-streams", talk: func(c net.Conn) {
			if p := accept(c); p != nil && p.WriteSettings(http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: 0}) == nil {
				wait(c)
			}
		}},
		{Name: "h2-no-settings", talk: func(c net.Conn) { flood(c, frame(6, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8)) }},
		{Name: "h2-silent", talk: wait},
		{Name: "h2-is-http1", talk: func(c net.Conn) { flood(c, []byte("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")) }},
		{Name: "h2-ping-flood", talk: instead(6, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8)},
		{Name: "h2-ping-acks", talk: instead(6, 1, 0, 1, 2, 3, 4, 5, 6, 7, 8)},
		{Name: "h2-ping-unread", talk: func(c net.Conn) {
			if p := accept(c); p != nil && p.WriteSettings() == nil && p.request() != 0 {
				flood(c, frame(6, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8))
			}
		}},
		{Name: "h2-priority-flood", talk: instead(2, 0, 3, 0, 0, 0, 0, 1)},
		{Name: "h2-unknown-flood", talk: instead(0xee, 0, 1)},
		{Name: "h2-altsvc-flood", talk: instead(10, 0, 0, append([]byte{0, 11}, "example.comh2=\":443\""...)...)},
		{Name: "h2-unknown-huge", talk: instead(0xee, 0, 0, make([]byte, 1<<20)...)},
		{Name: "h2-continuation-empty", talk: on(func(p *peer, s uint32) {
			_ = p.WriteHeaders(http2.HeadersFrameParam{StreamID: s, BlockFragment: p.fields(":status", "200")})
			flood(p.Conn, frame(9, 0, s))
		})},
		{Name: "h2-continuation-flood", talk: on(func(p *peer, s uint32) {
			_ = p.WriteHeaders(http2.HeadersFrameParam{StreamID: s, BlockFragment: p.fields(":status", "200")})
			flood(p.Conn, frame(9, 0, s, p.fields("x", strings.Repeat("y", 2000))...))
		})},
		{Name: "h2-continuation-alone", talk: instead(9, 0, 1, 0x88)},
		{Name: "h2-reset-flood", talk: instead(3, 0, 3, 0, 0, 0, 8)},
		{Name: "h2-refused", talk: one(func(p *peer, s uint32) error { return p.WriteRSTStream(s, http2.ErrCodeRefusedStream) })},
		{Name: "h2-reset-no-error", talk: one(func(p *peer, s uint32) error { return p.WriteRSTStream(s, http2.ErrCodeNo) })},
		{Name: "h2-data-empty", talk: within(0, 0, 1)},
		{Name: "h2-data-padding", talk: within(0, 8, 1, 255)},
		{Name: "h2-data-padded", talk: within(0, 8, 1, append([]byte{200}, make([]byte, 200)...)...)},
		{Name: "h2-data-tiny", talk: within(0, 0, 1, 'x')},
		{Name: "h2-data-endless", talk: within(0, 0, 1, make([]byte, 16000)...)},
		{Name: "h2-data-first", talk: instead(0, 0, 1, 'x')},
		{Name: "h2-data-elsewhere", talk: within(0, 0, 3, make([]byte, 16000)...)},
		{Name: "h2-data-nowhere", talk: within(0, 0, 0, make([]byte, 16000)...)},
		{Name: "h2-data-too-long", talk: within(0, 0, 1, make([]byte, 1<<24-1)...)},
		{Name: "h2-push", talk: instead(5, 4, 1, 0, 0, 0, 2, 0x82, 0x87, 0x84)},
		{Name: "h2-goaway-none", talk: one(func(p *peer, _ uint32) error { return p.WriteGoAway(0, http2.ErrCodeNo, nil) })},
		{Name: "h2-goaway-at-once", talk: func(c net.Conn) {
			if p := accept(c); p != nil && p.WriteSettings() == nil {
				_ = p.WriteGoAway(0, http2.ErrCodeNo, nil)
				wait(c)
			}
		}},
		{Name: "h2-goaway-flood", talk: instead(7, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0)},
		{Name: "h2-goaway-then-silent", talk: one(func(p *peer, s uint32) error {
			p.headers(s, false, ":status", "200")
			return p.WriteGoAway(s, http2.ErrCodeNo, nil)
		})},
		{Name: "h2-header-huge", talk: on(func(p *peer, s uint32) {
			_, _ = p.Write(frame(1, 4, s, p.fields(":status", "200", "x", strings.Repeat("y", 1<<20))...))
		})},
		{Name: "h2-hpack-bomb", talk: on(func(p *peer, s uint32) {
			p.headers(s, false, ":status", "103", "x", strings.Repeat("y", 4000))
			_, _ = p.Write(frame(1, 4, s, append(p.fields(":status", "200"), bytes.Repeat([]byte{0xbe}, 16000)...)...))
		})},
		{Name: "h2-hpack-garbage", talk: instead(1, 4, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)},
		{Name: "h2-hpack-sizes", talk: instead(1, 0, 1, bytes.Repeat([]byte{0x20}, 16000)...)},
		{Name: "h2-103-flood", talk: on(func(p *peer, s uint32) { flood(p.Conn, frame(1, 4, s, p.fields(":status", "103")...)) })},
		{Name: "h2-no-status", talk: on(func(p *peer, s uint32) { p.headers(s, true, "x", "y") })},
		{Name: "h2-trailers-flood", talk: on(func(p *peer, s uint32) {
			p.headers(s, false, ":status", "200")
			flood(p.Conn, frame(1, 4, s, p.fields("x", "y")...))
		})},
		{Name: "h2-after-end", OK: true, talk: on(func(p *peer, s uint32) {
			p.headers(s, false, ":status", "200")
			_ = p.WriteData(s, true, []byte("ok"))
			flood(p.Conn, frame(0, 0, s, []byte("evil")...))
		})},
		{Name: "h2-pings-after-end", OK: true, talk: on(func(p *peer, s uint32) {
			p.headers(s, false, ":status", "200")
			_ = p.WriteData(s, true, []byte("ok"))
			flood(p.Conn, frame(6, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8))
		})},
		{Name: "h2-half-frame", talk: on(func(p *peer, s uint32) { _, _ = p.Write(frame(1, 4, s, p.fields(":status", "200")...)[:7]) })},
		{Name: "h2-half-body", talk: on(func(p *peer, s uint32) {
			p.headers(s, false, ":status", "200", "content-length", "10")
			_ = p.WriteData(s, false, []byte("ok"))
		})},
		{Name: "h2-drip", talk: on(func(p *peer, s uint32) {
			p.headers(s, false, ":status", "200")
			for p.WriteData(s, false, []byte("x")) == nil {
				time.Sleep(drip)
			}
		})},
		{Name: "h2-drip-frame", talk: on(func(p *peer, s uint32) {
			for _, b := range frame(1, 4, s, make([]byte, 10_000)...) {
				if _, err := p.Write([]byte{b}); err != nil {
					return
				}
				time.Sleep(drip)
			}
		})},
		{Name: "h2-early", Body: true, OK: true, talk: on(func(p *peer, s uint32) {
			p.headers(s, false, ":status", "200")
			_ = p.WriteData(s, true, []byte("ok"))
			_ = p.WriteRSTStream(s, http2.ErrCodeNo)
		})},
		{Name: "h2-early-reset", Body: true, talk: one(func(p *peer, s uint32) error { return p.WriteRSTStream(s, http2.ErrCodeCancel) })},
		{Name: "h2-short", talk: on(func(p *peer, s uint32) { p.headers(s, true, ":status", "200", "content-length", "10") })},
		{Name: "h2-long", talk: on(func(p *peer, s uint32) {
			p.headers(s, false, ":status", "200", "content-length", "1")
			_ = p.WriteData(s, true, []byte("okay"))
		})},
	}
	for i := range list {
		list[i].HTTP2 = true
	}
	return list
}

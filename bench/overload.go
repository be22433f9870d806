package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Overload is the result of one flood.
type Overload struct {
	Name      string        `json:"name"`
	Peak      float64       `json:"peak"`    // good responses per second, closed loop, with the number of connections in -connections
	Wanted    float64       `json:"wanted"`  // requests per second the flood tries to send: ten times the peak
	Offered   float64       `json:"offered"` // requests per second it sent: it shares the processors with the server
	Goodput   float64       `json:"goodput"` // good responses per second during the flood
	Codes     map[int]int   `json:"codes"`
	ServedP50 time.Duration `json:"served_p50_ns"`
	ServedP99 time.Duration `json:"served_p99_ns"`
	RefuseP50 time.Duration `json:"refused_p50_ns"`
	RefuseP99 time.Duration `json:"refused_p99_ns"`
	RSS       []int64       `json:"rss_bytes"` // every second of the flood
}

const (
	peakTime     = 5 * time.Second
	crowd        = 640 // connections of the flood: ten times those of the peak
	times        = 10  // the rate of the flood, as a multiple of the peak
	settleBefore = 3 * time.Second
)

// workApp computes for a few milliseconds. A client that gets only the processor time the server leaves can flood it
// with ten times its capacity.
const workApp = `export default () => {
  for (const end = performance.now() + 5; performance.now() < end;) {}
  return Response.json({ done: true });
};
`

// overload finds the peak of three functions, floods each, and prints the results.
func overload(ctx context.Context, o Options, length time.Duration) error {
	if err := absolute(&o.Fazt, &o.Out); err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "fazt-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	if err := os.MkdirAll(o.Out, 0o755); err != nil {
		return err
	}
	b := &bench{Options: o, work: work}
	var rows []Overload
	for _, f := range []struct{ name, app, path, code string }{
		{"hello", "hello", "/api/hello", helloApp},
		{"durable kv set", "kv", "/api/set", kvApp},
		{"5 ms of computing", "work", "/api/work", workApp},
	} {
		note("%s", f.name)
		row, err := b.flood(ctx, f.app, f.path, f.code, length)
		if err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
		row.Name = f.name
		rows = append(rows, row)
	}
	table := overloadTable(describe(work), rows, length)
	fmt.Print(table)
	return os.WriteFile(filepath.Join(o.Out, "overload.md"), []byte(table), 0o644)
}

// flood measures one function on its own instance.
func (b *bench) flood(ctx context.Context, app, path, code string, length time.Duration) (row Overload, err error) {
	db := filepath.Join(b.work, app+".db")
	if _, err := b.deploy(ctx, db, app, map[string]string{"index.html": "<h1>hi</h1>", "api/main.js": code}); err != nil {
		return row, err
	}
	p, err := b.startFazt(ctx, db)
	if err != nil {
		return row, err
	}
	defer p.stop()
	t := target{host: hostOn(app, p.addr), path: path}
	if _, _, err := p.answer(ctx, t); err != nil {
		return row, err
	}
	peak, err := ask(ctx, p.addr, t, b.Connections, 0, peakTime)
	if err != nil {
		return row, err
	}
	row.Peak = peak.rate(peak.good())
	row.Wanted = times * row.Peak
	time.Sleep(settleBefore)

	watch, stopWatch := context.WithCancel(ctx)
	var watched sync.WaitGroup
	watched.Go(func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-watch.Done():
				return
			case <-tick.C:
				if n, err := p.rss(); err == nil {
					row.RSS = append(row.RSS, n)
				}
			}
		}
	})
	under, err := ask(ctx, p.addr, t, crowd, row.Wanted, length)
	stopWatch()
	watched.Wait()
	if err != nil {
		return row, err
	}
	row.Codes = map[int]int{}
	for code, list := range under.took {
		row.Codes[code] = len(list)
	}
	row.Offered, row.Goodput = under.rate(under.all()), under.rate(under.good())
	row.ServedP50, row.ServedP99 = quantiles(under.took[200])
	row.RefuseP50, row.RefuseP99 = quantiles(under.took[503])
	return row, nil
}

// answers are the response times by status; 0 = the connection broke.
type answers struct {
	took   map[int][]time.Duration
	length time.Duration
}

func (a answers) good() int { return len(a.took[200]) }

func (a answers) all() (n int) {
	for _, list := range a.took {
		n += len(list)
	}
	return n
}

func (a answers) rate(n int) float64 { return float64(n) / a.length.Seconds() }

// ask sends requests over n connections. At a rate of 0, each connection sends its next request when it has a response.
// Otherwise all connections together send rate requests per second, at random times, and a connection whose response
// was late sends the next at once.
func ask(ctx context.Context, addr string, t target, n int, rate float64, length time.Duration) (answers, error) {
	ctx, cancel := context.WithTimeout(ctx, length)
	defer cancel()
	request := fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", t.path, t.host)
	each := make([]answers, n)
	var all sync.WaitGroup
	began := time.Now()
	for i := range each {
		each[i].took = map[int][]time.Duration{}
		all.Go(func() {
			next := began
			var pause func() bool
			if rate > 0 {
				mean := float64(n) / rate * float64(time.Second)
				pause = func() bool {
					next = next.Add(time.Duration(rand.ExpFloat64() * mean))
					if late := time.Since(next); late > 0 {
						next = next.Add(late)
						return ctx.Err() == nil
					}
					select {
					case <-time.After(time.Until(next)):
						return true
					case <-ctx.Done():
						return false
					}
				}
			} else {
				pause = func() bool { return ctx.Err() == nil }
			}
			for ctx.Err() == nil { // a broken connection is opened again
				converse(ctx, addr, request, pause, each[i].took)
			}
		})
	}
	all.Wait()
	sum := answers{map[int][]time.Duration{}, time.Since(began)}
	for _, a := range each {
		for code, list := range a.took {
			sum.took[code] = append(sum.took[code], list...)
		}
	}
	if sum.good() == 0 {
		return sum, errors.New("no good responses")
	}
	return sum, nil
}

func converse(ctx context.Context, addr string, request []byte, pause func() bool, took map[int][]time.Duration) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		took[0] = append(took[0], 0)
		pause()
		return
	}
	defer conn.Close()
	end := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Now()) })
	defer end()
	in := bufio.NewReaderSize(conn, 1024)
	for pause() {
		sent := time.Now()
		if _, err := conn.Write(request); err != nil {
			took[0] = append(took[0], time.Since(sent))
			return
		}
		code, err := readAnswer(in)
		if err != nil {
			if ctx.Err() == nil {
				took[0] = append(took[0], time.Since(sent))
			}
			return
		}
		took[code] = append(took[code], time.Since(sent))
	}
}

// readAnswer reads a response that has a length.
func readAnswer(in *bufio.Reader) (code int, err error) {
	line, err := in.ReadSlice('\n')
	if err != nil {
		return 0, err
	}
	if len(line) < 12 {
		return 0, fmt.Errorf("not an HTTP response: %q", line)
	}
	if code, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, err
	}
	length := 0
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		name, value, found := bytes.Cut(bytes.TrimSpace(line), []byte(":"))
		if !found {
			break
		}
		if strings.EqualFold(string(name), "Content-Length") {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return 0, err
			}
		}
	}
	_, err = in.Discard(length)
	return code, err
}

// quantiles returns the median and the 99th percentile.
func quantiles(of []time.Duration) (p50, p99 time.Duration) {
	if len(of) == 0 {
		return 0, 0
	}
	slices.Sort(of)
	return of[len(of)/2], of[len(of)*99/100]
}

func overloadTable(m Machine, rows []Overload, length time.Duration) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %d cores, %s; write + fsync of 4 KB: %s. %d connections for %s.\n\n", m.CPU, m.Cores, m.Memory, short(m.Sync), crowd, length)
	b.WriteString("| function | peak | flood, of 10 x peak | goodput | of peak | served p50, p99 | refused p50, p99 | memory after 5 s | at the end | peak |\n")
	b.WriteString("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n")
	for _, r := range rows {
		fmt.Fprintf(&b, "| %s | %.0f/s | %.0f/s, %.1f x | %.0f/s | %.2f | %s, %s | %s, %s |", r.Name, r.Peak, r.Offered, r.Offered/r.Peak, r.Goodput, r.Goodput/r.Peak,
			short(r.ServedP50), short(r.ServedP99), short(r.RefuseP50), short(r.RefuseP99))
		if len(r.RSS) > 5 {
			fmt.Fprintf(&b, " %s | %s | %s |", megabytes(r.RSS[4]), megabytes(r.RSS[len(r.RSS)-1]), megabytes(slices.Max(r.RSS)))
		} else {
			b.WriteString(" | | |")
		}
		b.WriteString("\n")
	}
	b.WriteString("\n")
	for _, r := range rows {
		fmt.Fprintf(&b, "%s:", r.Name)
		for _, code := range slices.Sorted(maps.Keys(r.Codes)) {
			fmt.Fprintf(&b, " %d times %d,", r.Codes[code], code)
		}
		b.WriteString(" by status.\n")
	}
	return b.String()
}

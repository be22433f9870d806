package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Two small apps: a minimal function, and one that stores something.
const (
	helloApp = `export default { fetch: () => Response.json({ hello: "world" }) };
`
	kvApp = `const kv = fazt.app.kv;
let n = 0;

export default {
  async fetch(request) {
    if (request.url.endsWith("/set")) {
      n = (n + 1) % 1000;
      await kv.set("visits:" + n, { count: n, at: Date.now() });
      return Response.json({ set: n });
    }
    return Response.json({ value: await kv.get("visits:1") });
  },
};
`
)

// measure is one line of the throughput table: the same request to several servers.
type measure struct {
	name    string
	target  target
	servers []string // the first one is the ceiling; always includes "fazt"
}

// row is one measured line.
type row struct {
	Name   string            `json:"name"`
	Median map[string]sample `json:"median"` // by server
}

func measures(port string) []measure {
	static := []string{"bare", "fazt", "nginx", "caddy"}
	bench, hello, kv := "bench.localhost:"+port, "hello.localhost:"+port, "kv.localhost:"+port
	return []measure{
		{"10 KB file, plain", target{bench, "/" + plainFile, ""}, static},
		{"10 KB file, gzip", target{bench, "/" + plainFile, "gzip"}, static},
		{"10 KB file, zstd", target{bench, "/" + plainFile, "zstd"}, []string{"bare", "fazt", "caddy"}}, // Debian's nginx has no zstd
		{"hello JSON from a function", target{hello, "/api/hello", ""}, []string{"bare", "fazt"}},
		{"kv get through a function", target{kv, "/api/get", ""}, []string{"bare", "fazt"}},
		{"kv set through a function, durable", target{kv, "/api/set", ""}, []string{"bare", "fazt"}},
	}
}

// throughput starts the four servers with the same bytes, checks that they really send the same, and measures.
func (b *bench) throughput(ctx context.Context) ([]row, error) {
	servers, lines, err := b.startAll(ctx)
	defer func() {
		for _, p := range servers {
			p.stop()
		}
	}()
	if err != nil {
		return nil, err
	}
	if err := sameBytes(ctx, servers, lines); err != nil {
		return nil, err
	}

	samples := make([]map[string][]sample, len(lines))
	for i := range samples {
		samples[i] = map[string][]sample{}
	}
	for round := range b.Rounds {
		note("round %d of %d", round+1, b.Rounds)
		for i, line := range lines {
			for _, name := range line.servers {
				s, err := b.drive(ctx, servers[name], line.target, b.Duration)
				if err != nil {
					return nil, err
				}
				samples[i][name] = append(samples[i][name], s)
			}
		}
	}

	rows := make([]row, len(lines))
	for i, line := range lines {
		rows[i] = row{Name: line.name, Median: map[string]sample{}}
		for name, of := range samples[i] {
			rows[i].Median[name] = median(of, func(s sample) float64 { return s.PerSecond })
		}
	}
	return rows, nil
}

// startAll deploys the apps, starts an instance with them, and gives its responses to the other three servers.
func (b *bench) startAll(ctx context.Context) (map[string]*process, []measure, error) {
	servers := map[string]*process{}
	db := filepath.Join(b.work, "throughput.db")
	for name, files := range map[string]map[string]string{
		"bench": {plainFile: stylesheet(10 << 10)},
		"hello": {"index.html": "<h1>hello</h1>", "api/main.js": helloApp},
		"kv":    {"index.html": "<h1>kv</h1>", "api/main.js": kvApp},
	} {
		if _, err := b.deploy(ctx, db, name, files); err != nil {
			return servers, nil, err
		}
	}
	fazt, err := b.startFazt(ctx, db)
	if err != nil {
		return servers, nil, err
	}
	servers["fazt"] = fazt
	_, port, err := net.SplitHostPort(fazt.addr)
	if err != nil {
		return servers, nil, err
	}
	lines := measures(port)

	root := filepath.Join(b.work, "root")
	if err := os.Mkdir(root, 0o700); err != nil {
		return servers, nil, err
	}
	for i, name := range []string{plainFile, gzipFile, zstdFile, helloFile} {
		_, body, err := fazt.answer(ctx, lines[i].target)
		if err != nil {
			return servers, nil, err
		}
		if err := os.WriteFile(filepath.Join(root, name), body, 0o600); err != nil {
			return servers, nil, err
		}
	}

	for name, start := range map[string]func(context.Context, string) (*process, error){
		"bare": b.startBare, "nginx": b.startNginx, "caddy": b.startCaddy,
	} {
		p, err := start(ctx, root)
		if err != nil {
			return servers, nil, err
		}
		servers[name] = p
	}
	return servers, lines, nil
}

// sameBytes makes sure that the servers do the same work: every request succeeds, and body and encoding are equal for
// the same file.
func sameBytes(ctx context.Context, servers map[string]*process, lines []measure) error {
	for _, line := range lines {
		var want []byte
		for _, name := range line.servers {
			encoding, body, err := servers[name].answer(ctx, line.target)
			if err != nil {
				return err
			}
			if line.target.path != "/"+plainFile {
				continue
			}
			if encoding != line.target.encoding {
				return fmt.Errorf("%s: %s responded with encoding %q", line.name, name, encoding)
			}
			if want == nil {
				want = body
			}
			if !bytes.Equal(body, want) {
				return fmt.Errorf("%s: %s sends other bytes than %s", line.name, name, line.servers[0])
			}
		}
	}
	return nil
}

// median returns the median sample by a key.
func median[T any](of []T, key func(T) float64) T {
	sorted := slices.SortedFunc(slices.Values(of), func(x, y T) int {
		switch a, b := key(x), key(y); {
		case a < b:
			return -1
		case a > b:
			return 1
		}
		return 0
	})
	return sorted[len(sorted)/2]
}

func medianDuration(of []time.Duration) time.Duration {
	return median(of, func(d time.Duration) float64 { return float64(d) })
}

package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"
)

// teller is an app that counts its requests durably and returns the count.
const teller = `export default async function (req) {
	const n = Number(await fazt.app.kv.get("n") ?? 0);
	if (req.method === "POST") { await fazt.app.kv.set("n", n + 1); return new Response("stored"); }
	return new Response("n=" + n);
}`

// startTeller starts a server with the app on a new database and sends it a few requests.
func (l *lab) startTeller(ctx context.Context, db string, times int) (*instance, error) {
	i, err := l.start(ctx, db)
	if err != nil {
		return nil, err
	}
	if err := l.deploy(ctx, i, "guest", "index.html", "page", "api/main.ts", teller); err != nil {
		return nil, err
	}
	for range times {
		if got := i.status(ctx, "POST", "guest", "/api/x"); got != http.StatusOK {
			return nil, fmt.Errorf("a write gets %d", got)
		}
	}
	return i, nil
}

// tells returns the app's response.
func (i *instance) tells(ctx context.Context) (string, error) {
	req, err := i.request(ctx, "GET", "guest", "/api/x")
	if err != nil {
		return "", err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	text := make([]byte, 100)
	n, _ := resp.Body.Read(text)
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("the app returned %d %s", resp.StatusCode, text[:n])
	}
	return string(text[:n]), nil
}

// status returns the status of a response; 0 = none.
func (i *instance) status(ctx context.Context, method, app, path string) int {
	req, err := i.request(ctx, method, app, path)
	if err != nil {
		return 0
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return 0
	}
	return resp.StatusCode
}

// becomes waits until a request gets a status.
func (i *instance) becomes(ctx context.Context, want int, method, app, path string) (time.Duration, error) {
	begun, got := time.Now(), 0
	for time.Since(begun) < 30*time.Second {
		if got = i.status(ctx, method, app, path); got == want {
			return time.Since(begun), nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	return 0, fmt.Errorf("%s %s%s returns %d, not %d", method, app, path, got, want)
}

// living returns the newest running instance.
func (l *lab) living() *instance {
	for n := len(l.instances) - 1; n > 0; n-- {
		if l.instances[n].alive() {
			return l.instances[n]
		}
	}
	return l.instances[0]
}

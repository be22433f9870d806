package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// Report is the result of one run.
type Report struct {
	Machine    Machine `json:"machine"`
	Options    Options `json:"options"`
	Life       Life    `json:"life"`
	Throughput []row   `json:"throughput"`
}

// Machine describes where the figures were measured.
type Machine struct {
	CPU      string            `json:"cpu"`
	Cores    int               `json:"cores"`
	Memory   string            `json:"memory"`
	System   string            `json:"system"`
	Sync     time.Duration     `json:"sync_ns"` // making one 4 KB write durable in the databases' folder
	Versions map[string]string `json:"versions"`
}

// describe inspects the machine; folder is where the databases will be.
func describe(folder string) Machine {
	m := Machine{
		CPU:    after("/proc/cpuinfo", "model name"),
		Cores:  runtime.NumCPU(),
		Memory: memory(),
		System: strings.Trim(after("/etc/os-release", "PRETTY_NAME"), `"`),
		Sync:   syncTime(folder),
	}
	m.Versions = map[string]string{
		"go":    runtime.Version(),
		"nginx": strings.TrimPrefix(firstLine("/usr/sbin/nginx", "-v"), "nginx version: "),
		"caddy": firstLine("caddy", "version"),
		"wrk":   strings.TrimSuffix(firstLine("wrk", "-v"), " [epoll] Copyright (C) 2012 Will Glozer"),
	}
	return m
}

// after returns what follows a key in a file of "key: value" or "key=value" lines.
func after(file, key string) string {
	content, err := os.ReadFile(file)
	if err != nil {
		return "unknown"
	}
	for line := range strings.Lines(string(content)) {
		if rest, found := strings.CutPrefix(line, key); found {
			return strings.TrimSpace(strings.TrimLeft(rest, " \t:="))
		}
	}
	return "unknown"
}

func memory() string {
	kb, _, _ := strings.Cut(after("/proc/meminfo", "MemTotal"), " ")
	n, err := strconv.ParseInt(kb, 10, 64)
	if err != nil {
		return "unknown"
	}
	return fmt.Sprintf("%d GB", n<<10/1e9)
}

func firstLine(program string, args ...string) string {
	out, _ := exec.Command(program, args...).CombinedOutput() // wrk exits with 1 after -v
	line, _, _ := strings.Cut(string(out), "\n")
	return strings.TrimSpace(line)
}

// syncTime returns the median time of a 4 KB write with fsync: the cost of durability on this disk.
func syncTime(folder string) time.Duration {
	f, err := os.CreateTemp(folder, "sync-")
	if err != nil {
		return 0
	}
	defer os.Remove(f.Name())
	defer f.Close()
	page := make([]byte, 4<<10)
	var times []time.Duration
	for range 51 {
		began := time.Now()
		if _, err := f.Write(page); err != nil {
			return 0
		}
		if err := f.Sync(); err != nil {
			return 0
		}
		times = append(times, time.Since(began))
	}
	return medianDuration(times)
}

// write saves the raw figures and the table in the folder, and prints the table.
func (r Report) write(folder string) error {
	raw, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folder, "result.json"), append(raw, '\n'), 0o644); err != nil {
		return err
	}
	table := r.markdown()
	fmt.Print(table)
	return os.WriteFile(filepath.Join(folder, "table.md"), []byte(table), 0o644)
}

// columns are the servers in the throughput table, in order.
var columns = []string{"bare", "fazt", "nginx", "caddy"}

func (r Report) markdown() string {
	var b strings.Builder
	m, v := r.Machine, r.Machine.Versions
	fmt.Fprintf(&b, "%s, %d cores, %s, %s; write + fsync of 4 KB: %s.\n", m.CPU, m.Cores, m.Memory, m.System, short(m.Sync))
	fmt.Fprintf(&b, "%s; %s; Caddy %s; %s.\n", v["go"], v["nginx"], v["caddy"], v["wrk"])
	fmt.Fprintf(&b, "%d rounds of %s a cell, %d connections, interleaved, medians.\n\n", r.Options.Rounds, r.Options.Duration, r.Options.Connections)

	b.WriteString("| requests per second | bare net/http | fazt | nginx | Caddy | fazt / bare | fazt p50 | fazt p99 |\n")
	b.WriteString("|---|---:|---:|---:|---:|---:|---:|---:|\n")
	var refused []string
	for _, row := range r.Throughput {
		fmt.Fprintf(&b, "| %s |", row.Name)
		for _, name := range columns {
			if s, measured := row.Median[name]; measured {
				fmt.Fprintf(&b, " %.0f |", s.PerSecond)
			} else {
				b.WriteString(" |")
			}
		}
		fazt := row.Median["fazt"]
		if fazt.Refused > 0 {
			refused = append(refused, fmt.Sprintf("%s: %.2f %% of the requests were refused (503) and are not counted.", row.Name, 100*fazt.Refused))
		}
		fmt.Fprintf(&b, " %.2f | %s | %s |\n", fazt.PerSecond/row.Median["bare"].PerSecond, short(fazt.P50), short(fazt.P99))
	}

	for _, line := range refused {
		b.WriteString("\n" + line + "\n")
	}

	l := r.Life
	b.WriteString("\n| what | measured |\n|---|---:|\n")
	for _, line := range [][2]string{
		{"deploy 1,000 new files (2 KB each), whole command", short(l.DeployCold)},
		{"deploy the same 1,000 files again", short(l.DeployUnchanged)},
		{"pull them into an empty folder", short(l.Pull)},
		{"list 1,000 apps", short(l.List)},
		{"start of the process to the first file", short(l.FirstStatic)},
		{"start of the process to the first response of a function", short(l.FirstFunction)},
		{"memory, idle, 1 app", megabytes(l.RSS1)},
		{"memory, idle, 100 apps", megabytes(l.RSS100)},
		{"memory, idle, 100 apps, each used once", megabytes(l.RSS100Used)},
		{"the binary", megabytes(l.Binary)},
	} {
		fmt.Fprintf(&b, "| %s | %s |\n", line[0], line[1])
	}
	return b.String()
}

func short(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return d.Round(10 * time.Microsecond).String()
	case d < time.Second:
		return d.Round(100 * time.Microsecond).String()
	}
	return d.Round(10 * time.Millisecond).String()
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }

package system

import (
	"bufio"
	"bytes"
	"io/fs"
	"math"
	"path"
	"runtime"
	"strconv"
	"strings"
)

// unknownRAM is assumed if the machine does not report its memory: small enough for a small machine.
const unknownRAM = 512 << 20

// unbounded is far below what version 1 reports for no limit (the largest number of pages), and far above any machine.
const unbounded = 1 << 60

// Probe detects the hardware. Limits set by a container or service manager count if they are lower than what the
// machine has.
//
// GOMAXPROCS accounts for the machine's processors, CPU affinity and the user's setting. It rounds a quota of less than
// two processors up to two, so the quota itself is read too.
func Probe() Hardware { return complete(machine(), runtime.GOMAXPROCS(0)) }

// complete fills in unknown values and caps impossible ones.
func complete(h Hardware, maxCores int) Hardware {
	if h.TotalRAM <= 0 {
		h.TotalRAM = unknownRAM
	}
	if h.AvailableRAM <= 0 || h.AvailableRAM > h.TotalRAM {
		h.AvailableRAM = h.TotalRAM
	}
	if h.CPUCores <= 0 || h.CPUCores > maxCores {
		h.CPUCores = maxCores
	}
	return h
}

// linux reads what the Linux kernel reports below root, "/" of the file system: /proc/meminfo, and every control group
// (version 2 and 1) of this process. The smallest limit wins; 0 = unknown.
func linux(root fs.FS) Hardware {
	h := memInfo(read(root, "proc/meminfo"))
	for _, g := range controlGroups(read(root, "proc/self/cgroup")) {
		// A group is bounded by its ancestors. Inside a container the path may be that of the host, of which only the
		// top is visible.
		for dir := g.path; ; dir = path.Dir(dir) {
			g.bound(root, path.Join(g.mount, dir), &h)
			if dir == "/" {
				break
			}
		}
	}
	return h
}

// read returns the content of a small file, or nothing if it is unreadable.
func read(root fs.FS, name string) []byte {
	data, err := fs.ReadFile(root, name)
	if err != nil {
		return nil
	}
	return data
}

// memInfo reads MemTotal and MemAvailable from /proc/meminfo (proc_meminfo(5)), in KiB.
func memInfo(text []byte) (h Hardware) {
	for line := range bytes.Lines(text) {
		name, rest, _ := strings.Cut(string(line), ":")
		value, unit, _ := strings.Cut(strings.TrimSpace(rest), " ")
		n, ok := positive(value)
		if !ok || unit != "kB" || n > math.MaxInt64>>10 {
			continue
		}
		switch name {
		case "MemTotal":
			h.TotalRAM = n << 10
		case "MemAvailable":
			h.AvailableRAM = n << 10
		}
	}
	return h
}

// controlGroup is a group of this process: the mount point of its hierarchy, and its path there.
type controlGroup struct {
	mount, path string
	memory, cpu bool // what a version 1 hierarchy limits; neither: version 2, which limits both
}

// controlGroups parses /proc/self/cgroup (cgroups(7)): lines of "hierarchy:controllers:path". The mount points are
// those of systemd and container runtimes.
func controlGroups(text []byte) []controlGroup {
	var list []controlGroup
	for line := range bytes.Lines(text) {
		fields := strings.SplitN(strings.TrimSpace(string(line)), ":", 3)
		if len(fields) != 3 || !strings.HasPrefix(fields[2], "/") {
			continue
		}
		at := path.Clean(fields[2]) // "/../x" is a group outside the namespace
		if fields[1] == "" {
			list = append(list, controlGroup{mount: "sys/fs/cgroup", path: at}, controlGroup{mount: "sys/fs/cgroup/unified", path: at})
			continue
		}
		for _, controller := range strings.Split(fields[1], ",") {
			switch controller {
			case "memory":
				list = append(list, controlGroup{mount: "sys/fs/cgroup/memory", path: at, memory: true})
			case "cpu":
				list = append(list, controlGroup{mount: "sys/fs/cgroup/cpu", path: at, cpu: true}, controlGroup{mount: "sys/fs/cgroup/cpu,cpuacct", path: at, cpu: true})
			}
		}
	}
	return list
}

// bound lowers h to the limits of the group in dir.
func (g controlGroup) bound(root fs.FS, dir string, h *Hardware) {
	in := func(name string) []byte { return read(root, path.Join(dir, name)) }
	if !g.cpu {
		limit, used, cache := "memory.max", "memory.current", "inactive_file"
		if g.memory {
			limit, used, cache = "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"
		}
		if n, ok := positive(word(in(limit), 0)); ok && n < unbounded {
			lower(&h.TotalRAM, n)
			if current, ok := positive(word(in(used), 0)); ok {
				// The page cache counts as used, but is reclaimed when memory is needed.
				free := n - max(current-statistic(in("memory.stat"), cache), 0)
				lower(&h.AvailableRAM, max(free, 1))
			}
		}
	}
	if !g.memory {
		quota, period := word(in("cpu.max"), 0), word(in("cpu.max"), 1)
		if g.cpu {
			quota, period = word(in("cpu.cfs_quota_us"), 0), word(in("cpu.cfs_period_us"), 0)
		}
		q, ok := positive(quota)
		p, also := positive(period)
		if ok && also {
			cores := int64(h.CPUCores)
			lower(&cores, min((q-1)/p+1, math.MaxInt32)) // a fraction counts as one processor
			h.CPUCores = int(cores)
		}
	}
}

// lower sets *n to bound unless it is already lower; 0 = unknown.
func lower(n *int64, bound int64) {
	if *n == 0 || bound < *n {
		*n = bound
	}
}

// word returns the word of a text at an index, "" if there are fewer.
func word(text []byte, at int) string {
	words := strings.Fields(string(text))
	if at >= len(words) {
		return ""
	}
	return words[at]
}

// statistic returns a value of memory.stat: lines of "name value".
func statistic(text []byte, name string) int64 {
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		if value, ok := strings.CutPrefix(lines.Text(), name+" "); ok {
			n, _ := positive(value)
			return n
		}
	}
	return 0
}

// positive parses a number above zero; "max", "-1" and invalid numbers are rejected.
func positive(text string) (int64, bool) {
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil && n > 0
}

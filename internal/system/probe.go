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

// unknownRAM is assumed for a machine that does not report its memory: little enough for a small one.
const unknownRAM = 512 << 20

// unbounded is far below what version 1 writes where there is no bound (the largest number of pages), and far above any
// machine.
const unbounded = 1 << 60

// Probe looks at the machine. What a container or a service manager leaves this process counts, where that is less
// than the machine has.
//
// GOMAXPROCS knows the processors of the machine, those this process is bound to, and what its owner set. It rounds a
// share of less than two processors up to two; the share itself says what there is.
func Probe() Hardware { return complete(machine(), runtime.GOMAXPROCS(0)) }

// complete fills in what the machine does not report, and bounds the rest by what is possible.
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

// linux reads what the kernel of Linux says of the machine below root, "/" of the file system: /proc/meminfo, and every
// control group (version 2 and 1) this process is in. The smallest bound wins; 0 = unknown.
func linux(root fs.FS) Hardware {
	h := memInfo(read(root, "proc/meminfo"))
	for _, g := range controlGroups(read(root, "proc/self/cgroup")) {
		// A group is bounded by those above it. Inside a container the path may be that of the machine outside, of which
		// only the top is to be seen.
		for dir := g.path; ; dir = path.Dir(dir) {
			g.bound(root, path.Join(g.mount, dir), &h)
			if dir == "/" {
				break
			}
		}
	}
	return h
}

// read returns the content of a small file, nothing when it cannot be read.
func read(root fs.FS, name string) []byte {
	data, err := fs.ReadFile(root, name)
	if err != nil {
		return nil
	}
	return data
}

// memInfo reads /proc/meminfo (proc_meminfo(5)): MemTotal and MemAvailable, in KiB.
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

// controlGroup is a group this process is in: where its hierarchy is mounted, and its path there.
type controlGroup struct {
	mount, path string
	memory, cpu bool // what a hierarchy of version 1 bounds; neither: version 2, which bounds everything
}

// controlGroups reads /proc/self/cgroup (cgroups(7)): lines of "hierarchy:controllers:path". The mounts are those that
// systemd and container runtimes use.
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

// bound lowers h to what the group in dir leaves.
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
				// Cached pages of files count as used, and are given up when memory is needed.
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
			lower(&cores, min((q-1)/p+1, math.MaxInt32)) // a share of a processor is one
			h.CPUCores = int(cores)
		}
	}
}

// lower sets *n to bound unless it is lower already; 0 is unknown.
func lower(n *int64, bound int64) {
	if *n == 0 || bound < *n {
		*n = bound
	}
}

// word returns the word of a text at a place, "" when there are fewer.
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

// positive reads a number above zero; "max", "-1" and what is not a number are not.
func positive(text string) (int64, bool) {
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil && n > 0
}

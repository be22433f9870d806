package system

import (
	"io/fs"
	"testing"
	"testing/fstest"
)

const memInfoText = "MemTotal:        8000000 kB\nMemFree:          100000 kB\nMemAvailable:    6000000 kB\n"

func files(list ...string) fstest.MapFS {
	m := fstest.MapFS{}
	for i := 0; i < len(list); i += 2 {
		m[list[i]] = &fstest.MapFile{Data: []byte(list[i+1])}
	}
	return m
}

func TestTheSmallestLimitOfMemoryAndProcessorsWins(t *testing.T) {
	const kib = 1 << 10
	for name, tt := range map[string]struct {
		root fs.FS
		want Hardware
	}{
		"nothing can be read": {files(), Hardware{}},
		"no control groups":   {files("proc/meminfo", memInfoText), Hardware{8000000 * kib, 6000000 * kib, 0}},
		"version 2, in a container": {files("proc/meminfo", memInfoText, "proc/self/cgroup", "0::/\n",
			"sys/fs/cgroup/memory.max", "536870912\n", "sys/fs/cgroup/memory.current", "136870912\n", "sys/fs/cgroup/cpu.max", "150000 100000\n"),
			Hardware{512 << 20, 400000000, 2}},
		"version 2, unused files are free": {files("proc/meminfo", memInfoText, "proc/self/cgroup", "0::/\n",
			"sys/fs/cgroup/memory.max", "536870912\n", "sys/fs/cgroup/memory.current", "500000000\n", "sys/fs/cgroup/memory.stat", "anon 5\ninactive_file 400000000\n"),
			Hardware{512 << 20, 436870912, 0}},
		"version 2, a group above is tighter": {files("proc/meminfo", memInfoText, "proc/self/cgroup", "0::/a.slice/b.service\n",
			"sys/fs/cgroup/a.slice/b.service/memory.max", "max\n", "sys/fs/cgroup/a.slice/b.service/cpu.max", "max 100000\n",
			"sys/fs/cgroup/a.slice/memory.max", "1073741824\n", "sys/fs/cgroup/a.slice/cpu.max", "50000 100000\n"),
			Hardware{1 << 30, 6000000 * kib, 1}},
		"version 2, the group below is tighter": {files("proc/meminfo", memInfoText, "proc/self/cgroup", "0::/a/b\n",
			"sys/fs/cgroup/a/b/memory.max", "1048576\n", "sys/fs/cgroup/a/memory.max", "2097152\n"),
			Hardware{1 << 20, 6000000 * kib, 0}},
		"version 2, the path is that of the machine outside": {files("proc/meminfo", memInfoText, "proc/self/cgroup", "0::/docker/abc\n", "sys/fs/cgroup/memory.max", "1073741824\n"),
			Hardware{1 << 30, 6000000 * kib, 0}},
		"version 2, the path leads out of the namespace": {files("proc/meminfo", memInfoText, "proc/self/cgroup", "0::/../../x\n", "sys/fs/cgroup/x/memory.max", "1073741824\n"),
			Hardware{1 << 30, 6000000 * kib, 0}},
		"version 2, more than the machine has": {files("proc/meminfo", memInfoText, "proc/self/cgroup", "0::/\n", "sys/fs/cgroup/memory.max", "1099511627776\n"),
			Hardware{8000000 * kib, 6000000 * kib, 0}},
		"version 1": {files("proc/meminfo", memInfoText, "proc/self/cgroup", "5:memory:/d\n4:cpu,cpuacct:/d\n1:name=systemd:/d\n",
			"sys/fs/cgroup/memory/d/memory.limit_in_bytes", "268435456\n", "sys/fs/cgroup/memory/d/memory.usage_in_bytes", "68435456\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n",
			"sys/fs/cgroup/cpu,cpuacct/d/cpu.cfs_quota_us", "300000\n", "sys/fs/cgroup/cpu,cpuacct/d/cpu.cfs_period_us", "100000\n"),
			Hardware{256 << 20, 200000000, 3}},
		"version 1, without bounds": {files("proc/meminfo", memInfoText, "proc/self/cgroup", "5:memory:/\n4:cpu:/\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n", "sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n", "sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n"),
			Hardware{8000000 * kib, 6000000 * kib, 0}},
		"version 1, without bounds, on an unknown machine": {files("proc/self/cgroup", "5:memory:/\n", "sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n"), Hardware{}},
		"both versions": {files("proc/meminfo", memInfoText, "proc/self/cgroup", "5:memory:/d\n0::/e\n",
			"sys/fs/cgroup/memory/d/memory.limit_in_bytes", "268435456\n", "sys/fs/cgroup/unified/e/cpu.max", "100000 100000\n"),
			Hardware{256 << 20, 6000000 * kib, 1}},
		"nonsense": {files("proc/meminfo", "MemTotal: lots kB\nMemAvailable: 5 pages\nMemTotal\n: 5 kB\n", "proc/self/cgroup", "x\n0::relative\n::\n0::/\n",
			"sys/fs/cgroup/memory.max", "-5\n", "sys/fs/cgroup/cpu.max", "5\n"), Hardware{}},
		"too large for a number": {files("proc/meminfo", "MemTotal: 9223372036854775807 kB\n", "proc/self/cgroup", "0::/\n",
			"sys/fs/cgroup/memory.max", "99999999999999999999\n", "sys/fs/cgroup/cpu.max", "9223372036854775807 1\n"), Hardware{0, 0, 1<<31 - 1}},
	} {
		if got := linux(tt.root); got != tt.want {
			t.Errorf("%s: %+v, want %+v", name, got, tt.want)
		}
	}
}

func TestUnknownMemoryCountsAs512MiB(t *testing.T) {
	if got := complete(Hardware{}, 3); got != (Hardware{512 << 20, 512 << 20, 3}) {
		t.Errorf("%+v", got)
	}
	if got := complete(Hardware{TotalRAM: 1 << 30, AvailableRAM: 2 << 30, CPUCores: 5}, 3); got != (Hardware{1 << 30, 1 << 30, 3}) {
		t.Errorf("%+v", got)
	}
	if got := complete(Hardware{TotalRAM: 1 << 30, AvailableRAM: 1 << 20, CPUCores: 1}, 3); got != (Hardware{1 << 30, 1 << 20, 1}) {
		t.Errorf("%+v", got)
	}
}

func TestThisMachineHasMemoryAndProcessors(t *testing.T) {
	h := Probe()
	if h.TotalRAM <= 0 || h.AvailableRAM <= 0 || h.AvailableRAM > h.TotalRAM || h.CPUCores < 1 {
		t.Fatalf("%+v", h)
	}
	l := DefaultsOn(h)
	if l.Storage.MaxVFS < 16<<20 {
		t.Error(l.Storage.MaxVFS)
	}
}

func FuzzProbe(f *testing.F) {
	f.Add([]byte(memInfoText), []byte("0::/a/b\n5:memory:/d\n4:cpu,cpuacct:/d\n"), []byte("536870912\n"), []byte("150000 100000\n"), []byte("inactive_file 5\n"))
	f.Add([]byte("MemTotal: 1 kB"), []byte("0::/../.."), []byte("max"), []byte("max 1"), []byte(""))
	f.Fuzz(func(t *testing.T, info, groups, memory, cpu, stat []byte) {
		root := fstest.MapFS{"proc/meminfo": {Data: info}, "proc/self/cgroup": {Data: groups}}
		for _, dir := range []string{"sys/fs/cgroup/", "sys/fs/cgroup/a/", "sys/fs/cgroup/memory/d/", "sys/fs/cgroup/cpu/d/"} {
			root[dir+"memory.max"], root[dir+"memory.limit_in_bytes"] = &fstest.MapFile{Data: memory}, &fstest.MapFile{Data: memory}
			root[dir+"memory.current"], root[dir+"memory.usage_in_bytes"] = &fstest.MapFile{Data: memory}, &fstest.MapFile{Data: memory}
			root[dir+"cpu.max"], root[dir+"cpu.cfs_quota_us"], root[dir+"cpu.cfs_period_us"] = &fstest.MapFile{Data: cpu}, &fstest.MapFile{Data: cpu}, &fstest.MapFile{Data: cpu}
			root[dir+"memory.stat"] = &fstest.MapFile{Data: stat}
		}
		h := linux(root)
		if h.TotalRAM < 0 || h.AvailableRAM < 0 || h.CPUCores < 0 {
			t.Errorf("%+v", h)
		}
		h = complete(h, 4)
		if h.TotalRAM <= 0 || h.AvailableRAM <= 0 || h.AvailableRAM > h.TotalRAM || h.CPUCores < 1 || h.CPUCores > 4 {
			t.Errorf("%+v", h)
		}
	})
}

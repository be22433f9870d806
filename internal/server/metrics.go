package server

import (
	"context"
	"io"
	"math"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/common/expfmt"

	"fazt/internal/database"
	"fazt/internal/gateway"
	"fazt/internal/system"
)

// metrics writes the counters of the instance in the text format of Prometheus. They are read on request: the parts
// themselves count in plain atomics, which costs a request next to nothing.
func (i *Instance) metrics(w io.Writer) error {
	registry := prometheus.NewRegistry()
	registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		reading{i},
	)
	families, err := registry.Gather()
	if err != nil {
		return err
	}
	out := expfmt.NewEncoder(w, expfmt.NewFormat(expfmt.TypeTextPlain))
	for _, f := range families {
		if err := out.Encode(f); err != nil {
			return err
		}
	}
	return nil
}

// reading reads the counters of an instance, once.
type reading struct{ *Instance }

// Describe describes nothing, because the set of counters depends on the apps.
func (r reading) Describe(chan<- *prometheus.Desc) {}

// Collect reads all counters.
func (r reading) Collect(out chan<- prometheus.Metric) {
	r.requests(out)
	r.functions(out)
	r.storage(out)
	gauge(out, "fazt_info", "The version that runs.", 1, label{"version", system.Version})
}

func (r reading) requests(out chan<- prometheus.Metric) {
	names := map[string]string{}
	for app := range r.routes.Load().Apps() {
		names[app.AppID] = app.AppName
	}
	r.traffic.forget(names)
	for id, found := range r.traffic.apps.Range {
		app := label{"app", names[id.(string)]}
		for _, class := range gateway.Classes() {
			s := &found.(*appTraffic).class[class]
			s.collect(out, app, label{"class", class.String()})
		}
	}
}

// collect reads the counters of one class, if it had any responses.
func (s *served) collect(out chan<- prometheus.Metric, app, class label) {
	buckets, n := map[float64]uint64{}, uint64(0)
	for i := range s.took {
		n += s.took[i].Load()
		if i < len(latencies) {
			buckets[latencies[i]] = n
		}
	}
	if n == 0 {
		return
	}
	for digit := range s.status {
		if count := s.status[digit].Load(); count > 0 {
			counter(out, "fazt_http_requests_total", "Requests by app, by what responded and by the first digit of the status; 0xx = the client left first.",
				float64(count), app, class, label{"status", strconv.Itoa(digit) + "xx"})
		}
	}
	counter(out, "fazt_http_response_bytes_total", "Bytes of response bodies.", float64(s.bytes.Load()), app, class)
	desc := describe("fazt_http_request_duration_seconds", "Time from the arrival of a request to the end of its response.", app, class)
	out <- prometheus.MustNewConstHistogram(desc, n, float64(s.nanos.Load())/1e9, buckets, app.value, class.value)
}

func (r reading) functions(out chan<- prometheus.Metric) {
	s := r.engine.Stats()
	gauge(out, "fazt_vms", "Virtual machines for functions by state.", float64(s.Busy), label{"state", "busy"})
	gauge(out, "fazt_vms", "Virtual machines for functions by state.", float64(s.VMs-s.Busy), label{"state", "idle"})
	gauge(out, "fazt_vms", "Virtual machines for functions by state.", float64(s.Parked), label{"state", "parked"})
	gauge(out, "fazt_vm_memory_bytes", "Memory of virtual machines: what they hold, and what they may hold together now.", float64(s.Memory), label{"what", "held"})
	gauge(out, "fazt_vm_memory_bytes", "Memory of virtual machines: what they hold, and what they may hold together now.", float64(s.MaxMemory), label{"what", "limit"})
	gauge(out, "fazt_function_requests_waiting", "Requests waiting for a virtual machine.", float64(s.Waiting))
	counter(out, "fazt_function_runs_total", "Runs of functions.", float64(s.Runs))
	counter(out, "fazt_function_interrupted_total", "Runs stopped at their deadline.", float64(s.Interrupted))
	counter(out, "fazt_function_killed_total", "Interrupted runs that ended only after their memory was taken away.", float64(s.Killed))
	gauge(out, "fazt_net_lost_calls", "Calls to other servers that have ended but whose goroutine is stuck.", float64(r.Gate.Lost()))
	counter(out, "fazt_function_abandoned_total", "Runs that could not be stopped.", float64(s.Abandoned))
	counter(out, "fazt_function_crowded_total", "Bodies, responses and streams of slow visitors that were cut off because memory or disk was used up.", float64(r.crowded()))
	counter(out, "fazt_function_refused_total", "Requests for which no virtual machine became free in time.", float64(s.Refused))
}

func (r reading) storage(out chan<- prometheus.Metric) {
	db := r.DB.Stats()
	file, wal := r.DB.Size()
	gauge(out, "fazt_database_bytes", "Size of the database file.", float64(file), label{"file", "main"})
	gauge(out, "fazt_database_bytes", "Size of the database file.", float64(wal), label{"file", "wal"})
	gauge(out, "fazt_database_queued_writes", "Writes waiting for the writer.", float64(db.Queued))
	counter(out, "fazt_database_writes_total", "Writes committed.", float64(db.Writes))
	buckets, n := map[float64]uint64{}, uint64(0)
	for i, count := range db.Batches {
		n += count
		buckets[math.Exp2(float64(i))] = n
	}
	delete(buckets, math.Exp2(database.BatchSizes-1)) // the last bucket has no upper end
	out <- prometheus.MustNewConstHistogram(describe("fazt_database_commit_writes", "Writes that shared a commit."), db.Commits, float64(db.Writes), buckets)

	if _, damaged, err := r.Hosting.Damage(context.Background()); err == nil {
		gauge(out, "fazt_damaged_contents", "Contents that have changed since they were stored.", float64(damaged))
	}
	counter(out, "fazt_content_checked_bytes_total", "Content compared with its hashes in the background.", float64(r.Hosting.Checked()))
	disk := r.DB.Disk()
	gauge(out, "fazt_disk_bytes", "Space on the disk of the database.", float64(disk.Free), label{"space", "free"})
	gauge(out, "fazt_disk_bytes", "Space on the disk of the database.", float64(disk.Total), label{"space", "total"})
	gauge(out, "fazt_disk_state", "What the disk lets the database do: 0 everything, 1 space runs low, 2 no writes of functions, 3 full, 4 failing, 5 the file is lost, 6 it was overwritten.", float64(disk.State))
	counter(out, "fazt_database_failed_writes_total", "Writes that the disk refused.", float64(disk.Failed))
	counter(out, "fazt_database_unreadable_reads_total", "Reads that failed because a part of the file is damaged or the disk cannot read it.", float64(disk.Unreadable))

	static := r.static.Stats()
	counter(out, "fazt_static_cache_total", "Lookups in the static cache, by outcome.", float64(static.Hits), label{"outcome", "hit"})
	counter(out, "fazt_static_cache_total", "Lookups in the static cache, by outcome.", float64(static.Misses), label{"outcome", "miss"})
	gauge(out, "fazt_static_cache_bytes", "Memory of the static cache in use.", float64(static.Bytes))
	counter(out, "fazt_dropped_total", "Records dropped because they came faster than they could be stored.", float64(r.AppLog.Dropped()), label{"what", "app_log_lines"})
	counter(out, "fazt_dropped_total", "Records dropped because they came faster than they could be stored.", float64(r.Activity.Dropped()), label{"what", "activity_entries"})
	counter(out, "fazt_dropped_total", "Records dropped because they came faster than they could be stored.", float64(r.NetLog.Dropped()), label{"what", "net_calls"})
}

// label is a name with its value.
type label struct{ name, value string }

func counter(out chan<- prometheus.Metric, name, help string, value float64, labels ...label) {
	send(out, prometheus.CounterValue, name, help, value, labels)
}

func gauge(out chan<- prometheus.Metric, name, help string, value float64, labels ...label) {
	send(out, prometheus.GaugeValue, name, help, value, labels)
}

func send(out chan<- prometheus.Metric, kind prometheus.ValueType, name, help string, value float64, labels []label) {
	values := make([]string, len(labels))
	for i, l := range labels {
		values[i] = l.value
	}
	out <- prometheus.MustNewConstMetric(describe(name, help, labels...), kind, value, values...)
}

func describe(name, help string, labels ...label) *prometheus.Desc {
	names := make([]string, len(labels))
	for i, l := range labels {
		names[i] = l.name
	}
	return prometheus.NewDesc(name, help, names, nil)
}

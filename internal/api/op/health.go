package op

import "time"

// Health is the state of a running instance in numbers.
type Health struct {
	Status   string   `json:"status"`   // ok, or degraded: it serves, and something needs a look
	Problems []string `json:"problems"` // what needs a look
	Damage   []string `json:"damage"`   // the problems that are damaged content

	Version       string    `json:"version"`
	StartedAt     time.Time `json:"started_at"`
	UptimeSeconds int64     `json:"uptime_seconds"`

	Memory   HealthMemory   `json:"memory"`
	Database HealthDatabase `json:"database"`
	Disk     HealthDisk     `json:"disk"`
	Runtime  HealthRuntime  `json:"runtime"`
	Dropped  HealthDropped  `json:"dropped"`
}

// HealthMemory is the memory of the process, in bytes.
type HealthMemory struct {
	Resident int64 `json:"resident"` // in physical memory; 0 = unknown on this system
	Own      int64 `json:"own"`      // resident without the pages of files; 0 = unknown on this system
	Heap     int64 `json:"heap"`     // Go objects, without the VMs
	GoLimit  int64 `json:"go_limit"` // GOMEMLIMIT in force: Go collects garbage more often as its memory gets close to it
	Cache    int64 `json:"cache"`    // cached static files, which are part of the heap
	VMs      int64 `json:"vms"`      // the VMs of functions
	VMLimit  int64 `json:"vm_limit"` // what all VMs together may hold now
	Limit    int64 `json:"limit"`    // what the process may use
}

// HealthDatabase describes the database file and its queue of writes.
type HealthDatabase struct {
	Bytes    int64 `json:"bytes"`
	WALBytes int64 `json:"wal_bytes"`
	Queued   int   `json:"queued_writes"`
	Writes   int64 `json:"writes"`  // since the start
	Commits  int64 `json:"commits"` // transactions that stored them
}

// HealthDisk is the disk that the database is on.
type HealthDisk struct {
	State           string    `json:"state"`  // sound, low, scarce, full, failing, lost or overwritten
	Reason          string    `json:"reason"` // why, as a sentence; "" = sound
	Since           time.Time `json:"since"`
	Free            int64     `json:"free"`             // bytes; 0 = unknown
	Total           int64     `json:"total"`            // bytes
	FailedWrites    int64     `json:"failed_writes"`    // since the start, as the following
	UnreadableReads int64     `json:"unreadable_reads"` // of parts that are damaged or that the disk cannot read
	Unreadable      []string  `json:"unreadable"`       // addresses of the first files that could not be read
}

// HealthRuntime describes the VMs that run functions.
type HealthRuntime struct {
	Goroutines  int   `json:"goroutines"`
	VMs         int   `json:"vms"`
	Busy        int   `json:"busy"`    // of them
	Parked      int   `json:"parked"`  // other VMs, whose request is a waiting stream
	Waiting     int   `json:"waiting"` // requests without a VM
	Runs        int64 `json:"runs"`    // since the start, as the following
	Interrupted int64 `json:"interrupted"`
	Abandoned   int64 `json:"abandoned"`
	Refused     int64 `json:"refused"`
	Crowded     int64 `json:"crowded"`    // bodies, responses and streams of slow visitors that were cut off
	LostCalls   int   `json:"lost_calls"` // host calls, mostly to other servers, whose goroutine is stuck
}

// HealthDropped counts log records that came faster than they could be stored, since the start.
type HealthDropped struct {
	LogLines int64 `json:"log_lines"` // of the console of apps
	Entries  int64 `json:"entries"`   // of the activity log
	NetCalls int64 `json:"net_calls"` // outbound calls that were not logged
}

// State is the response to a probe.
type State struct {
	Status string `json:"status"`
}

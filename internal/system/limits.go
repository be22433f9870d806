// Package system declares the limits that the instance enforces, holds their live values, and probes the hardware that
// the defaults depend on.
//
// A limit is a tagged struct field and nothing else: its wire name, label, description, unit, default and range are in
// the tags, and every surface derives from them through package schema.
package system

import "time"

// Limits are all limits that the instance enforces, in groups.
type Limits struct {
	Hardware Hardware `json:"hardware" label:"Hardware" desc:"The resources of the machine that this process may use"`
	Storage  Storage  `json:"storage" label:"Storage" desc:"What apps may store"`
	Runtime  Runtime  `json:"runtime" label:"Functions" desc:"What one invocation of a function may use"`
	HTTP     HTTP     `json:"http" label:"HTTP" desc:"What a client may send and how long it may take"`
	SQL      SQL      `json:"sql" label:"SQL" desc:"What one statement of fazt sql may use"`
	Capacity Capacity `json:"capacity" label:"Capacity" desc:"How much load the instance can handle, and how much it admits at once"`
	Net      Net      `json:"net" label:"Outbound HTTP" desc:"What outbound requests of functions may use"`
}

// Storage bounds what apps may store in the database.
type Storage struct {
	MaxFileSize     int64 `json:"max_file_size" label:"Largest file" desc:"Largest single file of a deployment" unit:"bytes" default:"1073741824" range:"1024,17179869184" scope:"app"`
	MaxSiteSize     int64 `json:"max_site_size" label:"Largest deployment" desc:"Total size of the files of one deployment" unit:"bytes" default:"4294967296" range:"1024,1099511627776" scope:"app"`
	MaxSiteFiles    int   `json:"max_site_files" label:"Most files" desc:"Files in one deployment" unit:"files" default:"20000" range:"1,1000000" scope:"app"`
	MaxPathLength   int   `json:"max_path_length" label:"Longest path" desc:"Longest path of a file inside a deployment" unit:"bytes" default:"1024" range:"64,4096"`
	KeepDeployments int   `json:"keep_deployments" label:"Deployments kept" desc:"Newest deployments of an app that are kept; the live one always is" unit:"deployments" default:"20" range:"1,10000" scope:"app"`
	UploadLifetime  int   `json:"upload_lifetime" label:"Unfinished uploads kept" desc:"How long an upload that was not committed can be resumed" unit:"s" default:"3600" range:"60,604800"`
	WriteQueue      int   `json:"write_queue" label:"Write queue" desc:"Writes that may wait for the writer before new ones are refused" unit:"writes" default:"1000" range:"1,1000000"`
	MaxVFS          int64 `json:"max_vfs" label:"Static cache" desc:"Memory for frequently served static files; less while memory is short" unit:"bytes" formula:"a quarter of hardware.total_ram, 16 MiB to 4 GiB" range:"0,68719476736"`
	MaxUpload       int64 `json:"max_upload" label:"Largest upload" desc:"Largest body that a visitor may send to a function, and largest archive that can be deployed" unit:"bytes" default:"104857600" range:"0,17179869184" scope:"app"`
	MaxAppData      int64 `json:"max_app_data" label:"Data of one app" desc:"Everything an app stores except its deployments" unit:"bytes" default:"1073741824" range:"0,1099511627776" scope:"app"`
	MaxLogRows      int   `json:"max_log_rows" label:"Activity entries" desc:"Entries kept in the activity log; the least important are removed first" unit:"rows" default:"500000" range:"100,100000000"`
	MaxKey          int   `json:"max_key" label:"Longest key" desc:"Longest key in the key-value store" unit:"bytes" default:"512" range:"16,4096" scope:"app"`
	MaxValue        int   `json:"max_value" label:"Largest value" desc:"Largest value in the key-value store, as JSON" unit:"bytes" default:"1048576" range:"1024,67108864" scope:"app"`
	CheckRate       int64 `json:"check_rate" label:"Check of content" desc:"Rate of the daily background check that compares stored content with its hashes to find disk damage; 0 = off" unit:"bytes/s" default:"4194304" range:"0,10737418240"`
	LowSpace        int64 `json:"low_space" label:"Low space" desc:"Free space on the database's disk below which health warns; the smaller of this and the percentage counts" unit:"bytes" default:"536870912" range:"0,1099511627776"`
	LowSpacePercent int   `json:"low_space_percent" label:"Low space, percent" desc:"Free share of the database's disk below which health warns" unit:"%" default:"10" range:"0,100"`
	Reserve         int64 `json:"reserve" label:"Reserved space" desc:"Free disk space reserved for the owner: below it, writes on behalf of visitors are refused; the smaller of this and the percentage counts" unit:"bytes" default:"67108864" range:"0,1099511627776"`
	ReservePercent  int   `json:"reserve_percent" label:"Reserved space, percent" desc:"Free share of the disk reserved for the owner" unit:"%" default:"2" range:"0,100"`
	AppLogRows      int   `json:"app_log_rows" label:"Log lines per app" desc:"Newest console lines kept for each app" unit:"rows" default:"10000" range:"100,10000000" scope:"app"`
}

// Space returns the free bytes, on a disk of the given size, below which to warn and below which to refuse writes on
// behalf of visitors: the smaller of the size and the percentage, because a percentage of a large disk is a lot and a
// fixed size may be all of a small one.
func (s Storage) Space(total int64) (low, reserve int64) {
	return min(s.LowSpace, total/100*int64(s.LowSpacePercent)), min(s.Reserve, total/100*int64(s.ReservePercent))
}

// Runtime bounds one invocation of a function and the VMs that run them.
type Runtime struct {
	ExecTimeout     int   `json:"exec_timeout" label:"Deadline" desc:"Wall time one request may spend in a function" unit:"ms" default:"5000" range:"10,300000" scope:"app"`
	CPUTime         int   `json:"cpu_time" label:"Processor time" desc:"CPU time that one request to a function may use; waiting does not count" unit:"ms" default:"5000" range:"10,300000" scope:"app"`
	MaxMemory       int64 `json:"max_memory" label:"Memory" desc:"Memory of one virtual machine" unit:"bytes" default:"67108864" range:"4194304,4294967296" scope:"app"`
	MaxStack        int64 `json:"max_stack" label:"Stack" desc:"Stack of one virtual machine" unit:"bytes" default:"524288" range:"65536,786432" scope:"app"`
	MaxRequestBody  int64 `json:"max_request_body" label:"Request body" desc:"Largest request body passed to a function as a whole; a streamed body may have up to storage.max_upload" unit:"bytes" default:"8388608" range:"0,4294967296" scope:"app"`
	MaxResponseBody int64 `json:"max_response_body" label:"Response body" desc:"Largest response body of a function" unit:"bytes" default:"33554432" range:"1024,4294967296" scope:"app"`
	MaxPending      int   `json:"max_pending" label:"Pending host calls" desc:"Host calls and timers one request may have waiting" unit:"calls" default:"256" range:"1,100000" scope:"app"`
	ConsoleLines    int   `json:"console_lines" label:"Console lines" desc:"Console lines kept per request" unit:"lines" default:"200" range:"0,100000" scope:"app"`
	ConsoleBytes    int   `json:"console_bytes" label:"Console bytes" desc:"Console text kept per request" unit:"bytes" default:"65536" range:"0,16777216" scope:"app"`
	ConsoleRate     int   `json:"console_rate" label:"Console lines per second" desc:"Console lines of an app kept per second, across all its requests" unit:"lines/s" default:"1000" range:"1,1000000" scope:"app"`
	VMs             int   `json:"vms" label:"Virtual machines" desc:"Virtual machines at once, across all apps" unit:"VMs" formula:"1 for 32 MiB of hardware.total_ram, 64 to 256" range:"1,10000"`
	VMsPerApp       int   `json:"vms_per_app" label:"Virtual machines per app" desc:"Virtual machines one app may have at once" unit:"VMs" formula:"1 for 128 MiB of hardware.total_ram, 16 to 64" range:"1,10000" scope:"app"`
	QueueWait       int   `json:"queue_wait" label:"Queueing time" desc:"How long a request waits for a virtual machine before it is refused" unit:"ms" default:"1000" range:"0,60000" scope:"app"`
	RequestsPerVM   int   `json:"requests_per_vm" label:"Requests per VM" desc:"Requests after which a virtual machine is replaced" unit:"requests" default:"10000" range:"1,100000000"`
	IdleVM          int   `json:"idle_vm" label:"Idle time of a VM" desc:"Time after which an unused virtual machine is dropped" unit:"s" default:"300" range:"1,86400"`
	CompileMemory   int64 `json:"compile_memory" label:"Memory to compile" desc:"Memory of the process that compiles a function at a deploy" unit:"bytes" formula:"an eighth of hardware.total_ram, 128 MiB to 1 GiB" range:"67108864,17179869184"`
	MaxProgram      int64 `json:"max_program" label:"Size of a compiled function" desc:"Largest compiled function, including its imports and source map. Several copies are in memory while it is deployed" unit:"bytes" formula:"1/32 of hardware.total_ram, 16 MiB to 64 MiB" range:"1048576,1073741824"`
	CompileTimeout  int   `json:"compile_timeout" label:"Time to compile" desc:"Wall time to compile a function at a deploy" unit:"ms" default:"30000" range:"1000,600000"`
	Compiles        int   `json:"compiles" label:"Compiles at once" desc:"Functions compiled at once, each in its own process; at most one per app" unit:"functions" default:"2" range:"1,64"`
	StreamTimeout   int   `json:"stream_timeout" label:"Deadline of a stream" desc:"Wall time of a request whose body or response is streamed; its CPU time is still bounded by runtime.cpu_time and runtime.exec_timeout" unit:"ms" default:"60000" range:"1000,3600000" scope:"app"`
	VMMemory        int64 `json:"vm_memory" label:"Memory of all VMs" desc:"Total memory of all virtual machines, including what is held for them outside; less when the rest of the process needs more. A request that needs more than is free waits up to runtime.queue_wait before it starts, or up to two seconds once it is running" unit:"bytes" formula:"three quarters of hardware.total_ram, 32 MiB to 64 GiB" range:"16777216,1099511627776"`
	StreamMemory    int64 `json:"stream_memory" label:"Memory of waiting streams" desc:"Memory of virtual machines whose request is a waiting stream, across all apps; meanwhile they do not count as virtual machines. When it runs out, streams of the client address that uses the most are cut off first" unit:"bytes" formula:"an eighth of hardware.total_ram, 32 MiB to 2 GiB" range:"0,68719476736"`
	CacheMemory     int64 `json:"cache_memory" label:"Memory for caches" desc:"Memory for responses that functions keep with the Cache API, across all apps. One app may use a quarter of it" unit:"bytes" default:"16777216" range:"0,68719476736"`
	BufferMemory    int64 `json:"buffer_memory" label:"Memory for bodies" desc:"Memory for buffered request bodies and for responses waiting to be read, across all apps. When it runs out, those of the client address that uses the most are cut off first, and new ones wait for up to a second" unit:"bytes" formula:"an eighth of hardware.total_ram, 16 MiB to 1 GiB" range:"0,68719476736"`
	BufferDisk      int64 `json:"buffer_disk" label:"Disk for bodies" desc:"Disk space for buffered request bodies over 256 KiB, across all apps; those of the client address that uses the most are cut off first" unit:"bytes" default:"1073741824" range:"0,1099511627776"`
}

// Deadline returns ExecTimeout as a duration.
func (r Runtime) Deadline() time.Duration { return time.Duration(r.ExecTimeout) * time.Millisecond }

// ProcessorTime returns CPUTime as a duration.
func (r Runtime) ProcessorTime() time.Duration { return time.Duration(r.CPUTime) * time.Millisecond }

// HTTP bounds what clients may send.
type HTTP struct {
	MaxConnections    int `json:"max_connections" label:"Connections" desc:"Connections at once, across all clients" unit:"connections" default:"10000" range:"10,1000000"`
	MaxPerIP          int `json:"max_connections_per_ip" label:"Connections per address" desc:"Connections at once per client address or IPv6 network; trusted proxies are exempt" unit:"connections" default:"1000" range:"1,1000000"`
	MaxHeaderBytes    int `json:"max_header_bytes" label:"Header size" desc:"Largest request head" unit:"bytes" default:"32768" range:"4096,1048576"`
	ReadHeaderTimeout int `json:"read_header_timeout" label:"Time for the request head" desc:"Time a client has to send a request head" unit:"ms" default:"5000" range:"100,600000"`
	ReadTimeout       int `json:"read_timeout" label:"Time without progress, reading" desc:"Time a client may send nothing while a body is read" unit:"ms" default:"30000" range:"100,3600000"`
	WriteTimeout      int `json:"write_timeout" label:"Time without progress, writing" desc:"Time a client may read nothing while a response is written" unit:"ms" default:"30000" range:"100,3600000"`
	IdleTimeout       int `json:"idle_timeout" label:"Idle connections" desc:"Time an idle connection is kept" unit:"ms" default:"60000" range:"100,3600000"`
}

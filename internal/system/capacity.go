package system

// Capacity is what the instance can handle. The first five are measured by a self-test, or estimated until one has run.
type Capacity struct {
	Users      int    `json:"users" label:"Users" desc:"Concurrent users, each making one request every 2 s, at half of the measured load" unit:"users" readonly:"true" formula:"reads"`
	UsersMax   int    `json:"users_max" label:"Most users" desc:"The same at the full measured load" unit:"users" readonly:"true" formula:"2 x reads"`
	Reads      int    `json:"reads" label:"Reads" desc:"Requests for static files per second" unit:"requests/s" readonly:"true" formula:"4000 x hardware.cpu_cores"`
	Writes     int    `json:"writes" label:"Writes" desc:"Durable writes per second" unit:"writes/s" readonly:"true" default:"500"`
	Mixed      int    `json:"mixed" label:"Mixed" desc:"Requests per second of which 30 % write" unit:"requests/s" readonly:"true" formula:"800 x hardware.cpu_cores"`
	MeasuredAt string `json:"measured_at" label:"Measured" desc:"When the self-test ran; if empty, the numbers are estimated by their formulas" unit:"time" readonly:"true"`

	MaxRequests int `json:"max_requests" label:"Requests at once" desc:"Requests to functions that may be running or queued, across all apps; further ones are refused. Requests whose body is still arriving do not count" unit:"requests" default:"2000" range:"1,100000"`
	MaxPerIP    int `json:"max_requests_per_ip" label:"Requests per address" desc:"Requests to functions that one client address, or one IPv6 network, may have running or queued; requests through a trusted proxy count toward the addresses it names" unit:"requests" default:"500" range:"1,100000"`
	TimeoutMS   int `json:"timeout_ms" label:"Request time" desc:"Time from the arrival of a request to a function until its response, including queueing and reading the body. A body over 64 KiB has runtime.stream_timeout to arrive, and the time starts after that; streamed bodies and responses have runtime.stream_timeout as well" unit:"ms" default:"10000" range:"100,600000" scope:"app"`
}

// Capacity returns the current group.
func (l *Live) Capacity() Capacity { return l.Load().Capacity }

package system

// Net bounds the outbound requests of functions.
type Net struct {
	MaxCalls       int   `json:"max_calls" label:"Calls per request" desc:"Calls one request may make; failed ones count" unit:"calls" default:"5" range:"0,1000" scope:"app"`
	CallTimeout    int   `json:"call_timeout" label:"Time per call" desc:"Time one call may take, name lookup and body included" unit:"ms" default:"4000" range:"100,300000" scope:"app"`
	Budget         int   `json:"budget" label:"Time per request" desc:"Time all calls of one request may take together" unit:"ms" default:"4000" range:"100,300000" scope:"app"`
	AppConcurrency int   `json:"app_concurrency" label:"Calls at once per app" desc:"Calls one app may have open" unit:"calls" default:"5" range:"1,10000" scope:"app"`
	Concurrency    int   `json:"concurrency" label:"Calls at once" desc:"Calls all apps may have open" unit:"calls" formula:"10 x hardware.cpu_cores, 20 to 100" range:"1,100000"`
	MaxReqBody     int64 `json:"max_req_body" label:"Request body" desc:"Largest body a call may send" unit:"bytes" default:"1048576" range:"0,1073741824" scope:"app"`
	MaxResponse    int64 `json:"max_response" label:"Response body" desc:"Largest body a call may receive, decoded" unit:"bytes" default:"1048576" range:"0,1073741824" scope:"app"`
	MaxHeaderBytes int64 `json:"max_header_bytes" label:"Response head" desc:"Largest head a call may receive" unit:"bytes" default:"65536" range:"4096,1048576"`
	MaxRedirects   int   `json:"max_redirects" label:"Redirects" desc:"Redirects one call may follow" unit:"redirects" default:"3" range:"0,20" scope:"app"`
	RateLimit      int   `json:"rate_limit" label:"Rate" desc:"Calls per second to one allowed domain; 0 = the rate of its entry, or unlimited" unit:"calls/s" default:"0" range:"0,100000" scope:"app"`
	RateBurst      int   `json:"rate_burst" label:"Burst" desc:"Calls allowed in a burst; 0 = the same as the rate" unit:"calls" default:"0" range:"0,100000" scope:"app"`
	LogBuffer      int   `json:"log_buffer" label:"Log buffer" desc:"Calls that may wait to be logged before more are dropped and counted" unit:"calls" default:"1000" range:"10,1000000"`
	LogFlush       int   `json:"log_flush" label:"Log interval" desc:"Longest time until a call is logged" unit:"ms" default:"1000" range:"10,60000"`
	LogRows        int   `json:"log_rows" label:"Logged calls per app" desc:"Newest outbound calls kept in the log of each app; the setting log_retention bounds their age" unit:"rows" default:"10000" range:"100,10000000" scope:"app"`
	CacheMaxItems  int   `json:"cache_max_items" label:"Cached responses" desc:"Responses cached per app, for allowed domains with caching enabled; 0 = none" unit:"responses" default:"256" range:"0,1000000" scope:"app"`
	CacheMaxBytes  int64 `json:"cache_max_bytes" label:"Cache size" desc:"Memory for the cached responses of one app; 0 = none" unit:"bytes" default:"4194304" range:"0,17179869184" scope:"app"`
}

// Net returns the current group.
func (l *Live) Net() Net { return l.Load().Net }

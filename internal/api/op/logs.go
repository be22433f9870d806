package op

import (
	"net/http"
	"time"
)

// LogQuery asks for lines of an app's log.
type LogQuery struct {
	App    string `path:"app" desc:"name or id of the app"`
	Limit  int    `query:"limit" desc:"the newest so many lines, 1 to 10000; 100 when absent"`
	Level  string `query:"level" desc:"only this level and graver ones: debug, info, warn, error"`
	Since  int    `query:"since" desc:"only lines of the last so many milliseconds"`
	Follow bool   `query:"follow" desc:"go on with the lines as they are written, until the client leaves"`
}

// LogLine is a line of the stream: what a function printed, or how much of it the stream could not keep up with. An
// empty line says that the stream lives.
type LogLine struct {
	Time       time.Time `json:"time"`
	Level      string    `json:"level"`
	Deployment int       `json:"deployment"`
	RequestID  string    `json:"request_id,omitempty"`
	Message    string    `json:"message"`
	Missed     int       `json:"missed,omitempty"` // lines before this one that came too fast; they are stored
}

// AppLogs streams the log of an app.
var AppLogs = declare[LogQuery, Stream](Spec{Name: "app.logs", Method: http.MethodGet, Path: "/api/apps/{app}/logs", Access: Logs, Tag: "Apps", Media: "application/x-ndjson", Doc: "Read what the functions of an app printed, oldest first, one JSON object a line, and follow it live."})

package op

import "time"

// LogQuery selects lines of an app's log.
type LogQuery struct {
	App   string `path:"app" desc:"name or id of the app"`
	Limit int    `query:"limit" desc:"how many of the newest lines, 1 to 10000; 100 when absent"`
	Level string `query:"level" desc:"only this level and above: debug, info, warn, error"`
	Since int    `query:"since" desc:"only lines that are at most this old, in milliseconds"`
}

// LogFollow selects lines of an app's log and those to come.
type LogFollow struct {
	LogQuery
	After string `header:"Last-Event-ID" desc:"continue after the event with this id; browsers send it when they reconnect"`
}

// LogLine is a line that a function printed, with the number of lines that a slow reader missed before it.
type LogLine struct {
	ID         int64     `json:"id"` // sorts by time
	Time       time.Time `json:"time"`
	Level      string    `json:"level"`
	Deployment int       `json:"deployment"`
	RequestID  string    `json:"request_id,omitempty"`
	Message    string    `json:"message"`
	Missed     int       `json:"missed,omitempty"` // lines that were skipped before this one, because they came too fast; they are stored
}

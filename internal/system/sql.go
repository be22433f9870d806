package system

import "time"

// SQL bounds one statement of `fazt sql`.
type SQL struct {
	StatementTimeout int   `json:"statement_timeout" label:"Time" desc:"Longest time one statement may take" unit:"ms" default:"5000" range:"10,600000"`
	MaxRows          int   `json:"max_rows" label:"Rows" desc:"Rows one statement may return" unit:"rows" default:"10000" range:"1,1000000"`
	MaxResult        int64 `json:"max_result" label:"Result" desc:"Bytes one statement may return" unit:"bytes" default:"8388608" range:"65536,268435456"`
	MaxMemory        int64 `json:"max_memory" label:"Memory" desc:"Memory SQLite may take for one statement; large sorts go to a file" unit:"bytes" default:"33554432" range:"8388608,4294967296"`
	MaxSpill         int64 `json:"max_spill" label:"Temporary files" desc:"Temporary files of one statement, for what is too large to sort in memory" unit:"bytes" default:"536870912" range:"8388608,1099511627776"`
}

// Deadline returns StatementTimeout as a duration.
func (s SQL) Deadline() time.Duration { return time.Duration(s.StatementTimeout) * time.Millisecond }

// SQL returns the current group.
func (l *Live) SQL() SQL { return l.Load().SQL }

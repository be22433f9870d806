package op

import (
	"net/http"

	"fazt/internal/system"
)

// Calibrate starts a self-test.
type Calibrate struct {
	Force   bool `json:"force" desc:"measure although the instance is busy"`
	Seconds int  `json:"seconds" desc:"how long to measure, 1 to 60; 10 when absent"`
}

// ServerCalibrate is declared with the operations on the server.
var ServerCalibrate = declare[Calibrate, system.Measured](Spec{Name: "server.calibrate", Method: http.MethodPost, Path: "/api/server/calibrate", Access: Admin, Tag: "Server", Doc: "Measure what the instance can carry, and keep it as limits.capacity. It is under full load meanwhile."})

package op

// Calibrate starts a self-test.
type Calibrate struct {
	Force   bool `json:"force" desc:"measure even if the instance is busy"`
	Seconds int  `json:"seconds" desc:"how long to measure, 1 to 60; 10 when absent"`
}

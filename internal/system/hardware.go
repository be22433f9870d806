package system

// Hardware is the part of the machine's resources that this process may use.
type Hardware struct {
	TotalRAM     int64 `json:"total_ram" label:"Memory" desc:"Memory this process may use" unit:"bytes" readonly:"true"`
	AvailableRAM int64 `json:"available_ram" label:"Free memory" desc:"Memory that was free when the instance started" unit:"bytes" readonly:"true"`
	CPUCores     int   `json:"cpu_cores" label:"Processors" desc:"Processors this process may use" unit:"processors" readonly:"true"`
}

// derive sets the limits that depend on the machine, by their formula tags.
func derive(l *Limits, h Hardware) {
	l.Hardware = h
	l.Storage.MaxVFS = min(max(h.TotalRAM/4, 16<<20), 4<<30)
	l.Runtime.VMs = int(min(max(h.TotalRAM/(32<<20), 64), 256))
	l.Runtime.VMsPerApp = int(min(max(h.TotalRAM/(128<<20), 16), 64))
	l.Runtime.VMMemory = min(max(h.TotalRAM/4*3, 32<<20), 64<<30)
	l.Runtime.StreamMemory = min(max(h.TotalRAM/8, 32<<20), 2<<30)
	l.Runtime.BufferMemory = min(max(h.TotalRAM/8, 16<<20), 1<<30)
	l.Runtime.CompileMemory = min(max(h.TotalRAM/8, 128<<20), 1<<30)
	l.Runtime.MaxProgram = min(max(h.TotalRAM/32, 16<<20), 64<<20)
	l.Net.Concurrency = min(max(10*h.CPUCores, 20), 100)
	l.Capacity.Reads = 4000 * h.CPUCores
	l.Capacity.Mixed = 800 * h.CPUCores
	l.Capacity.Users, l.Capacity.UsersMax = l.Capacity.Reads, 2*l.Capacity.Reads
}

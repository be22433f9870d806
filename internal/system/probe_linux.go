package system

import "os"

// machine is what Linux says of this machine.
func machine() Hardware { return linux(os.DirFS("/")) }

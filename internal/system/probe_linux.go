package system

import "os"

// machine returns what Linux reports.
func machine() Hardware { return linux(os.DirFS("/")) }

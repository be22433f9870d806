package hosting

import (
	"fmt"
	"slices"
	"strings"

	"fazt/internal/errs"
	"fazt/internal/system"
)

// Fault is a reason why a plan cannot become a deployment.
type Fault struct {
	Path string // "" = the plan as a whole
	Text string
}

// Faults returns every reason why an instance with these limits would refuse the files of a plan. An instance stops at
// the first, but people want to see all of them at once.
func (p Plan) Faults(limits system.Storage) []Fault {
	var list []Fault
	var total int64
	for _, f := range p.Files {
		total += f.Size
		if err := CheckPath(f.Path, limits.MaxPathLength); err != nil {
			list = append(list, Fault{f.Path, errs.Sentence(err)})
		}
		if f.Size > limits.MaxFileSize {
			list = append(list, Fault{f.Path, errs.Sentence(errs.TooBig("it", f.Size, limits.MaxFileSize, "storage.max_file_size"))})
		}
	}
	if len(p.Files) > limits.MaxSiteFiles {
		list = append(list, Fault{"", fmt.Sprintf("there are %d files; the limit is %d (storage.max_site_files)", len(p.Files), limits.MaxSiteFiles)})
	}
	if total > limits.MaxSiteSize {
		list = append(list, Fault{"", errs.Sentence(errs.TooBig("the deployment", total, limits.MaxSiteSize, "storage.max_site_size"))})
	}
	sorted := slices.SortedFunc(slices.Values(p.Files), func(a, b Announced) int { return strings.Compare(a.Path, b.Path) })
	if err := checkPaths(sorted); err != nil {
		list = append(list, Fault{"", errs.Sentence(err)})
	}
	return list
}

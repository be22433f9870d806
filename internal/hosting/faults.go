package hosting

import (
	"fmt"
	"slices"
	"strings"

	"fazt/internal/errs"
	"fazt/internal/system"
)

// Fault is what keeps a plan from becoming a deployment.
type Fault struct {
	Path string // "" = the plan as a whole
	Text string
}

// Faults are all reasons for which an instance with these limits would refuse the plan, as far as its files go. An
// instance stops at the first; a person who mends them wants to know all.
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

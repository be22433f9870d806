package bind

import "encoding/json"

// Installed returns the functions that the host installs, and what the prelude has to know of them, as JSON.
func Installed(namespaces []Namespace) (functions []Func, described string) {
	type entry struct {
		Path     string   `json:"path"`
		Name     string   `json:"name"`
		Index    int      `json:"index"` // in functions
		Async    bool     `json:"async"`
		Constant bool     `json:"constant"`
		Paged    bool     `json:"page"`
		Params   []string `json:"params"`
		Required int      `json:"required"` // how many of them, from the first to the last that is not optional
	}
	list := []entry{}
	for _, n := range namespaces {
		for _, f := range n.Members {
			if !f.Installed() {
				continue
			}
			x := entry{Path: n.Path, Name: f.Name, Index: len(functions), Async: f.Async, Constant: f.Constant, Paged: f.Paged, Params: []string{}}
			for _, p := range f.Params {
				if x.Params = append(x.Params, p.Name); !p.Optional {
					x.Required = len(x.Params)
				}
			}
			list, functions = append(list, x), append(functions, f)
		}
	}
	data, _ := json.Marshal(list)
	return functions, string(data)
}

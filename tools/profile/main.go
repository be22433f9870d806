// Command profile merges CPU profiles into one for the compiler. It leaves out what the compiler does not need: paths of the
// machine that took them, and addresses.
//
//	go run ./tools/profile out.pgo in.pprof ...
package main

import (
	"fmt"
	"log"
	"os"
	"path"

	"github.com/google/pprof/profile"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: profile out.pgo in.pprof ...")
		os.Exit(2)
	}
	if err := merge(os.Args[1], os.Args[2:]); err != nil {
		log.Fatal(err)
	}
}

// merge writes the sum of the profiles to the file.
func merge(file string, from []string) error {
	var list []*profile.Profile
	for _, name := range from {
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		p, err := profile.ParseData(data)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		strip(p)
		list = append(list, p)
	}
	p, err := profile.Merge(list)
	if err != nil {
		return err
	}
	out, err := os.Create(file)
	if err != nil {
		return err
	}
	if err := p.Write(out); err != nil {
		_ = out.Close()
		return err
	}
	return out.Close()
}

// strip removes what says where the profile was taken.
func strip(p *profile.Profile) {
	for _, f := range p.Function {
		f.Filename = path.Base(f.Filename)
	}
	for _, l := range p.Location {
		l.Address, l.Mapping = 0, nil
	}
	p.Mapping, p.Comments = nil, nil
}

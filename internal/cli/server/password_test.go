package server

import (
	"strings"
	"testing"

	"fazt/internal/api/op"
	"fazt/internal/cli/kit"
	"fazt/internal/errs"
)

func TestAPasswordThatIsTooLongIsRefusedAndNotCut(t *testing.T) {
	ask := func(input string) (op.ServerOwner, error) {
		req := op.ServerOwner{Owner: "ana"}
		err := commands{&kit.CLI{Env: kit.Env{Stdin: strings.NewReader(input)}}}.ask(&req, true)
		return req, err
	}
	long := strings.Repeat("x", 70_000) // the instance refuses it
	if req, err := ask(long + "\r\n"); err != nil || req.Password != long {
		t.Errorf("%d bytes, %v", len(req.Password), err)
	}
	if req, err := ask(strings.Repeat("x", 2<<20)); req.Password != "" || !errs.Is(err, errs.TooLarge) || errs.Sentence(err) != "the password is longer than 1 MiB" {
		t.Errorf("%d bytes, %v", len(req.Password), err)
	}
}

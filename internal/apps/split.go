package apps

import (
	"context"
	"strconv"
	"strings"

	"fazt/internal/database"
	"fazt/internal/errs"
)

// Share is how much of the visitors of a split an app gets.
type Share struct {
	App    string `json:"app"`    // name or id
	Weight int    `json:"weight"` // 1 to 100; of a split they sum to 100
}

// ParseSplit reads a split as people write it: "blog:90,blog-next:10".
func ParseSplit(text string) ([]Share, error) {
	var shares []Share
	for part := range strings.SplitSeq(text, ",") {
		app, weight, ok := strings.Cut(strings.TrimSpace(part), ":")
		if !ok || app == "" {
			return nil, errs.New(errs.Invalid, "%q is not a part of a split: write the app, a colon and its weight, such as blog:90,next:10", part)
		}
		// Atoi takes signs, and a weight has none.
		n, err := strconv.Atoi(weight)
		if err != nil || weight[0] == '+' || weight[0] == '-' {
			return nil, errs.New(errs.Invalid, "the weight of %s must be a whole number from 1 to 100, not %q", app, weight)
		}
		shares = append(shares, Share{app, n})
	}
	return shares, checkShares(shares)
}

func checkShares(shares []Share) error {
	sum := 0
	seen := map[string]bool{}
	for _, s := range shares {
		switch {
		case s.App == "":
			return errs.New(errs.Invalid, "a part of the split names no app")
		case s.Weight < 1 || s.Weight > 100:
			return errs.New(errs.Invalid, "the weight of %s must be a whole number from 1 to 100, not %d", s.App, s.Weight)
		case seen[s.App]:
			return errs.New(errs.Invalid, "%s is named twice in the split", s.App)
		case len(shares) > 100: // that many weights cannot sum to 100, nor can fewer numbers overflow
			return errs.New(errs.Invalid, "a split has at most 100 apps")
		}
		seen[s.App] = true
		sum += s.Weight
	}
	switch {
	case len(shares) < 2:
		return errs.New(errs.Invalid, "a split needs two apps at least; to lead to one, use --app")
	case sum != 100:
		return errs.New(errs.Invalid, "the weights of a split sum to 100, these to %d", sum)
	}
	return nil
}

// leaveSplits takes an app that is about to be removed out of the splits. The others keep their proportions; where one
// is left, the alias simply leads to it.
func leaveSplits(tx *database.Tx, appID string) error {
	losses, err := splitLosses(tx.Conn, appID)
	for _, l := range losses {
		if err != nil {
			break
		}
		to := Destination{App: l.After[0].AppID}
		if len(l.After) > 1 {
			to = Destination{}
			for _, target := range l.After {
				to.Split = append(to.Split, Share{target.AppID, target.Weight})
			}
		}
		err = setAlias(tx, l.Alias, to)
	}
	return err
}

// SplitLoss is a split that loses an arm with an app, and what remains of it.
type SplitLoss struct {
	Alias string        `json:"alias"`
	After []SplitTarget `json:"after"` // one: the alias leads to it alone
}

// SplitLosses returns the splits that lose an arm when an app is removed.
func (s *Store) SplitLosses(ctx context.Context, appID string) ([]SplitLoss, error) {
	var losses []SplitLoss
	err := s.db.Read(ctx, func(c *database.Conn) (err error) {
		losses, err = splitLosses(c, appID)
		return err
	})
	return losses, err
}

func splitLosses(c *database.Conn, appID string) ([]SplitLoss, error) {
	losses := []SplitLoss{}
	err := c.Each("SELECT alias FROM arms WHERE app_id = ? ORDER BY alias", func(r *database.Row) error {
		losses = append(losses, SplitLoss{Alias: r.Text(0)})
		return nil
	}, appID)
	for i := range losses {
		if err != nil {
			break
		}
		var targets []SplitTarget
		targets, err = targetsOf(c, losses[i].Alias)
		for _, target := range targets {
			if target.AppID != appID {
				losses[i].After = append(losses[i].After, target)
			}
		}
		rescale(losses[i].After)
	}
	return losses, err
}

// rescale makes weights sum to 100 again and keeps their proportions as nearly as whole numbers can: each is rounded
// down, and what is missing goes to those that lost most, the first of equals first.
func rescale(targets []SplitTarget) {
	sum := 0
	for _, target := range targets {
		sum += target.Weight
	}
	if sum == 0 {
		return
	}
	rest := make([]int, len(targets))
	missing := 100
	for i := range targets {
		rest[i] = targets[i].Weight * 100 % sum
		targets[i].Weight = targets[i].Weight * 100 / sum
		missing -= targets[i].Weight
	}
	for ; missing > 0; missing-- {
		largest := 0
		for i, r := range rest {
			if r > rest[largest] {
				largest = i
			}
		}
		targets[most].Weight++
		rest[most] = -1
	}
}

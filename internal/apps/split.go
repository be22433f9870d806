package apps

import (
	"context"
	"strconv"
	"strings"

	"fazt/internal/database"
	"fazt/internal/errs"
)

// Share is the share of visitors that an app of a split gets.
type Share struct {
	App    string `json:"app"`    // name or ID
	Weight int    `json:"weight"` // 1 to 100; the weights of a split add up to 100
}

// ParseSplit parses a split as people write it: "blog:90,blog-next:10".
func ParseSplit(text string) ([]Share, error) {
	var shares []Share
	for part := range strings.SplitSeq(text, ",") {
		app, weight, ok := strings.Cut(strings.TrimSpace(part), ":")
		if !ok || app == "" {
			return nil, errs.New(errs.Invalid, "invalid part of a split %q: use app:weight, such as blog:90,next:10", part)
		}
		// Atoi accepts signs; weights have none.
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
			return errs.New(errs.Invalid, "a part of the split has no app")
		case s.Weight < 1 || s.Weight > 100:
			return errs.New(errs.Invalid, "the weight of %s must be a whole number from 1 to 100, not %d", s.App, s.Weight)
		case seen[s.App]:
			return errs.New(errs.Invalid, "the split names %s twice", s.App)
		case len(shares) > 100: // more weights cannot add up to 100, and fewer cannot overflow
			return errs.New(errs.Invalid, "a split has at most 100 apps")
		}
		seen[s.App] = true
		sum += s.Weight
	}
	switch {
	case len(shares) < 2:
		return errs.New(errs.Invalid, "a split needs at least two apps; for one app, use --app")
	case sum != 100:
		return errs.New(errs.Invalid, "the weights of a split must add up to 100, not %d", sum)
	}
	return nil
}

// leaveSplits removes an app from the splits before the app is removed. The others keep their proportions; if only one
// is left, the alias leads straight to it.
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

// SplitLoss is a split that loses a target with an app, and what remains of it.
type SplitLoss struct {
	Alias string        `json:"alias"`
	After []SplitTarget `json:"after"` // with one entry, the alias leads straight to it
}

// SplitLosses returns the splits that lose a target if an app is removed.
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

// rescale makes weights add up to 100 again, keeping their proportions as closely as whole numbers allow: each is
// rounded down, and the remainder goes to those that lost most, the first among equals.
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
		targets[largest].Weight++
		rest[largest] = -1
	}
}

package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"fazt/internal/api/op"
	"fazt/internal/client"
	"fazt/internal/database"
	"fazt/internal/journal"
)

// TestKillLosesNoActivityOlderThanItsInterval keeps changing an environment while the server is
// killed with SIGKILL at random moments. Every acknowledged change that is older than the interval at which entries are
// stored must have its entry in the file.
//
// FAZT_LOG_KILLS sets the number of kills (3), FAZT_SEED repeats a run.
func TestKillLosesNoActivityOlderThanItsInterval(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there is no SIGKILL")
	}
	kills := number(t, "FAZT_LOG_KILLS", 3)
	seed := uint64(number(t, "FAZT_SEED", int(time.Now().UnixNano()&0xffffffff)))
	t.Logf("seed %d (FAZT_SEED=%d repeats the run)", seed, seed)
	c := &crash{t: t, binary: program(t), db: filepath.Join(t.TempDir(), "data.db"), random: rand.New(rand.NewPCG(seed, 1))}
	const slack = 250 * time.Millisecond // the write itself, on a busy machine
	checked := 0
	for kill := range kills {
		c.start()
		cl, err := c.client(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		acked := map[string]time.Time{}
		die := time.Now().Add(journal.FlushEvery + time.Duration(200+c.random.IntN(900))*time.Millisecond)
		for n := 0; time.Now().Before(die); n++ {
			name := fmt.Sprintf("kill-%d-%d", kill, n)
			if _, err := client.Call(t.Context(), cl, op.AliasSet, op.AliasTarget{Alias: name, Reserve: true}); err != nil {
				t.Fatal(err)
			}
			acked[name] = time.Now()
		}
		killed := time.Now()
		c.kill()
		cl.Close()
		stored := c.recorded()
		for name, at := range acked {
			if killed.Sub(at) > journal.FlushEvery+slack {
				checked++
				if !stored[name] {
					t.Errorf("kill %d: the entry of %s is lost, although it was acknowledged %v earlier", kill, name, killed.Sub(at))
				}
			}
		}
	}
	t.Logf("%d kills: %d entries older than %v, none lost", kills, checked, journal.FlushEvery)
	if checked == 0 {
		t.Fatal("the test did too little work")
	}
}

// recorded returns the resources in the file's activity log.
func (c *crash) recorded() map[string]bool {
	c.t.Helper()
	db, err := database.Open(context.Background(), database.Config{Path: c.db})
	if err != nil {
		c.t.Fatal(err)
	}
	defer db.Close()
	found := map[string]bool{}
	err = db.Read(context.Background(), func(q *database.Conn) error {
		return q.Each("SELECT resource FROM activity", func(r *database.Row) error {
			found[r.Text(0)] = true
			return nil
		})
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return found
}

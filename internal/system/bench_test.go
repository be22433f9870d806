package system

import "testing"

// The cost for a request to read the limits of its app and the networks of the trusted proxies.
func BenchmarkLiveApp(b *testing.B) {
	s, live := opened(b, kept(b), Given{})
	set(b, s, "app_a", `{"runtime.exec_timeout":8000}`)
	b.Run("with limits of its own", func(b *testing.B) {
		for b.Loop() {
			_ = live.App("app_a").Runtime.ExecTimeout
		}
	})
	b.Run("without", func(b *testing.B) {
		for b.Loop() {
			_ = live.App("app_b").Runtime.ExecTimeout
		}
	})
	b.Run("trusted proxies", func(b *testing.B) {
		for b.Loop() {
			_ = s.Settings().TrustedProxies()
		}
	})
}

// The cost for every changing operation to make sure that no change is missed.
func BenchmarkReloadUnchanged(b *testing.B) {
	s, _ := opened(b, kept(b), Given{})
	set(b, s, "app_a", `{"runtime.exec_timeout":8000}`)
	for b.Loop() {
		if err := s.Reload(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

// The cost for every command and every start to probe the machine.
func BenchmarkProbe(b *testing.B) {
	for b.Loop() {
		_ = Probe()
	}
}

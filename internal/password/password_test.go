package password

import (
	"strings"
	"testing"

	"fazt/internal/errs"
)

// Hashes of "pässword" that other programs made: hash-wasm, Node.js and bcryptjs.
func others() []string {
	return []string{
		"$argon2id$v=19$m=4096,t=3,p=4$MDEyMzQ1Njc4OWFiY2RlZg$6xKJqq6nMk7atZNlaC6wFCQ8GqRz9GWFE8KEypti3q4",
		"$argon2id$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$pyiDXhp8EZDeh5xVw092nA",
		"$argon2i$v=19$m=4096,t=3,p=1$MDEyMzQ1Njc4OWFiY2RlZg$wnsiR+AE7cejXV92i4Y9Y7WyPi3SYuj1o2E/IgqGP0g",
		"$scrypt$ln=14,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$GEDJYvr1TTZZVHi5iklTNhA/nLp9g5KhNbwch1iOI78",
		"$scrypt$ln=12,r=4,p=2$MDEyMzQ1Njc4OWFiY2RlZg$jdEYokZ13lxDTY5DV1m+i3QISz0U3ZPaefK3Dy5kAuabtv7wWB0UMAljG3HkiNPZxgU/wApk0gYq/5vvxF5Fzw",
		"$2b$05$XJb5GYQuWlp7KD8W27u6L.d1cDOQ/NraZnVvmSNHCMX./citE3XSC",
		"$2a$05$XJb5GYQuWlp7KD8W27u6L.d1cDOQ/NraZnVvmSNHCMX./citE3XSC",
		"$2y$05$XJb5GYQuWlp7KD8W27u6L.d1cDOQ/NraZnVvmSNHCMX./citE3XSC",
		"$2a$06$KBCwKxOzLha2MUDgW0PjXel3I1Pxu1l73Xny3fIBuIm/nPcXLij9S",
	}
}

func TestHashesOfOtherProgramsAreUnderstood(t *testing.T) {
	t.Parallel()
	for _, text := range others() {
		h, err := Parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		for password, want := range map[string]bool{"pässword": true, "password": false, "pässword ": false, "": false} {
			if got := h.Matches(password); got != want {
				t.Errorf("%s: %q: %v", text, password, got)
			}
		}
	}
}

func TestNewHashesMatchTheirPasswordOnly(t *testing.T) {
	t.Parallel()
	for kind, begins := range map[string]string{"": "$argon2id$v=19$m=32768,t=3,p=1$", Argon2id: "$argon2id$v=19$m=32768,t=3,p=1$", Scrypt: "$scrypt$ln=15,r=8,p=3$", Bcrypt: "$2a$10$"} {
		h, err := New(kind)
		if err != nil {
			t.Fatal(err)
		}
		text, err := h.Make("correct horse")
		again, _ := h.Make("correct horse")
		if err != nil || !strings.HasPrefix(text, begins) || text == again {
			t.Errorf("%s: %q and %q, %v", kind, text, again, err)
		}
		read, err := Parse(text)
		if err != nil || !read.Matches("correct horse") || read.Matches("correct horsf") || read.Memory() != h.Memory() {
			t.Errorf("%s: %+v %v", text, read, err)
		}
		if _, err := h.Make(strings.Repeat("x", 4097)); !errs.Is(err, errs.Invalid) {
			t.Errorf("%s: a password of 4097 bytes: %v", kind, err)
		}
		if kind == Bcrypt {
			if _, err := h.Make(strings.Repeat("x", 73)); !errs.Is(err, errs.Invalid) {
				t.Errorf("a password of 73 bytes: %v", err)
			}
		}
	}
	for _, kind := range []string{"md5", "argon2i", "ARGON2ID", "sha256"} {
		if _, err := New(kind); !errs.Is(err, errs.Invalid) {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

// bcrypt looks at 72 bytes: the hash of bcryptjs is that of 80.
func TestBcryptComparesTheFirst72Bytes(t *testing.T) {
	t.Parallel()
	h, err := Parse("$2b$04$XI65qLhEKgS/n0fVz.raEOil3gL2YOuJthNmJYXNKJbRozqf0e5j2")
	if err != nil {
		t.Fatal(err)
	}
	for n, want := range map[int]bool{71: false, 72: true, 73: true, 80: true, 4096: true, 4097: false} {
		if got := h.Matches(strings.Repeat("x", n)); got != want {
			t.Errorf("%d bytes: %v", n, got)
		}
	}
}

func TestHashesThatAreMalformedOrTooExpensiveAreRefused(t *testing.T) {
	t.Parallel()
	const salt, key = "$MDEyMzQ1Njc4OWFiY2RlZg$", "pyiDXhp8EZDeh5xVw092nA"
	for text, want := range map[string]string{
		"": "not a hash", "x": "not a hash", "plain": "not a hash", "$1$abc$def": "not a hash", "$5$rounds=5000$abc$def": "not a hash", "$2$05$x": "not a hash", "$2x$05$XJb5": "not a hash",
		"$argon2d$v=19$m=4096,t=3,p=1" + salt + key: "not a hash", "$argon2id$m=4096,t=3,p=1" + salt + key: "not a hash",
		strings.Repeat("$", 600):                     "not a hash",
		"$argon2id$v=16$m=4096,t=3,p=1" + salt + key: "is not one", "$argon2id$v=19$m=4096,t=3" + salt + key: "is not one", "$argon2id$v=19$t=3,m=4096,p=1" + salt + key: "is not one",
		"$argon2id$v=19$m=4096,t=0,p=1" + salt + key: "is not one", "$argon2id$v=19$m=4096,t=3,p=0" + salt + key: "is not one", "$argon2id$v=19$m=7,t=3,p=1" + salt + key: "is not one",
		"$argon2id$v=19$m=+4096,t=3,p=1" + salt + key: "is not one", "$argon2id$v=19$m=04096,t=3,p=1" + salt + key: "is not one", "$argon2id$v=19$m=99999999999,t=3,p=1" + salt + key: "is not one",
		"$argon2id$v=19$m=4096,t=3,p=1$MDEy$" + key: "is not one", "$argon2id$v=19$m=4096,t=3,p=1" + salt + "AAAA": "is not one", "$argon2id$v=19$m=4096,t=3,p=1" + salt + key + "=": "is not one",
		"$argon2id$v=19$m=4096,t=3,p=1" + salt + key + "\n": "is not one", "$argon2id$v=19$m=4096,t=3,p=1" + salt + strings.Repeat("A", 172): "is not one",
		"$argon2id$v=19$m=131073,t=1,p=1" + salt + key: "128 MiB", "$argon2id$v=19$m=2147483647,t=1,p=1" + salt + key: "128 MiB", "$argon2id$v=19$m=131072,t=5,p=1" + salt + key: "fewer passes",
		"$argon2id$v=19$m=8,t=2147483647,p=1" + salt + key: "fewer passes", "$argon2id$v=19$m=4096,t=3,p=17" + salt + key: "16 lanes", "$argon2i$v=19$m=65536,t=9,p=1" + salt + key: "fewer passes",
		"$scrypt$ln=0,r=8,p=1" + salt + key: "is not one", "$scrypt$ln=14,r=0,p=1" + salt + key: "is not one", "$scrypt$ln=14,r=8" + salt + key: "is not one",
		"$scrypt$ln=18,r=8,p=1" + salt + key: "128 MiB", "$scrypt$ln=31,r=8,p=1" + salt + key: "128 MiB", "$scrypt$ln=1,r=2147483647,p=2147483647" + salt + key: "128 MiB", "$scrypt$ln=1,r=1,p=2147483647" + salt + key: "128 MiB",
		"$scrypt$ln=17,r=8,p=2" + salt + key: "N × r × p", "$scrypt$ln=14,r=8,p=9" + salt + key: "N × r × p",
		"$2b$15$XJb5GYQuWlp7KD8W27u6L.d1cDOQ/NraZnVvmSNHCMX./citE3XSC": "cost of up to 14", "$2b$31$XJb5GYQuWlp7KD8W27u6L.d1cDOQ/NraZnVvmSNHCMX./citE3XSC": "cost of up to 14",
		"$2b$03$XJb5GYQuWlp7KD8W27u6L.d1cDOQ/NraZnVvmSNHCMX./citE3XSC": "is not one", "$2b$5$XJb5GYQuWlp7KD8W27u6L.d1cDOQ/NraZnVvmSNHCMX./citE3XSC": "is not one", "$2b$05$XJb5": "is not one",
		"$2b$05$XJb5GYQuWlp7KD8W27u6L.d1cDOQ/NraZnVvmSNHCMX./citE3XS!": "is not one", "$2b$-5$XJb5GYQuWlp7KD8W27u6L.d1cDOQ/NraZnVvmSNHCMX./citE3XSC": "is not one",
	} {
		if h, err := Parse(text); !errs.Is(err, errs.Invalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %+v %v, want %q", text, h, err, want)
		}
	}
}

// Whatever a stored hash says, it is refused or stays within the bounds.
func FuzzParse(f *testing.F) {
	for _, text := range others() {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		h, err := Parse(text)
		if err != nil {
			if !errs.Is(err, errs.Invalid) {
				t.Fatalf("%q: %+v %v", text, h, err)
			}
			return
		}
		if h.Memory() > mostMemory+2<<20 || h.Memory() < 0 || int64(h.passes)*h.Memory() > mostPassed || h.n*h.r*h.p > maxScryptWork || h.cost > maxBcryptCost || h.lanes > maxLanes {
			t.Fatalf("%q costs %+v", text, h)
		}
		if h.Memory() < 1<<20 && h.cost < 6 && h.passes < 100 && h.p < 10 {
			h.Matches("x") // it must not panic
		}
	})
}

package auth

import (
	"slices"
	"strings"
	"testing"

	"fazt/internal/database"
	"fazt/internal/database/databasetest"
	"fazt/internal/errs"
)

func open(t *testing.T) *Users {
	t.Helper()
	db, err := database.Open(t.Context(), database.Config{Path: databasetest.Path(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return NewUsers(db)
}

func TestTheOwnerSignsInWithTheirPasswordOnly(t *testing.T) {
	u := open(t)
	if has, err := u.HasOwner(t.Context()); has || err != nil {
		t.Fatalf("%v %v", has, err)
	}
	if err := u.CreateOwner(t.Context(), "Ana", "correct horse"); err != nil {
		t.Fatal(err)
	}
	if has, err := u.HasOwner(t.Context()); !has || err != nil {
		t.Fatalf("%v %v", has, err)
	}
	if p, err := u.Verify(t.Context(), "ana", "correct horse"); err != nil || p.Kind != Owner || p.Name != "Ana" || !strings.HasPrefix(p.ID, "usr_") {
		t.Fatalf("%+v %v", p, err)
	}
	var answers []string
	for name, password := range map[string]string{"Ana": "wrong", "Bo": "correct horse", "": "", "ana": strings.Repeat("x", maxPassword+1)} {
		p, err := u.Verify(t.Context(), name, password)
		if !errs.Is(err, errs.Unauthorized) || p.Kind != Anonymous || p.ID != "" {
			t.Errorf("%s/%s: %+v %v", name, password, p, err)
			continue
		}
		answers = append(answers, err.Error())
	}
	for _, a := range answers {
		if a != answers[0] {
			t.Errorf("a wrong name and a wrong password differ: %q, %q", a, answers[0])
		}
	}
	if err := u.CreateOwner(t.Context(), "Bo", "correct horse"); !errs.Is(err, errs.Conflict) {
		t.Errorf("a second owner: %v", err)
	}
}

func TestInvalidNamesAndPasswords(t *testing.T) {
	u := open(t)
	for _, tt := range []struct{ name, password, want string }{
		{"", "long enough", "name is missing"},
		{" Ana", "long enough", "begins or ends with a space"},
		{"A\nna", "long enough", "unprintable"},
		{strings.Repeat("a", 101), "long enough", "longer than 100"},
		{"Ana", "short", "at least 8 characters"},
		{"Ana", "        ", "only of spaces"},
		{"Ana", "\xff\xff\xff\xff\xff\xff\xff\xff", "not valid text"},
		{"Ana", strings.Repeat("x", 1025), "longer than 1024"},
	} {
		if err := u.CreateOwner(t.Context(), tt.name, tt.password); !errs.Is(err, errs.Invalid) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q/%q: %v, want %q", tt.name, tt.password, err, tt.want)
		}
	}
	if has, _ := u.HasOwner(t.Context()); has {
		t.Error("a refused owner was made")
	}
}

func hashed(t *testing.T, password string) string {
	t.Helper()
	hash, err := hashPassword(password)
	if err != nil {
		t.Fatal(err)
	}
	return hash
}

func TestStoredPasswords(t *testing.T) {
	a, b := hashed(t, "secret words"), hashed(t, "secret words")
	if a == b {
		t.Error("two hashes of one password are the same")
	}
	if strings.Contains(a, "secret") || !strings.HasPrefix(a, "$argon2id$v=19$m=32768,t=3,p=1$") {
		t.Errorf("got %s", a)
	}
	if !verify("secret words", a) || verify("secret word", a) {
		t.Error("verify is wrong")
	}
	for _, broken := range []string{"", "x", "$argon2id$v=19$m=1,t=0,p=0$AA$AA", strings.Replace(a, "v=19", "v=18", 1), a[:len(a)-50], strings.Replace(a, "argon2id", "argon2i", 1)} {
		if verify("secret words", broken) {
			t.Errorf("%q was accepted", broken)
		}
	}
}

// Each hash differs in one part from one that is accepted.
func TestAPasswordHashWithOneBrokenPartIsRefused(t *testing.T) {
	good := strings.Split(hashed(t, "secret words"), "$")
	if !verify("secret words", strings.Join(good, "$")) {
		t.Fatal("the whole hash is refused")
	}
	for _, tt := range []struct {
		part int
		text string
	}{
		{0, "x"},
		{1, "argon2i"}, {1, "argon2d"}, {1, ""},
		{2, "v=18"}, {2, "v=x"}, {2, ""},
		{3, "m=32768,t=0,p=1"}, {3, "m=32768,t=3,p=0"}, {3, "m=32768,t=2,p=1"}, {3, "m=16384,t=3,p=1"}, {3, "m=32768,t=3"}, {3, "t=3,m=32768,p=1"}, {3, ""},
		{4, ""}, {4, good[4][:20]}, {4, "!" + good[4][1:]}, {4, good[5]},
		{5, ""}, {5, good[5][:42]}, {5, good[5][:22]}, {5, "!" + good[5][1:]}, {5, good[5] + "="}, {5, good[4]},
		{5, good[5] + "$"}, {5, good[5] + "$AA"},
	} {
		broken := slices.Clone(good)
		broken[tt.part] = tt.text
		if phc := strings.Join(broken, "$"); verify("secret words", phc) {
			t.Errorf("%s was accepted", phc)
		}
	}
}

func TestAContextWithoutAPrincipalIsAnonymous(t *testing.T) {
	if p := From(t.Context()); p.Kind != Anonymous {
		t.Fatalf("%+v", p)
	}
	if p := From(With(t.Context(), Principal{Kind: Owner})); p.Kind != Owner {
		t.Fatalf("%+v", p)
	}
}

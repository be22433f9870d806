package rules

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"fazt/internal/errs"
)

func aKey(b byte) []byte { return []byte(strings.Repeat(string(b), keyLength)) }

func TestASealedValueOpensOnlyInItsRowAndWithItsKey(t *testing.T) {
	s := Secret{Name: "STRIPE", AppID: "app_1", Domain: "api.stripe.com", Value: "sk_live_0123456789"}
	sealed, err := seal(aKey('k'), s)
	if err != nil {
		t.Fatal(err)
	}
	again, err := seal(aKey('k'), s)
	if err != nil || string(again) == string(sealed) || strings.Contains(string(sealed), "sk_live") {
		t.Errorf("the value can be read, or two seals of it are the same: %v", err)
	}
	if got, err := unseal(aKey('k'), s, sealed); got != s.Value || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	damaged := func(i int) []byte {
		b := []byte(string(sealed))
		b[i] ^= 1
		return b
	}
	for _, test := range []struct {
		name   string
		key    []byte
		s      Secret
		sealed []byte
		want   string
	}{
		{"another key", aKey('x'), s, sealed, "set with another key"},
		{"another domain", aKey('k'), Secret{Name: "STRIPE", AppID: "app_1", Domain: "evil.example"}, sealed, "not written by Fazt"},
		{"another app", aKey('k'), Secret{Name: "STRIPE", AppID: "app_2", Domain: "api.stripe.com"}, sealed, "not written by Fazt"},
		{"every app", aKey('k'), Secret{Name: "STRIPE", Domain: "api.stripe.com"}, sealed, "not written by Fazt"},
		{"another name", aKey('k'), Secret{Name: "STRIPE2", AppID: "app_1", Domain: "api.stripe.com"}, sealed, "not written by Fazt"},
		{"parts that run together alike", aKey('k'), Secret{Name: "STRIPEapp", AppID: "_1", Domain: "api.stripe.com"}, sealed, "not written by Fazt"},
		{"a changed value", aKey('k'), s, damaged(len(sealed) - 1), "not written by Fazt"},
		{"a changed nonce", aKey('k'), s, damaged(1 + fingerprintLength), "not written by Fazt"},
		{"a newer version", aKey('k'), s, append([]byte{sealVersion + 1}, sealed[1:]...), "newer version of Fazt"},
		{"an older version", aKey('k'), s, append([]byte{1}, sealed[1:]...), "not written by Fazt"},
		{"plain HTTP", aKey('k'), Secret{Name: "STRIPE", AppID: "app_1", Domain: "api.stripe.com", HTTP: true}, sealed, "not written by Fazt"},
		{"another port", aKey('k'), Secret{Name: "STRIPE", AppID: "app_1", Domain: "api.stripe.com", Port: 8443}, sealed, "not written by Fazt"},
		{"a cut value", aKey('k'), s, sealed[:20], "damaged"},
		{"nothing", aKey('k'), s, nil, "damaged"},
	} {
		got, err := unseal(test.key, test.s, test.sealed)
		if got != "" || err == nil || !strings.Contains(errs.Sentence(err), test.want) || strings.Contains(err.Error(), "sk_live") {
			t.Errorf("%s: %q, %v", test.name, got, err)
		}
	}
}

func TestTheKeyFileIsPrivateCompleteAndNeverOverwritten(t *testing.T) {
	dir := t.TempDir()
	v := vault{file: KeyFile(filepath.Join(dir, "data.db"))}
	if _, err := v.key(); !errs.Is(err, errs.Unprocessable) || !strings.Contains(errs.Sentence(err), "data.db.key is missing: restore it") {
		t.Errorf("without a key file: %v", err)
	}
	key, err := v.newKey()
	if err != nil || len(key) != keyLength {
		t.Fatal(key, err)
	}
	if info, err := os.Stat(v.file); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	if again, err := v.newKey(); err != nil || string(again) != string(key) {
		t.Errorf("a second key was made: %v", err)
	}
	if err := placeKey(v.file, aKey('x')); err == nil {
		t.Error("the key file was overwritten")
	}
	if again, err := v.key(); err != nil || string(again) != string(key) {
		t.Errorf("the key changed: %v", err)
	}
	if list, _ := os.ReadDir(dir); len(list) != 1 {
		t.Errorf("something was left behind: %v", list)
	}
	if runtime.GOOS != "windows" {
		if err := os.Chmod(v.file, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := v.key(); err != nil {
			t.Error(err)
		}
		if info, _ := os.Stat(v.file); info.Mode().Perm() != 0o600 {
			t.Errorf("others can read the key: %v", info.Mode())
		}
	}
}

func TestAMalformedKeyIsRefusedWithoutQuotingIt(t *testing.T) {
	good := hex.EncodeToString(aKey('k'))
	for _, test := range []struct{ name, text, want string }{
		{"empty", "", "has 0 characters; a key has 64"},
		{"too short", good[:62], "has 62 characters; a key has 64 hexadecimal digits, such as from `openssl rand -hex 32`"},
		{"too long", good + "00", "has 66 characters"},
		{"no digits", "zz" + good[2:], "is not a key"},
	} {
		file := filepath.Join(t.TempDir(), "data.db.key")
		if err := os.WriteFile(file, []byte(test.text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := vault{file: file}.key()
		if err == nil || !strings.Contains(errs.Sentence(err), test.want) || !strings.Contains(errs.Sentence(err), file) || len(test.text) > 8 && strings.Contains(err.Error(), test.text) {
			t.Errorf("%s: %v", test.name, err)
		}
		if test.text == "" {
			continue
		}
		if _, err = (vault{file: file, master: test.text}).key(); err == nil || !strings.Contains(errs.Sentence(err), "FAZT_MASTER_KEY") {
			t.Errorf("%s in the environment: %v", test.name, err)
		}
	}
	v := vault{file: filepath.Join(t.TempDir(), "none"), master: good}
	if key, err := v.newKey(); err != nil || string(key) != string(aKey('k')) {
		t.Errorf("the environment comes first: %v", err)
	}
	if _, err := os.Stat(v.file); err == nil {
		t.Error("a key file was made though the environment has the key")
	}
	if _, err := (vault{file: t.TempDir()}).key(); err == nil || !strings.Contains(errs.Sentence(err), "is not a regular file") {
		t.Errorf("a folder: %v", err)
	}
}

func FuzzUnseal(f *testing.F) {
	s := Secret{Name: "N", Domain: "a.example", Value: "0123456789"}
	sealed, err := seal(aKey('k'), s)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sealed)
	f.Add(sealed[:len(sealed)-1])
	f.Add([]byte{sealVersion})
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := unseal(aKey('k'), s, data)
		if err == nil && got != s.Value { // seeds are sealed by another process, with another nonce
			t.Errorf("%x was taken for sealed: %q", data, got)
		}
	})
}

func FuzzParseKey(f *testing.F) {
	f.Add(hex.EncodeToString(aKey('k')))
	f.Add("")
	f.Add(strings.Repeat("é", 32))
	f.Fuzz(func(t *testing.T, text string) {
		key, err := parseKey(text, "it")
		if err == nil && (len(key) != keyLength || !strings.EqualFold(hex.EncodeToString(key), text)) {
			t.Errorf("%q is the key %x", text, key)
		}
		if err != nil && len(text) > 16 && strings.Contains(err.Error(), text) {
			t.Errorf("the error repeats the key: %v", err)
		}
	})
}

func TestAKeyFileWithMoreThanAKeyIsRefusedAndNotCut(t *testing.T) {
	v := vault{file: filepath.Join(t.TempDir(), "data.db.key")}
	key := hex.EncodeToString(aKey('k'))
	for text, want := range map[string]string{
		key + strings.Repeat("\n", maxKeyFile-len(key)):   "",
		key + strings.Repeat("\n", maxKeyFile-len(key)+1): "is larger than 1024 bytes: put the right one in its place",
		key + strings.Repeat("\n", maxKeyFile) + key:      "is larger than 1024 bytes: put the right one in its place",
	} {
		if err := os.WriteFile(v.file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := v.key()
		switch {
		case want == "" && (err != nil || string(got) != string(aKey('k'))):
			t.Errorf("%d bytes: %v", len(text), err)
		case want != "" && (!errs.Is(err, errs.Unprocessable) || !strings.HasSuffix(errs.Sentence(err), want)):
			t.Errorf("%d bytes: %v, want %q", len(text), err, want)
		}
	}
}

package field_test

import (
	"net/http"
	"slices"
	"testing"

	"fazt/internal/egress/field"
)

func TestFieldsThatMayBeSentOrHoldASecret(t *testing.T) {
	const free, noSecret, forbidden = 0, 1, 2
	for name, want := range map[string]int{
		"Authorization": free, "X-Api-Key": free, "x_api_key": free, "Cookie": free, "Private-Token": free, "X-Host": free, "X-Security": free, "Metadatas": free,
		"Accept": noSecret, "User-Agent": noSecret, "content-type": noSecret, "Content_Type": noSecret, "Referer": noSecret, "Range": noSecret, "Set-Cookie": noSecret,
		"X-HTTP-Method-Override": noSecret, "X_HTTP_Method": noSecret, "X-Method-Override": noSecret,
		"Host": forbidden, "Content-Length": forbidden, "content_length": forbidden, "TRANSFER-ENCODING": forbidden, "Connection": forbidden, "Te": forbidden,
		"Expect": forbidden, "Via": forbidden, "Forwarded": forbidden, "X-Forwarded-For": forbidden, "x_forwarded_for": forbidden, "X-Forwarded-": forbidden,
		"X-Real-IP": forbidden, "CF-Connecting-IP": forbidden, "X-Original-URL": forbidden, "Proxy-Authorization": forbidden, "Sec-Fetch-Site": forbidden,
		"Metadata": forbidden, "Metadata-Flavor": forbidden, "Metadata_Flavor": forbidden, "X-aws-ec2-metadata-token": forbidden, "X-Google-Metadata-Request": forbidden,
		"X-Identity-Header": forbidden, "Accept-Encoding": forbidden, "Upgrade": forbidden, "HTTP2-Settings": forbidden,
	} {
		if got := field.Forbidden(name); got != (want == forbidden) {
			t.Errorf("%s is forbidden: %v", name, got)
		}
		if got := field.HoldsSecret(name); got != (want == free) {
			t.Errorf("%s may hold a secret: %v", name, got)
		}
	}
}

func TestFieldsOfTheConnection(t *testing.T) {
	got := field.OfConnection(http.Header{"Connection": {"close, x-own", "\tUPGRADE ,"}, "connection": {"y"}, "Other": {"z"}})
	slices.Sort(got)
	if !slices.Equal(got, []string{"", "Close", "Upgrade", "X-Own", "Y"}) {
		t.Errorf("%q", got)
	}
	if got := field.OfConnection(http.Header{"Other": {"z"}}); got != nil {
		t.Errorf("%q", got)
	}
}

// A GET that another server treats as a DELETE would pass an entry that allows only GET.
func TestOverridesOfTheMethodAreDropped(t *testing.T) {
	h := http.Header{"X-Http-Method-Override": {"DELETE"}, "X_HTTP_METHOD": {"DELETE"}, "x-method-override": {"DELETE"}, "X-Method": {"kept"}}
	field.DropOverrides(h)
	if len(h) != 1 || h.Get("X-Method") != "kept" {
		t.Error(h)
	}
}

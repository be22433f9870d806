// Package mediatype knows the media types of files.
package mediatype

import "strings"

// Of returns the media type of a file by its extension, or by its path below .well-known, as a header value that must not be changed. The table is our
// own: with the operating system's, a deployment would behave differently on two machines. An unknown type is
// application/octet-stream, which browsers save and never interpret.
func Of(name string) []string {
	if below, ok := strings.CutPrefix(name, ".well-known/"); ok {
		if t, ok := wellKnown[below]; ok {
			return t
		}
	}
	name = name[strings.LastIndexByte(name, '/')+1:]
	if dot := strings.LastIndexByte(name, '.'); dot >= 0 {
		if t, ok := types[strings.ToLower(name[dot+1:])]; ok {
			return t
		}
	} else if t, ok := bareNames[name]; ok {
		return t
	}
	return unknown
}

// IsHTML reports whether a type is that of HTML pages.
func IsHTML(mediaType []string) bool { return strings.HasPrefix(mediaType[0], "text/html") }

var unknown = []string{"application/octet-stream"}

// bareNames has the types of well-known files without an extension.
var bareNames = map[string][]string{
	"apple-app-site-association": {"application/json"},
	"LICENSE":                    {"text/plain; charset=utf-8"},
	"CNAME":                      {"text/plain; charset=utf-8"},
}

// wellKnown has the types of files without an extension in .well-known, as the specifications of the names require them
// (https://www.iana.org/assignments/well-known-uris).
var wellKnown = map[string][]string{
	"host-meta":                      {"application/xrd+xml"},
	"matrix/client":                  {"application/json"},
	"matrix/server":                  {"application/json"},
	"matrix/support":                 {"application/json"},
	"nodeinfo":                       {"application/json"},
	"oauth-authorization-server":     {"application/json"},
	"oauth-protected-resource":       {"application/json"},
	"openid-configuration":           {"application/json"},
	"openid-credential-issuer":       {"application/json"},
	"openid-federation":              {"application/entity-statement+jwt"},
	"passkey-endpoints":              {"application/json"},
	"private-token-issuer-directory": {"application/private-token-issuer-directory"},
	"smart-configuration":            {"application/json"},
	"traffic-advice":                 {"application/trafficadvice+json"},
	"uma2-configuration":             {"application/json"},
	"webauthn":                       {"application/json"},
	"webfinger":                      {"application/jrd+json"},
}

// types follows the IANA registry; for types that are not in it, the WHATWG MIME Sniffing standard and nginx. Text has a
// charset because browsers guess one otherwise; JSON and its derivatives have none by definition (RFC 8259).
var types = map[string][]string{
	// Pages, styles and scripts.
	"html":        {"text/html; charset=utf-8"},
	"htm":         {"text/html; charset=utf-8"},
	"xhtml":       {"application/xhtml+xml; charset=utf-8"},
	"css":         {"text/css; charset=utf-8"},
	"js":          {"text/javascript; charset=utf-8"},
	"mjs":         {"text/javascript; charset=utf-8"},
	"cjs":         {"text/javascript; charset=utf-8"},
	"jsx":         {"text/javascript; charset=utf-8"},
	"map":         {"application/json"},
	"json":        {"application/json"},
	"json5":       {"application/json5"},
	"jsonld":      {"application/ld+json"},
	"geojson":     {"application/geo+json"},
	"topojson":    {"application/json"},
	"ndjson":      {"application/x-ndjson"},
	"webmanifest": {"application/manifest+json"},
	"wasm":        {"application/wasm"},

	// Text. TypeScript is text, not the MPEG stream that shares its extension in the registry.
	"txt":      {"text/plain; charset=utf-8"},
	"text":     {"text/plain; charset=utf-8"},
	"log":      {"text/plain; charset=utf-8"},
	"ts":       {"text/plain; charset=utf-8"},
	"tsx":      {"text/plain; charset=utf-8"},
	"toml":     {"text/plain; charset=utf-8"},
	"ini":      {"text/plain; charset=utf-8"},
	"glsl":     {"text/plain; charset=utf-8"},
	"srt":      {"text/plain; charset=utf-8"},
	"md":       {"text/markdown; charset=utf-8"},
	"markdown": {"text/markdown; charset=utf-8"},
	"csv":      {"text/csv; charset=utf-8"},
	"tsv":      {"text/tab-separated-values; charset=utf-8"},
	"yaml":     {"application/yaml"},
	"yml":      {"application/yaml"},
	"vtt":      {"text/vtt; charset=utf-8"},
	"ics":      {"text/calendar; charset=utf-8"},
	"vcf":      {"text/vcard; charset=utf-8"},
	"xml":      {"text/xml; charset=utf-8"},
	"xsl":      {"text/xml; charset=utf-8"},
	"rss":      {"application/rss+xml; charset=utf-8"},
	"atom":     {"application/atom+xml; charset=utf-8"},
	"kml":      {"application/vnd.google-earth.kml+xml"},
	"gpx":      {"application/gpx+xml"},

	// Images.
	"svg":  {"image/svg+xml; charset=utf-8"},
	"png":  {"image/png"},
	"apng": {"image/apng"},
	"jpg":  {"image/jpeg"},
	"jpeg": {"image/jpeg"},
	"gif":  {"image/gif"},
	"webp": {"image/webp"},
	"avif": {"image/avif"},
	"heic": {"image/heic"},
	"heif": {"image/heif"},
	"jxl":  {"image/jxl"},
	"ico":  {"image/x-icon"},
	"cur":  {"image/x-icon"},
	"bmp":  {"image/bmp"},
	"tif":  {"image/tiff"},
	"tiff": {"image/tiff"},

	// Audio and video.
	"mp3":  {"audio/mpeg"},
	"m4a":  {"audio/mp4"},
	"aac":  {"audio/aac"},
	"oga":  {"audio/ogg"},
	"ogg":  {"audio/ogg"},
	"opus": {"audio/ogg"},
	"wav":  {"audio/wav"},
	"flac": {"audio/flac"},
	"weba": {"audio/webm"},
	"mid":  {"audio/midi"},
	"midi": {"audio/midi"},
	"mp4":  {"video/mp4"},
	"m4v":  {"video/mp4"},
	"mov":  {"video/quicktime"},
	"webm": {"video/webm"},
	"ogv":  {"video/ogg"},
	"mkv":  {"video/matroska"},
	"avi":  {"video/x-msvideo"},
	"mpeg": {"video/mpeg"},
	"mpg":  {"video/mpeg"},
	"m3u8": {"application/vnd.apple.mpegurl"},
	"mpd":  {"application/dash+xml"},
	"m4s":  {"video/iso.segment"},

	// Fonts.
	"woff":  {"font/woff"},
	"woff2": {"font/woff2"},
	"ttf":   {"font/ttf"},
	"otf":   {"font/otf"},
	"ttc":   {"font/collection"},
	"eot":   {"application/vnd.ms-fontobject"},

	// Documents.
	"pdf":  {"application/pdf"},
	"rtf":  {"application/rtf"},
	"epub": {"application/epub+zip"},
	"doc":  {"application/msword"},
	"docx": {"application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
	"xls":  {"application/vnd.ms-excel"},
	"xlsx": {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
	"ppt":  {"application/vnd.ms-powerpoint"},
	"pptx": {"application/vnd.openxmlformats-officedocument.presentationml.presentation"},
	"odt":  {"application/vnd.oasis.opendocument.text"},
	"ods":  {"application/vnd.oasis.opendocument.spreadsheet"},
	"odp":  {"application/vnd.oasis.opendocument.presentation"},

	// Archives and downloads.
	"zip":     {"application/zip"},
	"gz":      {"application/gzip"},
	"tgz":     {"application/gzip"},
	"zst":     {"application/zstd"},
	"br":      {"application/octet-stream"},
	"bz2":     {"application/x-bzip2"},
	"xz":      {"application/x-xz"},
	"7z":      {"application/x-7z-compressed"},
	"rar":     {"application/vnd.rar"},
	"tar":     {"application/x-tar"},
	"jar":     {"application/java-archive"},
	"apk":     {"application/vnd.android.package-archive"},
	"dmg":     {"application/x-apple-diskimage"},
	"iso":     {"application/octet-stream"},
	"exe":     {"application/octet-stream"},
	"msi":     {"application/octet-stream"},
	"deb":     {"application/vnd.debian.binary-package"},
	"rpm":     {"application/x-rpm"},
	"torrent": {"application/x-bittorrent"},

	// Data and 3D models.
	"sqlite":  {"application/vnd.sqlite3"},
	"db":      {"application/octet-stream"},
	"parquet": {"application/vnd.apache.parquet"},
	"gltf":    {"model/gltf+json"},
	"glb":     {"model/gltf-binary"},
	"obj":     {"model/obj"},
	"stl":     {"model/stl"},
	"usdz":    {"model/vnd.usdz+zip"},
}

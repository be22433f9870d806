// Package examples holds small real apps. The guestbook is also a template of `fazt app create`.
package examples

import "embed"

// Guestbook is the example's folder.
//
//go:embed guestbook
var Guestbook embed.FS

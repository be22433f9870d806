// Package examples holds small real apps. The guestbook is a template of `fazt app create` too.
package examples

import "embed"

// Guestbook is the folder of the example.
//
//go:embed guestbook
var Guestbook embed.FS

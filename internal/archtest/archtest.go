// Package archtest holds the rules of docs/ARCHITECTURE.md as tests: which package may import which, who owns which
// library, and what every package must have.
package archtest

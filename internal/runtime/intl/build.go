package intl

// A compiler that does not know this constant is missing the files en_*.go, which `make web` makes.
const _ = zoneNames

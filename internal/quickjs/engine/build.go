package engine

// A compiler that complains about this constant is missing engine.go, which `make web` makes.
const _ = runMakeWebFirst

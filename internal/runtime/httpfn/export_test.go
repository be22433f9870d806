package httpfn

const (
	AtHand   = atHand
	InMemory = inMemory
)

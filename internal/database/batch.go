package database

// OneOf is the right side of IN for the ids that InBatches passes, as the arguments ?1 to ?16: lists of any length need
// only one statement text, which both SQLite and PostgreSQL accept.
const OneOf = "(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)"

const batchIDs = 16

// InBatches calls fn with batches of ids, as the arguments of OneOf. The last id is repeated to fill up the last batch;
// IN counts it once.
func InBatches(ids []string, fn func(args []any) error) error {
	for len(ids) > 0 {
		args := make([]any, batchIDs)
		for i := range args {
			args[i] = ids[min(i, len(ids)-1)]
		}
		if err := fn(args); err != nil {
			return err
		}
		ids = ids[min(batchIDs, len(ids)):]
	}
	return nil
}

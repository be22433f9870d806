package intl

import (
	"slices"
	"sync"
)

// defaultZone is the time zone of the machine; it does not change while the program runs.
var defaultZone = sync.OnceValue(localTimeZone) //nolint:gochecknoglobals // a memo of a fact about the machine

// Fields of a date and of a time. When options have none, those with a default are shown.
var (
	dateFields    = []string{"weekday", "year", "month", "day"}
	timeFields    = []string{"dayPeriod", "hour", "minute", "second", "fractionalSecondDigits"}
	dateByDefault = []string{"year", "month", "day"}
	timeByDefault = []string{"hour", "minute", "second"}
	styles        = []string{"dateStyle", "timeStyle"}
)

// dateDefaults completes options as the standard does for a method (ToDateTimeOptions).
func dateDefaults(method string, o options) error {
	switch method {
	case "toLocaleDateString":
		if o.has("timeStyle") {
			return typeError("Invalid option : timeStyle")
		}
		o.setDefaults(dateFields, dateByDefault)
	case "toLocaleTimeString":
		if o.has("dateStyle") {
			return typeError("Invalid option : dateStyle")
		}
		o.setDefaults(timeFields, timeByDefault)
	case "toLocaleString":
		o.setDefaults(slices.Concat(dateFields, timeFields), slices.Concat(dateByDefault, timeByDefault))
	}
	o.setDefaults(slices.Concat(dateFields, timeFields), dateByDefault)
	return nil
}

// setDefaults shows the fields of defaults if options have none of fields, and no style.
func (o options) setDefaults(fields, defaults []string) {
	if slices.ContainsFunc(slices.Concat(fields, styles), o.has) {
		return
	}
	for _, field := range defaults {
		o[field] = "numeric"
	}
}

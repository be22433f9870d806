// Package activity is the activity log: who did what on the instance.
package activity

import (
	"encoding/json"
	"strings"
	"time"

	"fazt/internal/limitio"
)

// Weight is the importance of an entry: the least important are removed first when the log is full.
type Weight uint8

// The weights.
const (
	Debug Weight = iota
	System
	Analytics
	Navigation
	UserAction
	Data
	Deployment
	Configuration
	Authentication
	Security
)

// MostWeight is the highest weight.
const MostWeight = Security

func (w Weight) String() string {
	if w > MostWeight {
		return "unknown"
	}
	return [...]string{"debug", "system", "analytics", "navigation", "user action", "data", "deployment", "config", "auth", "security"}[w]
}

// Actor is who did something.
type Actor struct {
	Kind    string `json:"kind"` // owner, user, key, system, anonymous
	ID      string `json:"id"`
	Name    string `json:"name"`
	Address string `json:"address"` // "" = this machine
	Agent   string `json:"agent"`   // the client's own name for its program; untrusted
}

// The kinds of actor.
const (
	Owner     = "owner"
	User      = "user"
	Key       = "key"
	ItSelf    = "system"
	Anonymous = "anonymous"
)

// Result is the outcome of an action.
type Result string

// The results.
const (
	OK     Result = "ok"
	Denied Result = "denied"
	Failed Result = "failed"
)

// Entry is one event. It never contains a secret: callers leave out values of variables, tokens, passwords and the
// values in SQL.
type Entry struct {
	ID           int64           `json:"id"` // set by Record: microseconds since 1970, made unique; sorts by time
	Time         time.Time       `json:"time"`
	Weight       Weight          `json:"weight"`
	Action       string          `json:"action"` // noun.verb, such as app.remove
	Result       Result          `json:"result"`
	Code         string          `json:"code"` // of the error; "" on success
	Actor        Actor           `json:"actor"`
	ResourceType string          `json:"resource_type"`
	Resource     string          `json:"resource"` // its name or ID
	AppID        string          `json:"app_id"`   // "" = not about an app
	Details      json.RawMessage `json:"details"`  // an object, or null
}

const (
	longestText   = 200  // bytes of a name, an address, a resource
	mostDetails   = 4096 // bytes of all details
	longestDetail = 500  // bytes of one text in them
)

// Details encodes facts for an entry. Long texts are cut, and what does not fit is left out.
func Details(facts map[string]any) json.RawMessage {
	if len(facts) == 0 {
		return nil
	}
	short := make(map[string]any, len(facts))
	for name, v := range facts {
		if text, ok := v.(string); ok {
			v = cut(text, longestDetail)
		}
		short[name] = v
	}
	data, err := json.Marshal(short)
	if err != nil || len(data) > mostDetails {
		for name, v := range short { // keep the short facts
			if one, err := json.Marshal(v); err != nil || len(one) > longestDetail {
				short[name] = "(too long)"
			}
		}
		if data, err = json.Marshal(short); err != nil || len(data) > mostDetails {
			return json.RawMessage(`{"left_out":"too long"}`)
		}
	}
	return data
}

// bound makes an entry fit its limits, whatever its parts are.
func (e *Entry) bound() {
	e.Weight = min(e.Weight, MostWeight)
	for _, text := range []*string{&e.Action, &e.Code, &e.Actor.ID, &e.Actor.Name, &e.Actor.Address, &e.Actor.Agent, &e.ResourceType, &e.Resource, &e.AppID} {
		*text = cut(*text, longestText)
	}
	if len(e.Details) > mostDetails {
		e.Details = json.RawMessage(`{"left_out":"too long"}`)
	}
	switch e.Actor.Kind {
	case Owner, User, Key, ItSelf:
	default:
		e.Actor.Kind = Anonymous
	}
	switch e.Result {
	case OK, Denied:
	default:
		e.Result = Failed
	}
}

// cut shortens a text to a number of bytes and makes it valid UTF-8.
func cut(text string, limit int) string {
	if len(text) > limit {
		text = limitio.Cut(text, limit-len("…")) + "…"
	}
	return strings.ToValidUTF8(text, "\uFFFD")
}

// timeOf returns when an entry was recorded.
func timeOf(id int64) time.Time { return time.UnixMicro(id).UTC().Truncate(time.Millisecond) }

package op

import "time"

// EnvValues sets variables of an app.
type EnvValues struct {
	App    string            `path:"app" desc:"name or id of the app" example:"blog"`
	Values map[string]string `json:"values"`
}

// EnvNames removes variables of an app.
type EnvNames struct {
	App   string   `path:"app" desc:"name or id of the app" example:"blog"`
	Names []string `query:"name" desc:"name of the variable" example:"API_KEY"`
}

// EnvVariable is a variable without its value.
type EnvVariable struct {
	Name      string    `json:"name"`
	Length    int       `json:"length"` // of the value, in bytes
	UpdatedAt time.Time `json:"updated_at"`
}

package hosting

// ManifestFile is the file of an app that holds its Manifest.
const ManifestFile = "fazt.json"

// Manifest is what an app says of itself in fazt.json.
type Manifest struct {
	Schema string `json:"$schema,omitempty" label:"Schema" desc:"Where the JSON Schema of this file lies, for editors"`
	Name   string `json:"name,omitempty" label:"Name" desc:"The label the app is deployed under when the command names none" range:"1,63" pattern:"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$"`
	Title  string `json:"title,omitempty" label:"Title" desc:"The app's name for people" range:",200"`
	SPA    *bool  `json:"spa,omitempty" label:"Single-page app" desc:"Paths that match no file and have no extension are answered with index.html"`
}

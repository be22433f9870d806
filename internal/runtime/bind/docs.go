package bind

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// handlers are the types of what a function exports. They name only what every editor knows of the web.
const handlers = `/** The default export of a function in the style of the web: an object like this, or its fetch alone. */
interface FaztHandler<Env = Record<string, string>> {
	/** Answer a request. env is the app's environment. */
	fetch(request: Request, env: Env, ctx: FaztContext): Response | Promise<Response>;
}

interface FaztContext {
	/** Let the promise settle after the answer has gone out, within the time limit of the request. */
	waitUntil(promise: Promise<unknown>): void;
	passThroughOnException(): void;
}

`

// TypeScript is the declaration of the fazt object, for editors.
func TypeScript(namespaces []Namespace) []byte {
	var b bytes.Buffer
	b.WriteString("// The functions Fazt gives to the functions of apps. Generated; `make golden` writes it anew.\n\n")
	b.WriteString("declare const fazt: Fazt;\n\n/** Present in scripts, which run anew for every request. */\ndeclare const request: FaztRequest;\ndeclare function respond(status?: number): FaztResponse;\ndeclare function respond(body: unknown): FaztResponse;\ndeclare function respond(status: number, body: unknown, headers?: Record<string, string | string[]>): FaztResponse;\n\n")
	b.WriteString("interface FaztResponse {\n\tstatus?: number;\n\tbody?: unknown;\n\theaders?: Record<string, string | string[]>;\n}\n\n")
	b.WriteString("interface FaztRequest {\n\tmethod: string;\n\tpath: string;\n\turl: string;\n\tquery: Record<string, string>;\n\t/** Names in lower case. */\n\theaders: Record<string, string>;\n\t/** Parsed when it is JSON or a form, else text; null when there is none. */\n\tbody: any;\n\ttext: string;\n\tip: string;\n\tid: string;\n\tparams: Record<string, string>;\n}\n\n")
	b.WriteString(handlers)
	for _, n := range namespaces {
		fmt.Fprintf(&b, "/** %s */\ninterface %s {\n", n.Doc, interfaceName(n.Path))
		for _, f := range n.Members {
			writeMember(&b, f)
		}
		for _, child := range children(n.Path, namespaces) {
			fmt.Fprintf(&b, "\treadonly %s: %s;\n", child[strings.LastIndex(child, ".")+1:], interfaceName(child))
		}
		b.WriteString("}\n\n")
	}
	return append(bytes.TrimRight(b.Bytes(), "\n"), '\n')
}

func writeMember(b *bytes.Buffer, f Func) {
	fmt.Fprintf(b, "\t/**\n\t * %s\n", f.Doc)
	for _, p := range f.Params {
		if p.Doc != "" {
			fmt.Fprintf(b, "\t * @param %s %s\n", p.Name, p.Doc)
		}
	}
	b.WriteString("\t */\n")
	if f.Constant {
		fmt.Fprintf(b, "\treadonly %s: %s;\n", f.Name, f.Result)
		return
	}
	fmt.Fprintf(b, "\t%s;\n", f.signature())
}

// signature is a function as TypeScript declares it.
func (f Func) signature() string {
	if f.script != "" {
		return f.script
	}
	var params []string
	for _, p := range f.Params {
		name := p.Name
		if p.Optional {
			name += "?"
		}
		params = append(params, name+": "+p.Type)
	}
	return fmt.Sprintf("%s(%s): %s", f.Name, strings.Join(params, ", "), f.Result)
}

// interfaceName of fazt.app.kv is FaztAppKv.
func interfaceName(path string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(path, ".") {
		b.WriteString(strings.ToUpper(part[:1]) + part[1:])
	}
	return b.String()
}

// children are the namespaces directly below path.
func children(path string, namespaces []Namespace) []string {
	var list []string
	for _, n := range namespaces {
		if rest, ok := strings.CutPrefix(n.Path, path+"."); ok && !strings.Contains(rest, ".") {
			list = append(list, n.Path)
		}
	}
	slices.Sort(list)
	return list
}

// Markdown is the reference of the fazt object.
func Markdown(namespaces []Namespace) []byte {
	var b bytes.Buffer
	b.WriteString("# The fazt object\n\nWhat functions of apps can call. Generated from the declarations; `make golden` writes it anew.\n\nA failure is an `Error` with `code` and `retryable`.\n")
	for _, n := range namespaces {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n", n.Path, n.Doc)
		for _, f := range n.Members {
			if f.Constant {
				fmt.Fprintf(&b, "\n### `%s.%s: %s`\n\n%s\n", n.Path, f.Name, f.Result, f.Doc)
				continue
			}
			fmt.Fprintf(&b, "\n### `%s.%s`\n\n%s\n", n.Path, f.signature(), f.Doc)
			for i, p := range f.Params {
				if i == 0 {
					b.WriteByte('\n')
				}
				fmt.Fprintf(&b, "- `%s`: %s\n", p.Name, p.Doc)
			}
		}
	}
	return b.Bytes()
}

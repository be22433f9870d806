package bind

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// styles are the types of what functions are and get, in both styles. They name only what every editor knows of the web.
const styles = `/** Present in scripts, which run anew for every request. */
declare const request: FaztRequest;
/** Answer the request of a script. The last answer counts; a script without one answers with its last value. */
declare function respond(status?: number): FaztResponse;
declare function respond(body: unknown): FaztResponse;
declare function respond(status: number, body: unknown, headers?: Record<string, string | string[]>): FaztResponse;
/** A file of the app, a package of node_modules, a standard module, or a module of Node.js that there is. */
declare function require(module: string): any;

interface FaztResponse {
	/** 200 to 599; 200 when absent. */
	status?: number;
	/** Text, bytes, or what JSON can say. */
	body?: unknown;
	headers?: Record<string, string | string[]>;
}

interface FaztRequest {
	method: string;
	path: string;
	url: string;
	query: Record<string, string>;
	/** Names in lower case. */
	headers: Record<string, string>;
	/** Parsed when it is JSON or a form, else text; null when there is none. */
	body: any;
	/** The files of a form, by the name of their field. */
	files: Record<string, FaztFile>;
	text: string;
	ip: string;
	id: string;
	params: Record<string, string>;
}

interface FaztFile {
	name: string;
	type: string;
	/** In bytes. */
	size: number;
	data: Uint8Array;
}

/** The default export of a function in the style of the web: an object like this, or its fetch alone. */
interface FaztHandler<Env = Record<string, string>> {
	/** Answer a request. env is the app's environment. */
	fetch(request: Request, env: Env, ctx: FaztContext): Response | Promise<Response>;
}

interface FaztContext {
	/** Let the promise settle after the answer has gone out, within the time limit of the request. */
	waitUntil(promise: Promise<unknown>): void;
	passThroughOnException(): void;
}

/** What requests to other servers can be given beyond what the web knows. */
interface FaztCredentials {
	/** The name of a secret: its value is put into the request, and the function never sees it. */
	auth?: string;
	/** Milliseconds the call may take, its body included. */
	timeout?: number;
}
interface RequestInit extends FaztCredentials {}

interface FaztNetOptions extends FaztCredentials {
	/** GET when absent. */
	method?: string;
	headers?: HeadersInit;
	/** Text, bytes or a form; a plain object or an array goes out as JSON. */
	body?: BodyInit | object | null;
	/** What becomes of a redirect: it is followed when absent. */
	redirect?: "follow" | "manual" | "error";
	/** no-store leaves the cache alone, reload asks the other server in any case. */
	cache?: "default" | "no-store" | "reload" | boolean;
}

/** An answer that is here whole. */
interface FaztReply {
	readonly status: number;
	readonly statusText: string;
	/** 200 to 299. */
	readonly ok: boolean;
	/** Names in lower case. */
	readonly headers: Record<string, string>;
	/** Where the answer came from in the end. */
	readonly url: string;
	readonly redirected: boolean;
	/** Whether the answer was kept from an earlier call. */
	readonly cached: boolean;
	text(): string;
	json(): any;
	bytes(): Uint8Array;
	arrayBuffer(): ArrayBuffer;
}

/** What a call throws, or is rejected with. */
interface FaztNetError extends Error {
	code: "NET_BLOCKED" | "NET_TIMEOUT" | "NET_LIMIT" | "NET_BUDGET" | "NET_SIZE" | "NET_AUTH" | "NET_RATE" | "NET_ERROR";
	/** Whether the same call may succeed later. */
	retryable: boolean;
	/** In seconds. */
	retryAfter?: number;
}

// Of the web, and not yet among what every editor knows.
interface URLPatternInit {
	protocol?: string;
	username?: string;
	password?: string;
	hostname?: string;
	port?: string;
	pathname?: string;
	search?: string;
	hash?: string;
	baseURL?: string;
}
interface URLPatternComponentResult {
	input: string;
	groups: Record<string, string | undefined>;
}
interface URLPatternResult {
	inputs: (string | URLPatternInit)[];
	protocol: URLPatternComponentResult;
	username: URLPatternComponentResult;
	password: URLPatternComponentResult;
	hostname: URLPatternComponentResult;
	port: URLPatternComponentResult;
	pathname: URLPatternComponentResult;
	search: URLPatternComponentResult;
	hash: URLPatternComponentResult;
}
interface URLPattern {
	readonly protocol: string;
	readonly username: string;
	readonly password: string;
	readonly hostname: string;
	readonly port: string;
	readonly pathname: string;
	readonly search: string;
	readonly hash: string;
	readonly hasRegExpGroups: boolean;
	test(input?: string | URL | URLPatternInit, base?: string): boolean;
	exec(input?: string | URL | URLPatternInit, base?: string): URLPatternResult | null;
}
declare var URLPattern: {
	prototype: URLPattern;
	new (input: string | URL | URLPatternInit, base: string | URL, options?: { ignoreCase?: boolean }): URLPattern;
	new (input?: string | URL | URLPatternInit, options?: { ignoreCase?: boolean }): URLPattern;
};

`

// TypeScript is the declaration of the fazt object, for editors.
func TypeScript(namespaces []Namespace) []byte {
	var b bytes.Buffer
	b.WriteString("// The functions Fazt gives to the functions of apps. Generated; `make golden` writes it anew.\n\n")
	b.WriteString("declare const fazt: Fazt;\n\n")
	b.WriteString(styles)
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

// Modules are the modules that every function has without installing them.
type Modules struct {
	Node     []string // of Node.js, without "node:"
	Standard []string
}

// introduction is what a function is, for the reference. In place of the verbs come the modules of Node.js, and the others.
const introduction = `# Functions

What functions of apps are and can call. Generated from the declarations; ^make golden^ writes it anew.

The function of an app is ^api/main.ts^ (or ^main.tsx^, ^main.js^, ^main.mjs^). It answers the requests that ^routes^ in ^fazt.json^
names, ^/api/*^ where nothing else is said. It comes in one of two styles.

**A module** exports a handler, as for Cloudflare Workers, Deno and Bun. What is at module level stays as long as the machine
does, between requests of the same deployment; several machines may serve one deployment, each with its own.

^^^ts
export default {
  async fetch(request, env, ctx) {
    ctx.waitUntil(fazt.sleep(10));            // goes on after the answer
    return Response.json({ hello: env.NAME });
  },
};
^^^

**A script** has no export. It runs anew for every request, with nothing left of the one before, and answers with ^respond^ or
with its last value.

^^^js
const { name = "world" } = request.query;
respond({ hello: name });                     // or respond(201), respond(404, "no"), respond(200, body, headers)
^^^

Both have the web-standard API: ^Request^, ^Response^, ^Headers^, ^FormData^, ^Blob^, ^File^, ^URL^, ^URLSearchParams^,
^URLPattern^, streams, ^CompressionStream^ and ^DecompressionStream^, ^TextEncoder^ and ^TextDecoder^ and their streams,
^AbortController^, ^AbortSignal^, events, timers, ^structuredClone^, ^crypto^ with ^crypto.subtle^, ^performance^, ^console^,
^Intl^ for en-US.

## Modules

^import^ and ^require^ find files of the app and, bundled when the app is deployed, packages of ^node_modules^. Without
installing anything there are:

- of Node.js, with or without ^node:^ before the name: %s
- standard modules: %s

A package that needs another module of Node.js cannot be deployed; the error names the import and the file.
^AsyncLocalStorage^ follows promises, timers and async functions; ^node:crypto^ has what is about random bytes and hashes.

`

// Markdown is the reference of what functions can use.
func Markdown(namespaces []Namespace, modules Modules) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, strings.ReplaceAll(introduction, "^", "`"), quoted(modules.Node), quoted(modules.Standard))
	b.WriteString("## The fazt object\n\nA failure is an `Error` with `code` and `retryable`.\n")
	for _, n := range namespaces {
		fmt.Fprintf(&b, "\n### %s\n\n%s\n", n.Path, n.Doc)
		for _, f := range n.Members {
			if f.Constant {
				fmt.Fprintf(&b, "\n#### `%s.%s: %s`\n\n%s\n", n.Path, f.Name, f.Result, f.Doc)
				continue
			}
			fmt.Fprintf(&b, "\n#### `%s.%s`\n\n%s\n", n.Path, f.signature(), f.Doc)
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

func quoted(names []string) string { return "`" + strings.Join(names, "`, `") + "`" }

package bind

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// styles declares what functions export and receive, in both styles. It refers only to web types that every editor knows.
const styles = `/** The request being handled. Scripts only: a script runs from the top for every request. */
declare const request: FaztRequest;
/** Send the response of a script. The last call wins; without one, the script's last value is the response. */
declare function respond(status?: number): FaztResponse;
declare function respond(body: unknown): FaztResponse;
declare function respond(status: number, body: unknown, headers?: Record<string, string | string[]>): FaztResponse;
/** Load a file of the app, a package from node_modules, a standard module or a supported Node.js module. */
declare function require(module: string): any;

declare module "*.wasm" {
	const module: WebAssembly.Module;
	export default module;
}
declare module "*.wasm?module" {
	const module: WebAssembly.Module;
	export default module;
}

interface FaztResponse {
	/** 200 to 599; defaults to 200. */
	status?: number;
	/** Text, bytes, or a JSON value. */
	body?: unknown;
	headers?: Record<string, string | string[]>;
}

interface FaztRequest {
	method: string;
	path: string;
	url: string;
	query: Record<string, string>;
	/** Keys are lowercase. */
	headers: Record<string, string>;
	/** Parsed if it is JSON or a form, otherwise text; null if there is no body. */
	body: any;
	/** Uploaded form files by field name. */
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

/** The default export of a module: an object like this, or just its fetch function. */
interface FaztHandler<Env = Record<string, string>> {
	/** Handle a request. env holds the app's environment variables. */
	fetch(request: Request, env: Env, ctx: FaztContext): Response | Promise<Response>;
}

interface FaztContext {
	/** Keep the function running after the response is sent until the promise settles, within the request's time limit. */
	waitUntil(promise: Promise<unknown>): void;
	passThroughOnException(): void;
}

interface SubtleCrypto {
	/** Compare two values of the same length; how long that takes does not depend on where they differ. */
	timingSafeEqual(a: ArrayBuffer | ArrayBufferView, b: ArrayBuffer | ArrayBufferView): boolean;
}

interface Scheduler {
	wait(delay: number, options?: { signal?: AbortSignal }): Promise<void>;
}
declare var scheduler: Scheduler;
declare function setImmediate(fn: (...args: any[]) => void, ...args: any[]): any;
declare function clearImmediate(id: any): void;

/** Options for outbound requests beyond the web standard. */
interface FaztCredentials {
	/** Name of a secret. Its value is added to the request; the function never sees it. */
	auth?: string;
	/** Timeout in milliseconds, including reading the body. */
	timeout?: number;
}
interface RequestInit extends FaztCredentials {}

interface FaztNetOptions extends FaztCredentials {
	/** Defaults to GET. */
	method?: string;
	headers?: HeadersInit;
	/** Text, bytes or a form; plain objects and arrays are sent as JSON. */
	body?: BodyInit | object | null;
	/** How to handle redirects. Defaults to follow. */
	redirect?: "follow" | "manual" | "error";
	/** no-store bypasses the cache; reload always asks the other server and updates the cache. */
	cache?: "default" | "no-store" | "reload" | boolean;
}

/** A complete response. */
interface FaztReply {
	readonly status: number;
	readonly statusText: string;
	/** 200 to 299. */
	readonly ok: boolean;
	/** Keys are lowercase. */
	readonly headers: Record<string, string>;
	/** The final URL, after redirects. */
	readonly url: string;
	readonly redirected: boolean;
	/** Whether the response came from the cache. */
	readonly cached: boolean;
	text(): string;
	json(): any;
	bytes(): Uint8Array;
	arrayBuffer(): ArrayBuffer;
}

/** The error a failed call throws or rejects with. */
interface FaztNetError extends Error {
	code: "NET_BLOCKED" | "NET_TIMEOUT" | "NET_LIMIT" | "NET_BUDGET" | "NET_SIZE" | "NET_AUTH" | "NET_RATE" | "NET_ERROR";
	/** Whether the same call may succeed later. */
	retryable: boolean;
	/** In seconds. */
	retryAfter?: number;
}

// A web standard that not every editor knows yet.
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

// TypeScript returns the declarations of the fazt object, for editors.
func TypeScript(namespaces []Namespace) []byte {
	var b bytes.Buffer
	b.WriteString("// The API that Fazt provides to the functions of apps. Generated; do not edit: run `make golden`.\n\n")
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

// signature returns the TypeScript declaration of a function.
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

// interfaceName returns the interface name for a path: FaztAppKv for fazt.app.kv.
func interfaceName(path string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(path, ".") {
		b.WriteString(strings.ToUpper(part[:1]) + part[1:])
	}
	return b.String()
}

// children returns the namespaces directly below path.
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

// Modules lists the modules that functions can import without installing them.
type Modules struct {
	Node     []string // without "node:"
	Standard []string
}

// introduction opens the reference. Its verbs are filled with the Node.js modules and the standard modules.
const introduction = `# Functions

What the functions of apps are, and what they can call. Generated from the declarations; run ^make golden^ to update it.

An app's function is ^api/main.ts^ (or ^main.tsx^, ^main.js^, ^main.mjs^). It handles the paths listed in ^routes^ in ^fazt.json^,
by default ^/api/*^. There are two styles.

**A module** exports a handler, as in Cloudflare Workers, Deno and Bun. Module-level state lives as long as the virtual machine (VM)
and is shared by its requests. Several VMs may serve one deployment, each with its own state.

^^^ts
export default {
  async fetch(request, env, ctx) {
    ctx.waitUntil(fazt.sleep(10));            // continues after the response
    return Response.json({ hello: env.NAME });
  },
};
^^^

**A script** has no exports. It runs from the top for every request, with nothing left over from earlier ones, and responds with
^respond^ or with its last value.

^^^js
const { name = "world" } = request.query;
respond({ hello: name });                     // or respond(201), respond(404, "no"), respond(200, body, headers)
^^^

Both have the web-standard API: ^Request^, ^Response^, ^Headers^, ^FormData^, ^Blob^, ^File^, ^URL^, ^URLSearchParams^,
^URLPattern^, streams, ^CompressionStream^ and ^DecompressionStream^, ^TextEncoder^ and ^TextDecoder^ and their streams,
^AbortController^, ^AbortSignal^, events, timers with ^setImmediate^ and ^scheduler^, ^MessageChannel^, ^WebAssembly^, ^caches^, ^structuredClone^,
^crypto^ with ^crypto.subtle^ and its ^timingSafeEqual^, ^performance^ with marks and measures (the newest 1000 are kept), ^console^,
^Intl^ ([languages](../guide/functions.md#languages)). ^fetch^ also reads ^data:^ URLs and URLs of ^URL.createObjectURL^. Ports, a
^BroadcastChannel^ and object URLs reach only code in the same VM, and a message must arrive before the request ends. ^RegExp.$1^ and
its like exist in functions whose code names one of them. A ^WebSocket^ to another server fails to connect.

## Modules

^import^ and ^require^ load files of the app and packages from ^node_modules^; both are bundled when you deploy. These
modules are available without installing anything:

- Node.js modules, with or without the ^node:^ prefix: %s
- standard modules: %s

Other Node.js modules can be imported but not used: calling anything of one throws an error that names it and the file.
Packages are resolved as for Cloudflare Workers: the conditions ^workerd^, ^worker^, ^browser^, ^module^, and the ^browser^ field.
^AsyncLocalStorage^ follows promises, timers and async functions. ^node:crypto^ has random bytes, hashes, HMAC, PBKDF2, HKDF, scrypt,
AES ciphers, signatures and key objects; hashes of passwords are in ^fazt.password^, beside the function; ^node:http^ and ^node:https^ are clients on ^fetch^; ^node:fs^ reads the text files below
^private/^; ^cloudflare:workers^ has ^env^.

`

// Markdown returns the reference of what functions can use.
func Markdown(namespaces []Namespace, modules Modules) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, strings.ReplaceAll(introduction, "^", "`"), quoted(modules.Node), quoted(modules.Standard))
	b.WriteString("## The fazt object\n\nCalls that fail throw an `Error` with `code` and `retryable`.\n")
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

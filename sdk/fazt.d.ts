// The API that Fazt provides to the functions of apps. Generated; do not edit: run `make golden`.

declare const fazt: Fazt;

/** The request being handled. Scripts only: a script runs from the top for every request. */
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

/** What the instance provides to functions. */
interface Fazt {
	/**
	 * The instance's version.
	 */
	readonly version: string;
	/**
	 * Waits without blocking other requests.
	 * @param ms milliseconds
	 */
	sleep(ms: number): Promise<void>;
	readonly app: FaztApp;
	readonly env: FaztEnv;
	readonly log: FaztLog;
	readonly net: FaztNet;
	readonly password: FaztPassword;
	readonly private: FaztPrivate;
}

/** The app the function belongs to. */
interface FaztApp {
	/**
	 * The app's id, such as app_01jd….
	 */
	readonly id: string;
	/**
	 * The app's name: the host label it was deployed under.
	 */
	readonly name: string;
	readonly kv: FaztAppKv;
}

/** The app's environment variables. A change is visible from the next request on. */
interface FaztEnv {
	/**
	 * Returns the variable, or otherwise if it is not set.
	 */
	get(name: string, otherwise?: string): string | undefined;
	/**
	 * Returns whether the variable is set.
	 */
	has(name: string): boolean;
}

/** Writes to the app's log, as console does. */
interface FaztLog {
	/**
	 * Writes a line at this level.
	 */
	debug(...values: unknown[]): void;
	/**
	 * Writes a line at this level.
	 */
	info(...values: unknown[]): void;
	/**
	 * Writes a line at this level.
	 */
	warn(...values: unknown[]): void;
	/**
	 * Writes a line at this level.
	 */
	error(...values: unknown[]): void;
}

/** Requests to other servers, limited to the domains allowed with `fazt net allow`. The same limits apply to fetch. */
interface FaztNet {
	/**
	 * Sends a request. The reply can be used right away: reading it blocks until it has arrived. With await or Promise.all, several calls run concurrently. A failed call throws a FaztNetError when it is awaited or its reply is read.
	 */
	fetch(url: string | URL, options?: FaztNetOptions): FaztReply & PromiseLike<FaztReply>;
}

/** Files in the private/ folder of the running deployment. Only signed-in visitors who may read the app can open them at /private/. */
interface FaztPrivate {
	/**
	 * Returns a file's text, or undefined if it does not exist.
	 * @param path relative to private/, such as data/prices.json
	 */
	read(path: string): string | undefined;
	/**
	 * Returns a file's JSON value, or undefined if it does not exist.
	 * @param path relative to private/, such as data/prices.json
	 */
	readJSON(path: string): any;
	/**
	 * Returns whether a file exists.
	 * @param path relative to private/, such as data/prices.json
	 */
	exists(path: string): boolean;
	/**
	 * Returns the paths of all files, relative to private/.
	 */
	list(): string[];
}

/** Hashes of passwords, computed by the instance: store the hash, never the password. */
interface FaztPassword {
	/**
	 * Returns a hash of a password, with the algorithm, its cost and a salt in it. Takes about a tenth of a second, in which the function can do other things.
	 * @param password up to 4096 bytes of UTF-8; with bcrypt, up to 72
	 * @param options algorithm: argon2id (default), scrypt or bcrypt
	 */
	hash(password: string, options?: { algorithm?: 'argon2id' | 'scrypt' | 'bcrypt' }): Promise<string>;
	/**
	 * Returns whether a password has this hash. A hash that cannot be read, or that asks for more memory or time than is allowed, is an error.
	 * @param password what a visitor entered
	 * @param hash what hash returned, or a hash of another program: $argon2id$, $argon2i$, $scrypt$, $2a$, $2b$ or $2y$
	 */
	verify(password: string, hash: string): Promise<boolean>;
}

/** JSON values by key. When set returns, the value survives a crash. */
interface FaztAppKv {
	/**
	 * Returns the value of a key, or undefined.
	 * @param key 1 to 512 bytes of UTF-8
	 */
	get(key: string): any;
	/**
	 * Sets the value of a key. Returns when the value is durable on disk.
	 * @param key 1 to 512 bytes of UTF-8
	 * @param value any JSON value
	 * @param options ttl: milliseconds until the value expires
	 */
	set(key: string, value: any, options?: { ttl?: number }): void;
	/**
	 * Removes a key. Returns whether it existed.
	 * @param key 1 to 512 bytes of UTF-8
	 */
	delete(key: string): boolean;
	/**
	 * Returns entries in key order. If there are more, cursor is set; pass it to continue.
	 * @param prefix only keys that start with this
	 * @param options limit: maximum number of entries, 1 to 1000, default 100; cursor: where to continue
	 */
	list(prefix?: string, options?: { limit?: number; cursor?: string }): { key: string; value: any; expiresAt?: number }[] & { cursor?: string };
}

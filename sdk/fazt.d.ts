// The functions Fazt gives to the functions of apps. Generated; `make golden` writes it anew.

declare const fazt: Fazt;

/** Present in scripts, which run anew for every request. */
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

/** What the instance gives to functions. */
interface Fazt {
	/**
	 * Version of the instance.
	 */
	readonly version: string;
	/**
	 * Wait without holding anybody up.
	 * @param ms milliseconds
	 */
	sleep(ms: number): Promise<void>;
	readonly app: FaztApp;
	readonly env: FaztEnv;
	readonly log: FaztLog;
	readonly net: FaztNet;
	readonly private: FaztPrivate;
}

/** The app the function belongs to. */
interface FaztApp {
	/**
	 * Id of the app, such as app_01jd….
	 */
	readonly id: string;
	/**
	 * Name of the app: the host label it was deployed under.
	 */
	readonly name: string;
	readonly kv: FaztAppKv;
}

/** The app's environment. A change reaches the next request. */
interface FaztEnv {
	/**
	 * The variable, or otherwise when it is not set.
	 */
	get(name: string, otherwise?: string): string | undefined;
	/**
	 * Whether the variable is set.
	 */
	has(name: string): boolean;
}

/** The app's log, as console writes it. */
interface FaztLog {
	/**
	 * Write a line at this level.
	 */
	debug(...values: unknown[]): void;
	/**
	 * Write a line at this level.
	 */
	info(...values: unknown[]): void;
	/**
	 * Write a line at this level.
	 */
	warn(...values: unknown[]): void;
	/**
	 * Write a line at this level.
	 */
	error(...values: unknown[]): void;
}

/** Requests to other servers, to the domains that were allowed with `fazt net allow`; fetch reaches the same. */
interface FaztNet {
	/**
	 * Send a request. What the answer holds can be used at once, and the function stands still until it is there; with await, or Promise.all, several calls run at the same time. It fails with a FaztNetError when it is awaited, or what it holds is used.
	 */
	fetch(url: string | URL, options?: FaztNetOptions): FaztReply & PromiseLike<FaztReply>;
}

/** The files of the folder private/, of the deployment that runs. Visitors see them at /private/ once they are signed in and may read the app, and never before. */
interface FaztPrivate {
	/**
	 * The text of a file; undefined when there is none.
	 * @param path below private/, such as data/prices.json
	 */
	read(path: string): string | undefined;
	/**
	 * The value that a file holds as JSON; undefined when there is no file.
	 * @param path below private/, such as data/prices.json
	 */
	readJSON(path: string): any;
	/**
	 * Whether there is such a file.
	 * @param path below private/, such as data/prices.json
	 */
	exists(path: string): boolean;
	/**
	 * The paths of all files, below private/ and without it.
	 */
	list(): string[];
}

/** JSON values under keys. A value that set has stored survives a crash. */
interface FaztAppKv {
	/**
	 * The value under a key; undefined when there is none.
	 * @param key 1 to 512 bytes of UTF-8
	 */
	get(key: string): any;
	/**
	 * Store a value under a key, in place of the one there. Returns when it is on the disk.
	 * @param key 1 to 512 bytes of UTF-8
	 * @param value anything that JSON can say
	 * @param options ttl: milliseconds after which the value is gone
	 */
	set(key: string, value: any, options?: { ttl?: number }): void;
	/**
	 * Remove a key. Returns whether it was there.
	 * @param key 1 to 512 bytes of UTF-8
	 */
	delete(key: string): boolean;
	/**
	 * Entries in the order of their keys. When there are more, cursor says where to go on.
	 * @param prefix keys that begin with exactly this
	 * @param options limit: at most so many, 1 to 1000, 100 when absent; cursor: where to go on
	 */
	list(prefix?: string, options?: { limit?: number; cursor?: string }): { key: string; value: any; expiresAt?: number }[] & { cursor?: string };
}

// The Node.js modules that come with Fazt, for functions. What a module has beyond what is described here is any.
// `fazt types` writes this file, unless the project has @types/node. Do not edit it.

type BufferEncoding = "utf8" | "utf-8" | "ascii" | "latin1" | "binary" | "base64" | "base64url" | "hex" | "utf16le" | "utf-16le" | "ucs2" | "ucs-2";

interface Buffer extends Uint8Array<ArrayBuffer> {
	toString(encoding?: BufferEncoding, start?: number, end?: number): string;
	toJSON(): { type: "Buffer"; data: number[] };
	equals(other: Uint8Array): boolean;
	compare(other: Uint8Array, start?: number, end?: number, from?: number, to?: number): -1 | 0 | 1;
	copy(to: Uint8Array, at?: number, from?: number, end?: number): number;
	write(text: string, encoding?: BufferEncoding): number;
	write(text: string, offset: number, encoding?: BufferEncoding): number;
	write(text: string, offset: number, length: number, encoding?: BufferEncoding): number;
	slice(start?: number, end?: number): Buffer;
	subarray(start?: number, end?: number): Buffer;
	includes(value: string | number | Uint8Array, from?: number, encoding?: BufferEncoding): boolean;
	indexOf(value: string | number | Uint8Array, from?: number, encoding?: BufferEncoding): number;
	lastIndexOf(value: string | number | Uint8Array, from?: number, encoding?: BufferEncoding): number;
	fill(value: string | number | Uint8Array, start?: number, end?: number, encoding?: BufferEncoding): this;
	swap16(): this;
	swap32(): this;
	swap64(): this;
	readUInt8(at?: number): number;
	readUInt16LE(at?: number): number;
	readUInt16BE(at?: number): number;
	readUInt32LE(at?: number): number;
	readUInt32BE(at?: number): number;
	readInt8(at?: number): number;
	readInt16LE(at?: number): number;
	readInt16BE(at?: number): number;
	readInt32LE(at?: number): number;
	readInt32BE(at?: number): number;
	readBigUInt64LE(at?: number): bigint;
	readBigUInt64BE(at?: number): bigint;
	readBigInt64LE(at?: number): bigint;
	readBigInt64BE(at?: number): bigint;
	readFloatLE(at?: number): number;
	readFloatBE(at?: number): number;
	readDoubleLE(at?: number): number;
	readDoubleBE(at?: number): number;
	writeUInt8(value: number, at?: number): number;
	writeUInt16LE(value: number, at?: number): number;
	writeUInt16BE(value: number, at?: number): number;
	writeUInt32LE(value: number, at?: number): number;
	writeUInt32BE(value: number, at?: number): number;
	writeInt8(value: number, at?: number): number;
	writeInt16LE(value: number, at?: number): number;
	writeInt16BE(value: number, at?: number): number;
	writeInt32LE(value: number, at?: number): number;
	writeInt32BE(value: number, at?: number): number;
	writeBigUInt64LE(value: bigint, at?: number): number;
	writeBigUInt64BE(value: bigint, at?: number): number;
	writeBigInt64LE(value: bigint, at?: number): number;
	writeBigInt64BE(value: bigint, at?: number): number;
	writeFloatLE(value: number, at?: number): number;
	writeFloatBE(value: number, at?: number): number;
	writeDoubleLE(value: number, at?: number): number;
	writeDoubleBE(value: number, at?: number): number;
}

interface BufferConstructor {
	from(text: string, encoding?: BufferEncoding): Buffer;
	from(data: ArrayBuffer | SharedArrayBuffer, offset?: number, length?: number): Buffer;
	from(data: Uint8Array | readonly number[]): Buffer;
	alloc(size: number, fill?: string | number | Uint8Array, encoding?: BufferEncoding): Buffer;
	allocUnsafe(size: number): Buffer;
	concat(list: readonly Uint8Array[], length?: number): Buffer;
	byteLength(value: string | ArrayBuffer | ArrayBufferView, encoding?: BufferEncoding): number;
	compare(a: Uint8Array, b: Uint8Array): -1 | 0 | 1;
	isBuffer(value: unknown): value is Buffer;
	isEncoding(name: string): name is BufferEncoding;
	readonly prototype: Buffer;
}

declare var Buffer: BufferConstructor;
declare var process: typeof import("node:process");


declare module "node:assert" {
	export class AssertionError extends Error { actual: unknown; expected: unknown; operator: string; generatedMessage: boolean; code: "ERR_ASSERTION"; constructor(options: { message?: string; actual?: unknown; expected?: unknown; operator?: string }); }
	export type Expected = RegExp | Error | (new (...args: any[]) => object) | ((thrown: any) => boolean) | object;
	export function ok(value: unknown, message?: string | Error): asserts value;
	export function fail(message?: string | Error): never;
	export function equal(actual: unknown, expected: unknown, message?: string | Error): void;
	export function notEqual(actual: unknown, expected: unknown, message?: string | Error): void;
	export function deepEqual(actual: unknown, expected: unknown, message?: string | Error): void;
	export function notDeepEqual(actual: unknown, expected: unknown, message?: string | Error): void;
	export function strictEqual<T>(actual: unknown, expected: T, message?: string | Error): asserts actual is T;
	export function notStrictEqual(actual: unknown, expected: unknown, message?: string | Error): void;
	export function deepStrictEqual<T>(actual: unknown, expected: T, message?: string | Error): asserts actual is T;
	export function notDeepStrictEqual(actual: unknown, expected: unknown, message?: string | Error): void;
	export function throws(fn: () => unknown, expected?: Expected | string, message?: string | Error): void;
	export function doesNotThrow(fn: () => unknown, message?: string | Error): void;
	export function rejects(fn: Promise<unknown> | (() => Promise<unknown>), expected?: Expected | string, message?: string | Error): Promise<void>;
	export function doesNotReject(fn: Promise<unknown> | (() => Promise<unknown>), message?: string | Error): Promise<void>;
	export function ifError(value: unknown): asserts value is null | undefined;
	export function match(value: string, pattern: RegExp, message?: string | Error): void;
	export function doesNotMatch(value: string, pattern: RegExp, message?: string | Error): void;
	export function strict(value: unknown, message?: string | Error): asserts value;
	const all: typeof ok & Omit<typeof import("node:assert"), "default">;
	export default all;
}

declare module "node:assert/strict" {
	export * from "node:assert";
	export { default } from "node:assert";
}

declare module "node:async_hooks" {
	export class AsyncLocalStorage<T> { getStore(): T | undefined; run<R, A extends any[]>(store: T, fn: (...args: A) => R, ...args: A): R; exit<R, A extends any[]>(fn: (...args: A) => R, ...args: A): R; enterWith(store: T): void; disable(): void; static bind<F extends (...args: any[]) => any>(fn: F): F; static snapshot(): <R, A extends any[]>(fn: (...args: A) => R, ...args: A) => R; }
	export class AsyncResource { constructor(type: string, options?: object); runInAsyncScope<R, A extends any[]>(fn: (...args: A) => R, self?: any, ...args: A): R; bind<F extends (...args: any[]) => any>(fn: F): F; asyncId(): number; triggerAsyncId(): number; emitDestroy(): this; static bind<F extends (...args: any[]) => any>(fn: F): F; }
	export function executionAsyncId(): number;
	export function triggerAsyncId(): number;
	export function executionAsyncResource(): object;
	export const createHook: any;
	const all: Omit<typeof import("node:async_hooks"), "default">;
	export default all;
}

declare module "node:buffer" {
	export { Buffer_ as Buffer, Blob_ as Blob, File_ as File, atob_ as atob, btoa_ as btoa };
	const Buffer_: BufferConstructor;
	const Blob_: typeof globalThis.Blob;
	const File_: typeof globalThis.File;
	const atob_: typeof globalThis.atob;
	const btoa_: typeof globalThis.btoa;
	export const INSPECT_MAX_BYTES: number;
	export const kMaxLength: number;
	export const kStringMaxLength: number;
	export function isUtf8(bytes: ArrayBuffer | ArrayBufferView): boolean;
	export function isAscii(bytes: ArrayBuffer | ArrayBufferView): boolean;
	export function transcode(bytes: Uint8Array, from: BufferEncoding, to: BufferEncoding): Buffer;
	export const constants: { MAX_LENGTH: number; MAX_STRING_LENGTH: number };
	export const SlowBuffer: any;
	const all: Omit<typeof import("node:buffer"), "default">;
	export default all;
}

declare module "node:crypto" {
	export type Bytes = string | ArrayBuffer | ArrayBufferView;
	export type Encoding = "base64" | "base64url" | "hex" | "latin1" | "binary" | "utf8" | "ascii" | "utf16le";
	export type Key = Bytes | KeyObject | { key: Bytes | KeyObject; format?: "pem" | "der" | "jwk"; type?: string; passphrase?: Bytes; padding?: number; saltLength?: number; dsaEncoding?: "der" | "ieee-p1363" };
	export class Hash { update(data: Bytes, encoding?: Encoding): this; digest(): Buffer; digest(encoding: Encoding): string; copy(): Hash; }
	export class Hmac { update(data: Bytes, encoding?: Encoding): this; digest(): Buffer; digest(encoding: Encoding): string; }
	export class Sign { update(data: Bytes, encoding?: Encoding): this; sign(key: Key): Buffer; sign(key: Key, encoding: Encoding): string; }
	export class Verify { update(data: Bytes, encoding?: Encoding): this; verify(key: Key, signature: Bytes, encoding?: Encoding): boolean; }
	export class Cipheriv { update(data: Bytes): Buffer; update(data: Bytes, from: Encoding | undefined): Buffer; update(data: Bytes, from: Encoding | undefined, to: Encoding): string; final(): Buffer; final(encoding: Encoding): string; setAutoPadding(on?: boolean): this; setAAD(data: ArrayBufferView, options?: object): this; getAuthTag(): Buffer; }
	export class Decipheriv { update(data: Bytes): Buffer; update(data: Bytes, from: Encoding | undefined): Buffer; update(data: Bytes, from: Encoding | undefined, to: Encoding): string; final(): Buffer; final(encoding: Encoding): string; setAutoPadding(on?: boolean): this; setAAD(data: ArrayBufferView, options?: object): this; setAuthTag(tag: ArrayBufferView): this; }
	export class KeyObject { readonly type: "secret" | "public" | "private"; readonly asymmetricKeyType?: string; readonly symmetricKeySize?: number; export(options?: { format?: "pem" | "der" | "jwk"; type?: string }): any; equals(other: KeyObject): boolean; }
	export function createHash(algorithm: string, options?: object): Hash;
	export function createHmac(algorithm: string, key: Bytes | KeyObject): Hmac;
	export function hash(algorithm: string, data: Bytes): string;
	export function hash(algorithm: string, data: Bytes, encoding: "buffer"): Buffer;
	export function hash(algorithm: string, data: Bytes, encoding: Encoding): string;
	export function getHashes(): string[];
	export function getCiphers(): string[];
	export function getCurves(): string[];
	export function createSecretKey(key: Bytes, encoding?: Encoding): KeyObject;
	export function createPrivateKey(key: Key | object): KeyObject;
	export function createPublicKey(key: Key | object): KeyObject;
	export function createSign(algorithm: string): Sign;
	export function createVerify(algorithm: string): Verify;
	export function sign(algorithm: string | null | undefined, data: Bytes, key: Key): Buffer;
	export function verify(algorithm: string | null | undefined, data: Bytes, key: Key, signature: Bytes): boolean;
	export function createCipheriv(algorithm: string, key: Bytes | KeyObject, iv: Bytes | null, options?: object): Cipheriv;
	export function createDecipheriv(algorithm: string, key: Bytes | KeyObject, iv: Bytes | null, options?: object): Decipheriv;
	export function randomBytes(size: number): Buffer;
	export function randomBytes(size: number, done: (error: Error | null, bytes: Buffer) => void): void;
	export function randomFillSync<T extends ArrayBufferView>(buffer: T, offset?: number, size?: number): T;
	export function randomInt(max: number): number;
	export function randomInt(min: number, max: number): number;
	export function randomUUID(options?: object): `${string}-${string}-${string}-${string}-${string}`;
	export function timingSafeEqual(a: ArrayBuffer | ArrayBufferView, b: ArrayBuffer | ArrayBufferView): boolean;
	export function pbkdf2(password: Bytes, salt: Bytes, iterations: number, length: number, digest: string, done: (error: Error | null, key: Buffer) => void): void;
	export function pbkdf2Sync(password: Bytes, salt: Bytes, iterations: number, length: number, digest: string): Buffer;
	export function hkdf(digest: string, key: Bytes | KeyObject, salt: Bytes, info: Bytes, length: number, done: (error: Error | null, key: ArrayBuffer) => void): void;
	export function hkdfSync(digest: string, key: Bytes | KeyObject, salt: Bytes, info: Bytes, length: number): ArrayBuffer;
	export function scrypt(password: Bytes, salt: Bytes, length: number, done: (error: Error | null, key: Buffer) => void): void;
	export function scrypt(password: Bytes, salt: Bytes, length: number, options: { N?: number; r?: number; p?: number; maxmem?: number }, done: (error: Error | null, key: Buffer) => void): void;
	export function scryptSync(password: Bytes, salt: Bytes, length: number, options?: { N?: number; r?: number; p?: number; maxmem?: number }): Buffer;
	export function getRandomValues<T extends ArrayBufferView>(array: T): T;
	export const webcrypto: Crypto;
	export const subtle: SubtleCrypto;
	export const constants: Record<string, number>;
	const all: Omit<typeof import("node:crypto"), "default">;
	export default all;
}

declare module "node:diagnostics_channel" {
	export class Channel { readonly name: string | symbol; readonly hasSubscribers: boolean; publish(message: unknown): void; subscribe(fn: (message: unknown, name: string | symbol) => void): void; unsubscribe(fn: (message: unknown, name: string | symbol) => void): boolean; }
	export function channel(name: string | symbol): Channel;
	export function hasSubscribers(name: string | symbol): boolean;
	export function subscribe(name: string | symbol, fn: (message: unknown, name: string | symbol) => void): void;
	export function unsubscribe(name: string | symbol, fn: (message: unknown, name: string | symbol) => void): boolean;
	export const tracingChannel: any;
	const all: Omit<typeof import("node:diagnostics_channel"), "default">;
	export default all;
}

declare module "node:events" {
	export type Listener = (...args: any[]) => void;
	export class EventEmitter {
		static once(emitter: EventEmitter | EventTarget, event: string | symbol, options?: { signal?: AbortSignal }): Promise<any[]>;
		static on(emitter: EventEmitter, event: string | symbol, options?: { signal?: AbortSignal }): AsyncIterableIterator<any[]>;
		static defaultMaxListeners: number;
		static EventEmitter: typeof EventEmitter;
		on(event: string | symbol, listener: Listener): this;
		once(event: string | symbol, listener: Listener): this;
		off(event: string | symbol, listener: Listener): this;
		addListener(event: string | symbol, listener: Listener): this;
		removeListener(event: string | symbol, listener: Listener): this;
		removeAllListeners(event?: string | symbol): this;
		prependListener(event: string | symbol, listener: Listener): this;
		prependOnceListener(event: string | symbol, listener: Listener): this;
		emit(event: string | symbol, ...args: any[]): boolean;
		eventNames(): (string | symbol)[];
		listeners(event: string | symbol): Listener[];
		rawListeners(event: string | symbol): Listener[];
		listenerCount(event: string | symbol): number;
		setMaxListeners(n: number): this;
		getMaxListeners(): number;
	}
	export function once(emitter: EventEmitter | EventTarget, event: string | symbol, options?: { signal?: AbortSignal }): Promise<any[]>;
	export function on(emitter: EventEmitter, event: string | symbol, options?: { signal?: AbortSignal }): AsyncIterableIterator<any[]>;
	export function listenerCount(emitter: EventEmitter, event: string | symbol): number;
	export function getEventListeners(emitter: EventEmitter | EventTarget, event: string | symbol): Function[];
	export const defaultMaxListeners: number;
	export const captureRejectionSymbol: unique symbol;
	export const errorMonitor: unique symbol;
	export const init: any;
	export default EventEmitter;
}

declare module "node:fs" {
	export type Encoding = "utf8" | "utf-8" | "ascii" | "latin1" | "base64" | "base64url" | "hex";
	export type Encoded = Encoding | { encoding: Encoding };
	export interface Stats { size: number; mtimeMs: number; mtime: Date; isFile(): boolean; isDirectory(): boolean; isSymbolicLink(): boolean; }
	export type Done<T> = (error: Error | null, value: T) => void;
	/** Read a file below private/. */
	export function readFileSync(path: string | URL, options: Encoded): string;
	export function readFileSync(path: string | URL, options?: { encoding?: null } | null): Buffer;
	export function existsSync(path: string | URL): boolean;
	export function readdirSync(path: string | URL): string[];
	export function statSync(path: string | URL): Stats;
	export function lstatSync(path: string | URL): Stats;
	export function accessSync(path: string | URL, mode?: number): void;
	export function realpathSync(path: string | URL): string;
	export function readFile(path: string | URL, options: Encoded, done: Done<string>): void;
	export function readFile(path: string | URL, done: Done<Buffer>): void;
	export function readdir(path: string | URL, done: Done<string[]>): void;
	export function stat(path: string | URL, done: Done<Stats>): void;
	export function createReadStream(path: string | URL, options?: object | string): import("node:stream").Readable;
	export const promises: typeof import("node:fs/promises");
	export const constants: Record<string, number>;
	export const writeFileSync: any;
	export const appendFileSync: any;
	export const mkdirSync: any;
	export const rmSync: any;
	export const unlinkSync: any;
	export const renameSync: any;
	export const copyFileSync: any;
	export const rmdirSync: any;
	export const chmodSync: any;
	export const utimesSync: any;
	export const mkdtempSync: any;
	export const openSync: any;
	export const symlinkSync: any;
	export const truncateSync: any;
	export const lstat: any;
	export const access: any;
	export const realpath: any;
	export const writeFile: any;
	export const appendFile: any;
	export const mkdir: any;
	export const rm: any;
	export const unlink: any;
	export const rename: any;
	export const copyFile: any;
	export const rmdir: any;
	export const chmod: any;
	export const utimes: any;
	export const mkdtemp: any;
	export const open: any;
	export const symlink: any;
	export const truncate: any;
	export const exists: any;
	export const createWriteStream: any;
	export const unwatchFile: any;
	export const watchFile: any;
	export const watch: any;
	export const F_OK: any;
	export const R_OK: any;
	export const W_OK: any;
	export const X_OK: any;
	export const O_RDONLY: any;
	export const O_WRONLY: any;
	export const O_RDWR: any;
	export const O_CREAT: any;
	export const O_EXCL: any;
	export const O_TRUNC: any;
	export const O_APPEND: any;
	export const COPYFILE_EXCL: any;
	const all: Omit<typeof import("node:fs"), "default">;
	export default all;
}

declare module "node:fs/promises" {
	export type Encoding = "utf8" | "utf-8" | "ascii" | "latin1" | "base64" | "base64url" | "hex";
	/** Read a file below private/. */
	export function readFile(path: string | URL, options: Encoding | { encoding: Encoding }): Promise<string>;
	export function readFile(path: string | URL, options?: { encoding?: null } | null): Promise<Buffer>;
	export function readdir(path: string | URL): Promise<string[]>;
	export function stat(path: string | URL): Promise<import("node:fs").Stats>;
	export function lstat(path: string | URL): Promise<import("node:fs").Stats>;
	export function access(path: string | URL, mode?: number): Promise<void>;
	export function realpath(path: string | URL): Promise<string>;
	export const constants: Record<string, number>;
	export const writeFile: any;
	export const appendFile: any;
	export const mkdir: any;
	export const rm: any;
	export const unlink: any;
	export const rename: any;
	export const copyFile: any;
	export const rmdir: any;
	export const chmod: any;
	export const utimes: any;
	export const mkdtemp: any;
	export const open: any;
	export const symlink: any;
	export const truncate: any;
	const all: Omit<typeof import("node:fs/promises"), "default">;
	export default all;
}

declare module "node:http" {
	import { Readable, Writable } from "node:stream";
	export interface RequestOptions { protocol?: string; hostname?: string; host?: string; port?: number | string; path?: string; method?: string; headers?: Record<string, string | string[] | number | undefined>; auth?: string; timeout?: number; signal?: AbortSignal; agent?: any; }
	export class IncomingMessage extends Readable { statusCode: number; statusMessage: string; headers: Record<string, string | string[] | undefined>; rawHeaders: string[]; }
	export class ClientRequest extends Writable { setHeader(name: string, value: string | string[] | number): this; getHeader(name: string): string | string[] | number | undefined; removeHeader(name: string): void; setTimeout(ms: number, fn?: () => void): this; abort(): void; on(event: "response", listener: (response: IncomingMessage) => void): this; on(event: string | symbol, listener: (...args: any[]) => void): this; }
	export class Agent { constructor(options?: object); destroy(): void; }
	/** Send a request through the app's gate, as fetch does. */
	export function request(url: string | URL | RequestOptions, done?: (response: IncomingMessage) => void): ClientRequest;
	export function request(url: string | URL, options: RequestOptions, done?: (response: IncomingMessage) => void): ClientRequest;
	export function get(url: string | URL | RequestOptions, done?: (response: IncomingMessage) => void): ClientRequest;
	export function get(url: string | URL, options: RequestOptions, done?: (response: IncomingMessage) => void): ClientRequest;
	export const globalAgent: Agent;
	export const METHODS: string[];
	export const STATUS_CODES: Record<number, string>;
	export const maxHeaderSize: number;
	export const OutgoingMessage: any;
	export const ServerResponse: any;
	export const Server: any;
	export const createServer: any;
	export const validateHeaderName: any;
	export const validateHeaderValue: any;
	const all: Omit<typeof import("node:http"), "default">;
	export default all;
}

declare module "node:https" {
	import { Readable, Writable } from "node:stream";
	export interface RequestOptions { protocol?: string; hostname?: string; host?: string; port?: number | string; path?: string; method?: string; headers?: Record<string, string | string[] | number | undefined>; auth?: string; timeout?: number; signal?: AbortSignal; agent?: any; }
	export class IncomingMessage extends Readable { statusCode: number; statusMessage: string; headers: Record<string, string | string[] | undefined>; rawHeaders: string[]; }
	export class ClientRequest extends Writable { setHeader(name: string, value: string | string[] | number): this; getHeader(name: string): string | string[] | number | undefined; removeHeader(name: string): void; setTimeout(ms: number, fn?: () => void): this; abort(): void; on(event: "response", listener: (response: IncomingMessage) => void): this; on(event: string | symbol, listener: (...args: any[]) => void): this; }
	export class Agent { constructor(options?: object); destroy(): void; }
	/** Send a request through the app's gate, as fetch does. */
	export function request(url: string | URL | RequestOptions, done?: (response: IncomingMessage) => void): ClientRequest;
	export function request(url: string | URL, options: RequestOptions, done?: (response: IncomingMessage) => void): ClientRequest;
	export function get(url: string | URL | RequestOptions, done?: (response: IncomingMessage) => void): ClientRequest;
	export function get(url: string | URL, options: RequestOptions, done?: (response: IncomingMessage) => void): ClientRequest;
	export const globalAgent: Agent;
	export const METHODS: string[];
	export const STATUS_CODES: Record<number, string>;
	export const maxHeaderSize: number;
	export const OutgoingMessage: any;
	export const ServerResponse: any;
	export const Server: any;
	export const createServer: any;
	export const validateHeaderName: any;
	export const validateHeaderValue: any;
	const all: Omit<typeof import("node:https"), "default">;
	export default all;
}

declare module "node:module" {
	export function Module(...args: any[]): any;
	export function createRequire(path: string | URL): (module: string) => any;
	export function isBuiltin(name: string): boolean;
	export const builtinModules: string[];
	export const register: any;
	export const syncBuiltinESMExports: any;
	const all: typeof Module & Omit<typeof import("node:module"), "default">;
	export default all;
}

declare module "node:os" {
	export const EOL: string;
	export const devNull: string;
	export function arch(): string;
	export function platform(): string;
	export function type(): string;
	export function release(): string;
	export function version(): string;
	export function machine(): string;
	export function hostname(): string;
	export function homedir(): string;
	export function tmpdir(): string;
	export function endianness(): "LE" | "BE";
	export function uptime(): number;
	export function loadavg(): number[];
	export function totalmem(): number;
	export function freemem(): number;
	export function cpus(): { model: string; speed: number }[];
	export function availableParallelism(): number;
	export const networkInterfaces: any;
	export const userInfo: any;
	export const getPriority: any;
	export const setPriority: any;
	export const constants: any;
	const all: Omit<typeof import("node:os"), "default">;
	export default all;
}

declare module "node:path" {
	export interface ParsedPath { root: string; dir: string; base: string; ext: string; name: string; }
	export function resolve(...paths: string[]): string;
	export function normalize(path: string): string;
	export function isAbsolute(path: string): boolean;
	export function join(...paths: string[]): string;
	export function relative(from: string, to: string): string;
	export function dirname(path: string): string;
	export function basename(path: string, suffix?: string): string;
	export function extname(path: string): string;
	export function format(path: Partial<ParsedPath>): string;
	export function parse(path: string): ParsedPath;
	export const sep: string;
	export const delimiter: string;
	export const posix: typeof import("node:path/posix");
	export const _makeLong: any;
	export const win32: any;
	const all: Omit<typeof import("node:path"), "default">;
	export default all;
}

declare module "node:path/posix" {
	export interface ParsedPath { root: string; dir: string; base: string; ext: string; name: string; }
	export function resolve(...paths: string[]): string;
	export function normalize(path: string): string;
	export function isAbsolute(path: string): boolean;
	export function join(...paths: string[]): string;
	export function relative(from: string, to: string): string;
	export function dirname(path: string): string;
	export function basename(path: string, suffix?: string): string;
	export function extname(path: string): string;
	export function format(path: Partial<ParsedPath>): string;
	export function parse(path: string): ParsedPath;
	export const sep: string;
	export const delimiter: string;
	export const posix: typeof import("node:path/posix");
	export const _makeLong: any;
	export const win32: any;
	const all: Omit<typeof import("node:path/posix"), "default">;
	export default all;
}

declare module "node:perf_hooks" {
	export { performance_ as performance };
	const performance_: typeof globalThis.performance;
	export const Performance: any;
	export const PerformanceEntry: any;
	export const PerformanceMark: any;
	export const PerformanceMeasure: any;
	export const PerformanceObserver: any;
	export const monitorEventLoopDelay: any;
	export const constants: any;
	const all: Omit<typeof import("node:perf_hooks"), "default">;
	export default all;
}

declare module "node:process" {
	export const env: Record<string, string | undefined>;
	export const argv: string[];
	export const execArgv: string[];
	export const title: string;
	export const platform: string;
	export const version: string;
	export const versions: Record<string, string>;
	export const pid: number;
	export function cwd(): string;
	export function nextTick(fn: (...args: any[]) => void, ...args: any[]): void;
	export function getBuiltinModule(id: string): any;
	export const features: Record<string, unknown>;
	export function uptime(): number;
	export function hrtime(time?: [number, number]): [number, number];
	export function emitWarning(warning: string | Error): void;
	export const browser: any;
	export const on: any;
	export const once: any;
	export const off: any;
	export const removeListener: any;
	export const emit: any;
	export const listeners: any;
	const all: Omit<typeof import("node:process"), "default">;
	export default all;
}

declare module "node:punycode" {
	export const version: string;
	export const ucs2: { decode(text: string): number[]; encode(codes: number[]): string };
	export function decode(text: string): string;
	export function encode(text: string): string;
	export function toASCII(domain: string): string;
	export function toUnicode(domain: string): string;
	const all: Omit<typeof import("node:punycode"), "default">;
	export default all;
}

declare module "node:querystring" {
	export function parse(text: string, separator?: string, equals?: string): Record<string, string | string[] | undefined>;
	export function stringify(values: Record<string, any>, separator?: string, equals?: string): string;
	export function decode(text: string, separator?: string, equals?: string): Record<string, string | string[] | undefined>;
	export function encode(values: Record<string, any>, separator?: string, equals?: string): string;
	export function escape(text: string): string;
	export function unescape(text: string): string;
	const all: Omit<typeof import("node:querystring"), "default">;
	export default all;
}

declare module "node:stream" {
	import { EventEmitter } from "node:events";
	export type Done = (error?: Error | null) => void;
	export interface Options<S> { highWaterMark?: number; objectMode?: boolean; encoding?: string; signal?: AbortSignal; autoDestroy?: boolean; emitClose?: boolean; decodeStrings?: boolean; allowHalfOpen?: boolean; read?(this: S, size: number): void; write?(this: S, chunk: any, encoding: string, done: Done): void; final?(this: S, done: Done): void; transform?(this: S, chunk: any, encoding: string, done: (error?: Error | null, data?: any) => void): void; flush?(this: S, done: (error?: Error | null, data?: any) => void): void; destroy?(this: S, error: Error | null, done: Done): void; }
	export class Stream extends EventEmitter { pipe<T extends Writable>(to: T, options?: { end?: boolean }): T; }
	export class Readable extends Stream implements AsyncIterable<any> { constructor(options?: Options<Readable>); readonly readable: boolean; readonly destroyed: boolean; read(size?: number): any; push(chunk: any, encoding?: string): boolean; unshift(chunk: any): void; setEncoding(encoding: string): this; pause(): this; resume(): this; destroy(error?: Error): this; [Symbol.asyncIterator](): AsyncIterableIterator<any>; static from(source: Iterable<any> | AsyncIterable<any>, options?: Options<Readable>): Readable; static toWeb(stream: Readable): ReadableStream; static fromWeb(stream: ReadableStream): Readable; }
	export class Writable extends Stream { constructor(options?: Options<Writable>); readonly writable: boolean; readonly destroyed: boolean; write(chunk: any, encoding?: string, done?: Done): boolean; write(chunk: any, done?: Done): boolean; end(done?: () => void): this; end(chunk: any, done?: () => void): this; end(chunk: any, encoding: string, done?: () => void): this; cork(): void; uncork(): void; destroy(error?: Error): this; }
	export class Duplex extends Readable { constructor(options?: Options<Duplex>); readonly writable: boolean; write(chunk: any, encoding?: string, done?: Done): boolean; write(chunk: any, done?: Done): boolean; end(done?: () => void): this; end(chunk: any, done?: () => void): this; end(chunk: any, encoding: string, done?: () => void): this; cork(): void; uncork(): void; }
	export interface Duplex extends Writable {}
	export class Transform extends Duplex { constructor(options?: Options<Transform>); }
	export class PassThrough extends Transform {}
	export function pipeline(...streams: any[]): any;
	export function finished(stream: Stream, done: Done): () => void;
	export const promises: typeof import("node:stream/promises");
	export const isDestroyed: any;
	export const isDisturbed: any;
	export const isErrored: any;
	export const isReadable: any;
	export const isWritable: any;
	export const addAbortSignal: any;
	export const destroy: any;
	export const compose: any;
	export const setDefaultHighWaterMark: any;
	export const getDefaultHighWaterMark: any;
	export const _isUint8Array: any;
	export const _uint8ArrayToBuffer: any;
	export default Stream;
}

declare module "node:stream/promises" {
	export function pipeline(...streams: any[]): Promise<void>;
	export function finished(stream: any, options?: object): Promise<void>;
	const all: Omit<typeof import("node:stream/promises"), "default">;
	export default all;
}

declare module "node:string_decoder" {
	export class StringDecoder { constructor(encoding?: string); write(bytes: Uint8Array): string; end(bytes?: Uint8Array): string; }
	const all: Omit<typeof import("node:string_decoder"), "default">;
	export default all;
}

declare module "node:timers" {
	export { setTimeout_ as setTimeout, clearTimeout_ as clearTimeout, setInterval_ as setInterval, clearInterval_ as clearInterval, setImmediate_ as setImmediate, clearImmediate_ as clearImmediate };
	const setTimeout_: typeof globalThis.setTimeout;
	const clearTimeout_: typeof globalThis.clearTimeout;
	const setInterval_: typeof globalThis.setInterval;
	const clearInterval_: typeof globalThis.clearInterval;
	const setImmediate_: typeof globalThis.setImmediate;
	const clearImmediate_: typeof globalThis.clearImmediate;
	export const promises: typeof import("node:timers/promises");
	const all: Omit<typeof import("node:timers"), "default">;
	export default all;
}

declare module "node:timers/promises" {
	export function setTimeout<T = void>(delay?: number, value?: T, options?: { signal?: AbortSignal }): Promise<T>;
	export function setImmediate<T = void>(value?: T, options?: { signal?: AbortSignal }): Promise<T>;
	export function setInterval<T = void>(delay?: number, value?: T, options?: { signal?: AbortSignal }): AsyncIterableIterator<T>;
	export const scheduler: { wait(delay: number, options?: { signal?: AbortSignal }): Promise<void> };
	const all: Omit<typeof import("node:timers/promises"), "default">;
	export default all;
}

declare module "node:tty" {
	export function isatty(fd: number): boolean;
	export const ReadStream: any;
	export const WriteStream: any;
	const all: Omit<typeof import("node:tty"), "default">;
	export default all;
}

declare module "node:url" {
	export { URL_ as URL, URLSearchParams_ as URLSearchParams };
	const URL_: typeof globalThis.URL;
	const URLSearchParams_: typeof globalThis.URLSearchParams;
	export function fileURLToPath(url: string | URL): string;
	export function pathToFileURL(path: string): URL;
	export function domainToASCII(domain: string): string;
	export function parse(url: string, query?: boolean, slashes?: boolean): any;
	export function format(url: object | string): string;
	export function resolve(from: string, to: string): string;
	export const resolveObject: any;
	export const Url: any;
	const all: Omit<typeof import("node:url"), "default">;
	export default all;
}

declare module "node:util" {
	export { TextEncoder_ as TextEncoder, TextDecoder_ as TextDecoder };
	const TextEncoder_: typeof globalThis.TextEncoder;
	const TextDecoder_: typeof globalThis.TextDecoder;
	export function format(text: any, ...values: any[]): string;
	export function inspect(value: any, options?: object): string;
	export function promisify<T>(fn: (done: (error: any, value: T) => void) => void): () => Promise<T>;
	export function promisify<A, T>(fn: (a: A, done: (error: any, value: T) => void) => void): (a: A) => Promise<T>;
	export function promisify<A, B, T>(fn: (a: A, b: B, done: (error: any, value: T) => void) => void): (a: A, b: B) => Promise<T>;
	export function promisify<A, B, C, T>(fn: (a: A, b: B, c: C, done: (error: any, value: T) => void) => void): (a: A, b: B, c: C) => Promise<T>;
	export function promisify(fn: Function): (...args: any[]) => Promise<any>;
	export function callbackify(fn: (...args: any[]) => Promise<any>): (...args: any[]) => void;
	export function deprecate<F extends (...args: any[]) => any>(fn: F, message: string, code?: string): F;
	export function inherits(type: Function, base: Function): void;
	export function isDeepStrictEqual(a: unknown, b: unknown): boolean;
	export function stripVTControlCharacters(text: string): string;
	export function styleText(format: string | string[], text: string): string;
	export function toUSVString(text: string): string;
	export const types: typeof import("node:util/types");
	export const debuglog: any;
	export const isArray: any;
	export const isBoolean: any;
	export const isNull: any;
	export const isNullOrUndefined: any;
	export const isNumber: any;
	export const isString: any;
	export const isSymbol: any;
	export const isUndefined: any;
	export const isRegExp: any;
	export const isObject: any;
	export const isDate: any;
	export const isError: any;
	export const isFunction: any;
	export const isPrimitive: any;
	export const isBuffer: any;
	export const log: any;
	export const _extend: any;
	const all: Omit<typeof import("node:util"), "default">;
	export default all;
}

declare module "node:util/types" {
	export function isArgumentsObject(value: unknown): boolean;
	export function isGeneratorFunction(value: unknown): boolean;
	export function isTypedArray(value: unknown): boolean;
	export function isPromise(value: unknown): boolean;
	export function isArrayBufferView(value: unknown): boolean;
	export function isUint8Array(value: unknown): boolean;
	export function isUint8ClampedArray(value: unknown): boolean;
	export function isUint16Array(value: unknown): boolean;
	export function isUint32Array(value: unknown): boolean;
	export function isInt8Array(value: unknown): boolean;
	export function isInt16Array(value: unknown): boolean;
	export function isInt32Array(value: unknown): boolean;
	export function isFloat32Array(value: unknown): boolean;
	export function isFloat64Array(value: unknown): boolean;
	export function isBigInt64Array(value: unknown): boolean;
	export function isBigUint64Array(value: unknown): boolean;
	export function isMap(value: unknown): boolean;
	export function isSet(value: unknown): boolean;
	export function isWeakMap(value: unknown): boolean;
	export function isWeakSet(value: unknown): boolean;
	export function isArrayBuffer(value: unknown): boolean;
	export function isDataView(value: unknown): boolean;
	export function isSharedArrayBuffer(value: unknown): boolean;
	export function isAsyncFunction(value: unknown): boolean;
	export function isMapIterator(value: unknown): boolean;
	export function isSetIterator(value: unknown): boolean;
	export function isGeneratorObject(value: unknown): boolean;
	export function isWebAssemblyCompiledModule(value: unknown): boolean;
	export function isNumberObject(value: unknown): boolean;
	export function isStringObject(value: unknown): boolean;
	export function isBooleanObject(value: unknown): boolean;
	export function isBigIntObject(value: unknown): boolean;
	export function isSymbolObject(value: unknown): boolean;
	export function isBoxedPrimitive(value: unknown): boolean;
	export function isAnyArrayBuffer(value: unknown): boolean;
	export function isRegExp(value: unknown): boolean;
	export function isDate(value: unknown): boolean;
	export function isNativeError(value: unknown): boolean;
	const all: Omit<typeof import("node:util/types"), "default">;
	export default all;
}

declare module "node:zlib" {
	export type Bytes = string | ArrayBuffer | ArrayBufferView;
	export interface Options { level?: number; windowBits?: number; memLevel?: number; strategy?: number; dictionary?: ArrayBufferView; chunkSize?: number; params?: Record<number, number>; maxOutputLength?: number; }
	export type Done = (error: Error | null, result: Buffer) => void;
	export function deflateSync(data: Bytes, options?: Options): Buffer;
	export function deflate(data: Bytes, done: Done): void;
	export function deflate(data: Bytes, options: Options, done: Done): void;
	export function inflateSync(data: Bytes, options?: Options): Buffer;
	export function inflate(data: Bytes, done: Done): void;
	export function inflate(data: Bytes, options: Options, done: Done): void;
	export function gzipSync(data: Bytes, options?: Options): Buffer;
	export function gzip(data: Bytes, done: Done): void;
	export function gzip(data: Bytes, options: Options, done: Done): void;
	export function gunzipSync(data: Bytes, options?: Options): Buffer;
	export function gunzip(data: Bytes, done: Done): void;
	export function gunzip(data: Bytes, options: Options, done: Done): void;
	export function deflateRawSync(data: Bytes, options?: Options): Buffer;
	export function deflateRaw(data: Bytes, done: Done): void;
	export function deflateRaw(data: Bytes, options: Options, done: Done): void;
	export function inflateRawSync(data: Bytes, options?: Options): Buffer;
	export function inflateRaw(data: Bytes, done: Done): void;
	export function inflateRaw(data: Bytes, options: Options, done: Done): void;
	export function unzipSync(data: Bytes, options?: Options): Buffer;
	export function unzip(data: Bytes, done: Done): void;
	export function unzip(data: Bytes, options: Options, done: Done): void;
	export function brotliCompressSync(data: Bytes, options?: Options): Buffer;
	export function brotliCompress(data: Bytes, done: Done): void;
	export function brotliCompress(data: Bytes, options: Options, done: Done): void;
	export function brotliDecompressSync(data: Bytes, options?: Options): Buffer;
	export function brotliDecompress(data: Bytes, done: Done): void;
	export function brotliDecompress(data: Bytes, options: Options, done: Done): void;
	export function createDeflate(options?: Options): import("node:stream").Transform;
	export function createInflate(options?: Options): import("node:stream").Transform;
	export function createGzip(options?: Options): import("node:stream").Transform;
	export function createGunzip(options?: Options): import("node:stream").Transform;
	export function createDeflateRaw(options?: Options): import("node:stream").Transform;
	export function createInflateRaw(options?: Options): import("node:stream").Transform;
	export function createUnzip(options?: Options): import("node:stream").Transform;
	export function createBrotliCompress(options?: Options): import("node:stream").Transform;
	export function createBrotliDecompress(options?: Options): import("node:stream").Transform;
	export function crc32(data: Bytes, value?: number): number;
	export const constants: Record<string, number>;
	export const Z_NO_FLUSH: any;
	export const Z_PARTIAL_FLUSH: any;
	export const Z_SYNC_FLUSH: any;
	export const Z_FULL_FLUSH: any;
	export const Z_FINISH: any;
	export const Z_BLOCK: any;
	export const Z_TREES: any;
	export const Z_OK: any;
	export const Z_STREAM_END: any;
	export const Z_NEED_DICT: any;
	export const Z_ERRNO: any;
	export const Z_STREAM_ERROR: any;
	export const Z_DATA_ERROR: any;
	export const Z_BUF_ERROR: any;
	export const Z_NO_COMPRESSION: any;
	export const Z_BEST_SPEED: any;
	export const Z_BEST_COMPRESSION: any;
	export const Z_DEFAULT_COMPRESSION: any;
	export const Z_FILTERED: any;
	export const Z_HUFFMAN_ONLY: any;
	export const Z_RLE: any;
	export const Z_FIXED: any;
	export const Z_DEFAULT_STRATEGY: any;
	export const Z_BINARY: any;
	export const Z_TEXT: any;
	export const Z_UNKNOWN: any;
	export const Z_DEFLATED: any;
	export const Zlib: any;
	export const Z_MIN_WINDOWBITS: any;
	export const Z_MAX_WINDOWBITS: any;
	export const Z_DEFAULT_WINDOWBITS: any;
	export const Z_MIN_CHUNK: any;
	export const Z_MAX_CHUNK: any;
	export const Z_DEFAULT_CHUNK: any;
	export const Z_MIN_MEMLEVEL: any;
	export const Z_MAX_MEMLEVEL: any;
	export const Z_DEFAULT_MEMLEVEL: any;
	export const Z_MIN_LEVEL: any;
	export const Z_MAX_LEVEL: any;
	export const Z_DEFAULT_LEVEL: any;
	export const codes: any;
	export const Deflate: any;
	export const Inflate: any;
	export const Gzip: any;
	export const Gunzip: any;
	export const DeflateRaw: any;
	export const InflateRaw: any;
	export const Unzip: any;
	const all: Omit<typeof import("node:zlib"), "default">;
	export default all;
}

declare module "assert" {
	export * from "node:assert";
	export { default } from "node:assert";
}

declare module "assert/strict" {
	export * from "node:assert/strict";
	export { default } from "node:assert/strict";
}

declare module "async_hooks" {
	export * from "node:async_hooks";
	export { default } from "node:async_hooks";
}

declare module "buffer" {
	export * from "node:buffer";
	export { default } from "node:buffer";
}

declare module "crypto" {
	export * from "node:crypto";
	export { default } from "node:crypto";
}

declare module "diagnostics_channel" {
	export * from "node:diagnostics_channel";
	export { default } from "node:diagnostics_channel";
}

declare module "events" {
	export * from "node:events";
	export { default } from "node:events";
}

declare module "fs" {
	export * from "node:fs";
	export { default } from "node:fs";
}

declare module "fs/promises" {
	export * from "node:fs/promises";
	export { default } from "node:fs/promises";
}

declare module "http" {
	export * from "node:http";
	export { default } from "node:http";
}

declare module "https" {
	export * from "node:https";
	export { default } from "node:https";
}

declare module "module" {
	export * from "node:module";
	export { default } from "node:module";
}

declare module "os" {
	export * from "node:os";
	export { default } from "node:os";
}

declare module "path" {
	export * from "node:path";
	export { default } from "node:path";
}

declare module "path/posix" {
	export * from "node:path/posix";
	export { default } from "node:path/posix";
}

declare module "perf_hooks" {
	export * from "node:perf_hooks";
	export { default } from "node:perf_hooks";
}

declare module "process" {
	export * from "node:process";
	export { default } from "node:process";
}

declare module "punycode" {
	export * from "node:punycode";
	export { default } from "node:punycode";
}

declare module "querystring" {
	export * from "node:querystring";
	export { default } from "node:querystring";
}

declare module "stream" {
	export * from "node:stream";
	export { default } from "node:stream";
}

declare module "stream/promises" {
	export * from "node:stream/promises";
	export { default } from "node:stream/promises";
}

declare module "string_decoder" {
	export * from "node:string_decoder";
	export { default } from "node:string_decoder";
}

declare module "timers" {
	export * from "node:timers";
	export { default } from "node:timers";
}

declare module "timers/promises" {
	export * from "node:timers/promises";
	export { default } from "node:timers/promises";
}

declare module "tty" {
	export * from "node:tty";
	export { default } from "node:tty";
}

declare module "url" {
	export * from "node:url";
	export { default } from "node:url";
}

declare module "util" {
	export * from "node:util";
	export { default } from "node:util";
}

declare module "util/types" {
	export * from "node:util/types";
	export { default } from "node:util/types";
}

declare module "zlib" {
	export * from "node:zlib";
	export { default } from "node:zlib";
}

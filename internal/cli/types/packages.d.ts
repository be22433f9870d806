// -- cheerio --
declare module "cheerio" {
	/** Parse HTML. The result is a function that selects elements: $("a").attr("href"). */
	export function load(html: string | Uint8Array, options?: object, isDocument?: boolean): any;
	export function contains(container: any, contained: any): boolean;
	export function merge(a: any, b: any): any;
	const all: { load: typeof load; contains: typeof contains; merge: typeof merge };
	export default all;
}

// -- dayjs --
declare module "dayjs" {
	namespace dayjs {
		type ConfigType = string | number | Date | Dayjs | null | undefined;
		type Unit = "year" | "y" | "quarter" | "month" | "M" | "week" | "w" | "day" | "d" | "date" | "D" | "hour" | "h" | "minute" | "m" | "second" | "s" | "millisecond" | "ms" | `${"year" | "quarter" | "month" | "week" | "day" | "hour" | "minute" | "second" | "millisecond"}s`;
		interface Dayjs {
			clone(): Dayjs;
			isValid(): boolean;
			year(): number;
			year(value: number): Dayjs;
			month(): number;
			month(value: number): Dayjs;
			date(): number;
			date(value: number): Dayjs;
			day(): number;
			day(value: number): Dayjs;
			hour(): number;
			hour(value: number): Dayjs;
			minute(): number;
			minute(value: number): Dayjs;
			second(): number;
			second(value: number): Dayjs;
			millisecond(): number;
			millisecond(value: number): Dayjs;
			get(unit: Unit): number;
			set(unit: Unit, value: number): Dayjs;
			add(value: number, unit?: Unit): Dayjs;
			subtract(value: number, unit?: Unit): Dayjs;
			startOf(unit: Unit): Dayjs;
			endOf(unit: Unit): Dayjs;
			format(template?: string): string;
			diff(other?: ConfigType, unit?: Unit, float?: boolean): number;
			valueOf(): number;
			unix(): number;
			daysInMonth(): number;
			toDate(): Date;
			toJSON(): string;
			toISOString(): string;
			isBefore(other?: ConfigType, unit?: Unit): boolean;
			isAfter(other?: ConfigType, unit?: Unit): boolean;
			isSame(other?: ConfigType, unit?: Unit): boolean;
			locale(): string;
			locale(name: string | object): Dayjs;
			/** What plugins add. */
			[plugin: string]: any;
		}
		function extend(plugin: any, options?: any): typeof dayjs;
		function locale(name?: string | object, object?: any, isLocal?: boolean): string;
		function isDayjs(value: unknown): value is Dayjs;
		function unix(seconds: number): Dayjs;
		const utc: any;
		const tz: any;
		const duration: any;
	}
	function dayjs(date?: dayjs.ConfigType, format?: any, locale?: any, strict?: boolean): dayjs.Dayjs;
	export = dayjs;
}
declare module "dayjs/plugin/*" {
	const plugin: any;
	export default plugin;
}

// -- lodash --
declare module "lodash";
declare module "lodash/*";

// -- marked --
declare module "marked" {
	interface Options { async?: boolean; breaks?: boolean; gfm?: boolean; pedantic?: boolean; silent?: boolean; [option: string]: any }
	export function marked(markdown: string, options?: Options & { async?: false }): string;
	export function marked(markdown: string, options: Options & { async: true }): Promise<string>;
	export namespace marked {
		function parse(markdown: string, options?: Options & { async?: false }): string;
		function parse(markdown: string, options: Options & { async: true }): Promise<string>;
		function parseInline(markdown: string, options?: Options): string;
		function use(...extensions: any[]): typeof marked;
		function setOptions(options: Options): typeof marked;
		function lexer(markdown: string, options?: Options): any[];
	}
	export const parse: typeof marked.parse;
	export const parseInline: typeof marked.parseInline;
	export const use: typeof marked.use;
	export const setOptions: typeof marked.setOptions;
	export const options: typeof marked.setOptions;
	export const lexer: typeof marked.lexer;
	export const parser: any;
	export const walkTokens: any;
	export const defaults: Options;
	export function getDefaults(): Options;
	export class Marked {
		constructor(...extensions: any[]);
		parse(markdown: string, options?: Options & { async?: false }): string;
		parse(markdown: string, options: Options & { async: true }): Promise<string>;
		use(...extensions: any[]): this;
		[member: string]: any;
	}
	export const Hooks: any;
	export const Lexer: any;
	export const Parser: any;
	export const Renderer: any;
	export const TextRenderer: any;
	export const Tokenizer: any;
	const all: any;
	export default all;
}

// -- uuid --
declare module "uuid" {
	export function v1(options?: object): string;
	export function v3(name: string | Uint8Array, namespace: string | Uint8Array): string;
	export function v4(options?: object): string;
	export function v5(name: string | Uint8Array, namespace: string | Uint8Array): string;
	export function v6(options?: object): string;
	export function v7(options?: object): string;
	export function v1ToV6(uuid: string): string;
	export function v6ToV1(uuid: string): string;
	export function parse(uuid: string): Uint8Array;
	export function stringify(bytes: Uint8Array, offset?: number): string;
	export function validate(value: unknown): boolean;
	export function version(uuid: string): number;
	export const NIL: string;
	export const MAX: string;
	const all: Omit<typeof import("uuid"), "default">;
	export default all;
}

// -- validator --
declare module "validator";
declare module "validator/*";

// -- zod --
declare module "zod" {
	/** Loose types: schemas infer any. Install zod for those of its own. */
	export namespace z {
		type infer<T> = any;
		type input<T> = any;
		type output<T> = any;
		type TypeOf<T> = any;
		type ZodType<T = any> = any;
		type ZodTypeAny = any;
		type ZodSchema<T = any> = any;
		type ZodObject<T = any> = any;
		type ZodIssue = any;
		type ZodError<T = any> = Error & { issues: any[]; errors: any[]; format(): any; flatten(): any };
	}
	export const z: any;
	export type infer<T> = any;
	export type input<T> = any;
	export type output<T> = any;
	export type TypeOf<T> = any;
	export type ZodType<T = any> = any;
	export type ZodTypeAny = any;
	export type ZodSchema<T = any> = any;
	export type ZodIssue = any;
	export class ZodError<T = any> extends Error {
		constructor(issues: any[]);
		issues: any[];
		errors: any[];
		format(): any;
		flatten(): any;
	}
	export default z;
}

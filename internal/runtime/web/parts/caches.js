// The Cache API: caches, CacheStorage and Cache. Responses are kept by the host, for one deployment. The last expression is a
// function that takes the prelude's helpers.
"use strict";
({ host, flatHeaders, lazyHeaders, types: { Request, Response, Headers } }) => {
const key = Symbol();
const slots = new WeakMap();
const nameOf = (cache) => {
	const name = slots.get(cache);
	if (name === undefined) throw new TypeError("Illegal invocation");
	return name;
};
// asked returns the request that a method is given, and its URL as a key.
const asked = (input, options) => {
	const request = input instanceof Request ? input : new Request(input);
	const url = new URL(request.url);
	url.hash = "";
	return { request, url: url.href, get: request.method === "GET" || options?.ignoreMethod === true };
};

class Cache {
	constructor(secret, name) {
		if (secret !== key) throw new TypeError("Illegal constructor");
		slots.set(this, name);
	}
	async put(input, response) {
		const name = nameOf(this), { request, url } = asked(input);
		if (request.method !== "GET") throw new TypeError("only responses to GET requests can be put into a cache");
		if (!/^https?:/.test(url)) throw new TypeError("only responses to http: and https: URLs can be put into a cache");
		if (!(response instanceof Response)) throw new TypeError("the second argument of put must be a Response");
		if (response.status === 206) throw new TypeError("a partial response (206) cannot be put into a cache");
		if ((response.headers.get("vary") ?? "").split(",").some((v) => v.trim() === "*")) throw new TypeError("a response with Vary: * cannot be put into a cache");
		if (response.bodyUsed) throw new TypeError("the body of the response was read already");
		const body = await response.arrayBuffer();
		host.cachePut(name, url, flatHeaders(request.headers), response.status, response.statusText, flatHeaders(response.headers), body);
	}
	async match(input, options = undefined) {
		const name = nameOf(this), { request, url, get } = asked(input, options);
		if (!get) return undefined;
		const found = host.cacheMatch(name, url, flatHeaders(request.headers));
		if (found === undefined) return undefined;
		const { status, statusText, headers, body } = found;
		return new Response([101, 204, 205, 304].includes(status) ? null : body, { status, statusText, headers: new Headers(lazyHeaders(headers)) });
	}
	async delete(input, options = undefined) {
		const name = nameOf(this), { request, url, get } = asked(input, options);
		return get && host.cacheDelete(name, url, flatHeaders(request.headers));
	}
	async add(input) {
		const response = await fetch(input);
		if (!response.ok) throw new TypeError(`the response has status ${response.status}`);
		await this.put(input, response);
	}
	async addAll(inputs) { await Promise.all(Array.from(inputs, (input) => this.add(input))); }
}

class CacheStorage {
	#default;
	constructor(secret) { if (secret !== key) throw new TypeError("Illegal constructor"); }
	get default() { return this.#default ??= new Cache(key, ""); }
	async open(name) { return new Cache(key, `:${name}`); }
	async delete(name) { return host.cacheDrop(`:${name}`); }
	async match(input, options = undefined) {
		return (options?.cacheName === undefined ? this.default : await this.open(options.cacheName)).match(input, options);
	}
}
for (const c of [Cache, CacheStorage]) Object.defineProperty(c.prototype, Symbol.toStringTag, { value: c.name, configurable: true });
return { Cache, CacheStorage, caches: new CacheStorage(key) };
}

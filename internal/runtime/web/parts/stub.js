// Stand-ins for the Node.js modules that functions do not have. A package may import one and never use it. Using anything of
// it throws an error that names it and the file that imports it.
() => {
	const known = ["then", "toJSON", "__esModule", "prototype", "$$typeof"];
	const standIn = (path, importer) => {
		const fail = () => {
			const error = new Error(`node:${path} is not available in functions; ${importer} uses it`);
			error.code = "ERR_NOT_AVAILABLE";
			throw error;
		};
		const members = new Map(), target = function () {};
		const get = (_, key) => {
			if (typeof key === "symbol" || known.includes(key)) return target[key];
			if (key === "default") return proxy;
			if (!members.has(key)) members.set(key, standIn(path + "." + key, importer));
			return members.get(key);
		};
		// What the bundler makes of `import { name }` looks for the name in the prototype.
		const inherited = new Proxy({}, { get });
		const proxy = new Proxy(target, {
			get, apply: fail, construct: fail, getPrototypeOf: () => inherited,
			set: (_, key, value) => { members.set(key, value); return true; },
			has: (_, key) => typeof key === "string",
		});
		return proxy;
	};
	return standIn;
}

// require at run time finds only what the product has: the rest is bundled when a function is deployed.
const builtinModules = ["assert", "async_hooks", "buffer", "crypto", "diagnostics_channel", "events", "fs", "http", "https", "module", "os", "path", "perf_hooks", "process",
	"punycode", "querystring", "stream", "string_decoder", "timers", "tty", "url", "util", "zlib"];
const isBuiltin = (name) => builtinModules.includes(String(name).replace(/^node:/, ""));
const createRequire = () => {
	const require = (name) => {
		if (!isBuiltin(name)) throw Object.assign(new Error(`Cannot find module '${name}': a function can require only Node.js modules at run time; import the package instead`), { code: "MODULE_NOT_FOUND" });
		return __fazt_node(String(name).replace(/^node:/, ""));
	};
	require.resolve = (name) => name;
	require.cache = {};
	return require;
};
class Module { constructor(id = "") { this.id = id; this.exports = {}; } }
export default Object.assign(Module, { Module, builtinModules, isBuiltin, createRequire, register() {}, syncBuiltinESMExports() {} });

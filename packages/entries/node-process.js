// The parts of process that packages look at. It does not claim to be Node.js.
export const setup = ({ env }) => {
	let from, values;
	const node = globalThis.__fazt_node;
	const builtin = (id) => {
		const [name, member] = String(id).replace(/^node:/, "").split("/");
		try {
			const module = node(name);
			return member === undefined ? module : module[member];
		} catch {
			return undefined; // there is no such module
		}
	};
	const process = {
		get env() {
			if (from !== env()) {
				from = env();
				values = { NODE_ENV: "production", ...from };
			}
			return values;
		},
		argv: [], execArgv: [], title: "fazt", platform: "linux", version: "", versions: {}, browser: false, pid: 1,
		cwd: () => "/", features: {}, getBuiltinModule: (id) => builtin(id),
		nextTick: (fn, ...args) => queueMicrotask(() => fn(...args)),
		uptime: () => performance.now() / 1000,
		hrtime: Object.assign((since) => {
			const now = performance.now(), at = [Math.trunc(now / 1000), Math.round(now % 1000 * 1e6)];
			if (since === undefined) return at;
			const [s, ns] = [at[0] - since[0], at[1] - since[1]];
			return ns < 0 ? [s - 1, ns + 1e9] : [s, ns];
		}, { bigint: () => BigInt(Math.round(performance.now() * 1e6)) }),
		emitWarning: (warning) => console.warn(warning instanceof Error ? warning.message : String(warning)),
		on() { return process; }, once() { return process; }, off() { return process; }, removeListener() { return process; }, emit: () => false, listeners: () => [],
	};
	return { process, default: process };
};

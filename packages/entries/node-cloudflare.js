// cloudflare:workers, as far as functions have what it offers.
export const setup = ({ env }) => {
	const values = () => env() ?? {};
	const all = new Proxy({}, {
		get: (_, name) => values()[name], has: (_, name) => name in values(), ownKeys: () => Reflect.ownKeys(values()),
		getOwnPropertyDescriptor: (_, name) => {
			const own = Object.getOwnPropertyDescriptor(values(), name);
			return own && { ...own, configurable: true, writable: true }; // what the proxy's own target does not have must be configurable
		},
	});
	class WorkerEntrypoint { constructor(ctx, env) { this.ctx = ctx; this.env = env; } }
	class DurableObject { constructor() { throw new Error("Durable Objects are not available; keep data with fazt.app.kv"); } }
	return { default: { env: all, WorkerEntrypoint, DurableObject } };
};

// cloudflare:workers, as far as functions have what it offers.
export const setup = ({ env }) => {
	const values = () => env() ?? {};
	const all = new Proxy({}, {
		get: (_, name) => values()[name], has: (_, name) => name in values(), ownKeys: () => Reflect.ownKeys(values()),
		getOwnPropertyDescriptor: (_, name) => name in values() ? { value: values()[name], enumerable: true, configurable: true } : undefined,
	});
	class WorkerEntrypoint { constructor(ctx, env) { this.ctx = ctx; this.env = env; } }
	class DurableObject { constructor() { throw new Error("Durable Objects are not available; keep data with fazt.app.kv"); } }
	return { default: { env: all, WorkerEntrypoint, DurableObject } };
};

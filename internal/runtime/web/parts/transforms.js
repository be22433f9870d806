// The standard transform streams, for text and compression, built on the streams of the part "streams". The last expression is
// a function that takes the prelude's helpers.
"use strict";
({ host, types: { streams, TextEncoder, TextDecoder } }) => {
const { TransformStream } = streams();
const bytesOf = (chunk) => {
	if (chunk instanceof ArrayBuffer) return new Uint8Array(chunk.slice(0));
	if (ArrayBuffer.isView(chunk)) return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength).slice();
	throw new TypeError("a chunk must be an ArrayBuffer or a view of one");
};

// Transform is the base class of the four: the two ends of a TransformStream.
class Transform {
	#stream;
	constructor(transformer) { this.#stream = new TransformStream(transformer); }
	get readable() { return this.#stream.readable; }
	get writable() { return this.#stream.writable; }
}

class TextEncoderStream extends Transform {
	constructor() {
		const encoder = new TextEncoder();
		let high = ""; // the first half of a character whose second half comes with the next chunk
		super({
			transform(chunk, controller) {
				let text = high + String(chunk);
				high = "";
				const last = text.charCodeAt(text.length - 1);
				if (last >= 0xd800 && last <= 0xdbff) {
					high = text.slice(-1);
					text = text.slice(0, -1);
				}
				if (text !== "") controller.enqueue(encoder.encode(text));
			},
			flush(controller) { if (high !== "") controller.enqueue(encoder.encode(high)); },
		});
	}
	get encoding() { return "utf-8"; }
}

class TextDecoderStream extends Transform {
	#decoder;
	constructor(label = "utf-8", options = undefined) {
		const decoder = new TextDecoder(label, options);
		super({
			transform(chunk, controller) {
				const text = decoder.decode(bytesOf(chunk), { stream: true });
				if (text !== "") controller.enqueue(text);
			},
			flush(controller) {
				const text = decoder.decode();
				if (text !== "") controller.enqueue(text);
			},
		});
		this.#decoder = decoder;
	}
	get encoding() { return this.#decoder.encoding; }
	get fatal() { return this.#decoder.fatal; }
	get ignoreBOM() { return this.#decoder.ignoreBOM; }
}

// The host keeps the state and returns output in pieces. So a few bytes that decompress to gigabytes fill the stream's queue and
// hit the memory limit before all of them are produced.
const coder = (format, decode) => {
	if (!["gzip", "deflate", "deflate-raw"].includes(format)) throw new TypeError(`the format ${format} is not supported`);
	const id = host.coder(format, Number(decode));
	const code = (bytes, from, size, end) => {
		try {
			return host.code(id, bytes, from, size, Number(end));
		} catch (e) { throw e.code === "INVALID" ? new TypeError(e.message) : e; }
	};
	const give = (controller, bytes, from, size, end) => {
		for (let piece = code(bytes, from, size, end); piece !== undefined; piece = code(null, 0, 0, end)) controller.enqueue(new Uint8Array(piece));
	};
	const most = 65536; // what the host keeps of the input at a time
	return {
		transform(chunk, controller) {
			const bytes = bytesOf(chunk);
			for (let at = 0; at === 0 || at < bytes.length; at += most) give(controller, bytes.buffer, bytes.byteOffset + at, Math.min(most, bytes.length - at), false);
		},
		flush(controller) { give(controller, null, 0, 0, true); },
		cancel() { host.endCoder(id); },
	};
};

class CompressionStream extends Transform {
	constructor(format) { super(coder(String(format), false)); }
}
class DecompressionStream extends Transform {
	constructor(format) { super(coder(String(format), true)); }
}

for (const c of [TextEncoderStream, TextDecoderStream, CompressionStream, DecompressionStream]) {
	Object.defineProperty(c.prototype, Symbol.toStringTag, { value: c.name, configurable: true });
}
return { TextEncoderStream, TextDecoderStream, CompressionStream, DecompressionStream };
}

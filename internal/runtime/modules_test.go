package runtime_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"fazt/internal/runtime/compile"
	"fazt/internal/runtime/runtimetest"
	"fazt/internal/system"
)

// Each line is an expression in which node("x") is a module, and what JSON.stringify returns for it in Node.js. A thrown error
// counts as its name.
var nodeModules = [][2]string{
	{`buffer.Buffer.from("héllo").toString("base64")`, `"aMOpbGxv"`},
	{`Buffer.from("68656c6c6f", "hex").toString()`, `"hello"`},
	{`Buffer.concat([Buffer.from([1, 2]), Buffer.alloc(2)]).readUInt32BE(0)`, `16908288`},
	{`buffer.Buffer === Buffer && Buffer.isBuffer(crypto.randomBytes(3))`, `true`},
	{`Buffer.from("a") instanceof Uint8Array`, `true`},
	{`(() => { const e = new EventEmitter(); const out = []; e.once("x", (v) => out.push(v)); e.on("x", (v) => out.push(-v)); e.emit("x", 1); e.emit("x", 2); return [out, e.listenerCount("x")]; })()`, `[[1,-1,-2],1]`},
	{`(async () => { const e = new EventEmitter(); setTimeout(() => e.emit("done", 7), 1); return await once(e, "done"); })()`, `[7]`},
	{`(async () => { const e = new EventEmitter(), out = []; setTimeout(() => { e.emit("v", 1); e.emit("v", 2); }, 1); for await (const [v] of EventEmitter.on(e, "v")) { out.push(v); if (v === 2) break; } return out; })()`, `[1,2]`},
	{`new EventEmitter().emit("error", new RangeError("x"))`, `"RangeError"`},
	{`util.format("%s %d %j %%", "a", 1.5, { b: 1 })`, `"a 1.5 {\"b\":1} %"`},
	{`util.inspect({ a: [1, { b: "c" }] })`, `"{ a: [ 1, { b: 'c' } ] }"`},
	{`util.promisify((a, done) => done(null, a + 1))(1)`, `2`},
	{`util.isDeepStrictEqual({ a: [1, 2] }, { a: [1, 2] }) && !util.isDeepStrictEqual({ a: 1 }, { a: "1" })`, `true`},
	{`[util.types.isDate(new Date()), types.isPromise(Promise.resolve()), util.inherits.length]`, `[true,true,2]`},
	{`util.stripVTControlCharacters("\u001b[31mred\u001b[0m")`, `"red"`},
	{`assert.strictEqual(1, 2)`, `"AssertionError"`},
	{`(assert.deepStrictEqual({ a: [1] }, { a: [1] }), assert(true), assert.rejects(Promise.reject(new TypeError("x")), TypeError).then(() => 1))`, `1`},
	{`(() => { try { strict.equal(1, "1"); } catch (e) { return e.code; } })()`, `"ERR_ASSERTION"`},
	{`[path.join("/a", "../b", "./c.txt"), path.extname("x.tar.gz"), path.relative("/a/b", "/a/c"), path.posix.basename("/x/y.js", ".js"), posix.sep]`, `["/b/c.txt",".gz","../c","y","/"]`},
	{`[querystring.stringify({ a: ["1", "2"], b: "x y" }), querystring.parse("a=1&a=2&b=x%20y").a]`, `["a=1&a=2&b=x%20y",["1","2"]]`},
	{`[url.parse("http://u:p@h.x:8/a?b=c#d").auth, url.resolve("http://a/b/c", "../d"), url.format(new URL("http://a/b#c"), { fragment: false }), new url.URL("http://a").host]`, `["u:p","http://a/d","http://a/b","a"]`},
	{`[url.fileURLToPath("file:///a%20b"), url.pathToFileURL("/a b?c").href]`, `["/a b","file:///a%20b%3Fc"]`},
	{`(() => { const d = new StringDecoder("utf8"); return d.write(Buffer.from([0xe2, 0x82])) + d.write(Buffer.from([0xac])) + d.end(); })()`, `"€"`},
	{`punycode.toASCII("mañana.com")`, `"xn--maana-pta.com"`},
	{`[process.env.A, process.env.NODE_ENV, process.env.NONE ?? null, typeof process.versions.node, process.cwd()]`, `["b","production",null,"undefined","/"]`},
	{`[process.getBuiltinModule("node:path").join("a", "b"), process.getBuiltinModule("util").format === util.format, typeof process.getBuiltinModule("fs/promises").readFile, typeof process.getBuiltinModule("none")]`, `["a/b",true,"function","undefined"]`},
	{`process === globalThis.process && buffer.Buffer === globalThis.Buffer`, `true`},
	{`new Promise((r) => process.nextTick((a, b) => r([a, b]), 1, 2))`, `[1,2]`},
	{`(async () => [await sleep(1, "v"), typeof timers.setTimeout, await new Promise((r) => timers.setImmediate(r, 3))])()`, `["v","function",3]`},
	{`crypto.randomBytes(70000).length`, `70000`},
	{`/^[0-9a-f]{8}-[0-9a-f]{4}-4/.test(crypto.randomUUID()) && crypto.webcrypto === globalThis.crypto`, `true`},
	{`(() => { for (let i = 0; i < 100; i++) { const n = crypto.randomInt(3, 5); if (n !== 3 && n !== 4) return n; } return crypto.randomInt(1); })()`, `0`},
	{`[crypto.timingSafeEqual(Buffer.from("ab"), Buffer.from("ab")), crypto.timingSafeEqual(Buffer.from("ab"), Buffer.from("ac"))]`, `[true,false]`},
	{`crypto.timingSafeEqual(Buffer.from("a"), Buffer.from("ab"))`, `"RangeError"`},
	{`crypto.createHash("whirlpool")`, `"Error"`},
	{`crypto.createHash("sha256").update("a").update(Buffer.from("bc")).digest("hex")`, `"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"`},
	{`[crypto.createHash("md5").update("abc").digest("hex"), crypto.createHash("sha1").update("abc").digest("base64"), crypto.createHash("sha512").digest().length]`, `["900150983cd24fb0d6963f7d28e17f72","qZk+NkcGgWq6PiVxeFDCbJzQ2J0=",64]`},
	{`crypto.createHmac("sha256", "key").update("The quick brown fox jumps over the lazy dog").digest("hex")`, `"f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8"`},
	{`(() => { const h = crypto.createHash("sha256"); h.digest(); return h.update("x"); })()`, `"Error"`},
}

// More of the same, with the results of Node.js 20.
var moreNodeModules = [][2]string{
	{`crypto.createHash("sha256").update("abc").digest("base64url")`, `"ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0"`},
	{`crypto.pbkdf2Sync("pw", "salt", 1000, 32, "sha512").toString("hex")`, `"dba2956d5d8f05e6f06dc9732ca6037d32a4fcbcdde4b35e62594b632d059275"`},
	{`new Promise((r) => crypto.pbkdf2("pw", "salt", 10, 20, "sha1", (e, k) => r([e, k.toString("hex")])))`, `[null,"21666cdc0723a960de8307513199d3f1071c7f22"]`},
	{`crypto.scryptSync("pw", "salt", 32).toString("hex")`, `"c0b515908e61334cae6d6003c00be60e2e675878c9ac8ba282e1d70c335d3012"`},
	{`new Promise((r) => crypto.scrypt("pw", "salt", 16, { N: 1024, r: 4, p: 2 }, (e, k) => r([e, k.toString("hex")])))`, `[null,"8f9617fd1528a97ce91c337e5589e4aa"]`},
	{`crypto.scryptSync("pw", "salt", 32, { N: 1 << 20 })`, `"RangeError"`},
	{`Buffer.from(crypto.hkdfSync("sha256", "key", "salt", "info", 42)).toString("hex")`, `"9ca0d662557439e3b83365f2da4626d35da195c6d9d1779f09838cf9e408966ece99106e2585ace6f083"`},
	{`(() => { const c = crypto.createCipheriv("aes-256-cbc", Buffer.alloc(32, 1), Buffer.alloc(16, 2)); return c.update("hello wörld, twice over", "utf8", "hex") + c.final("hex"); })()`, `"39304a4cfbdbe0d1effabe9e628327da38fd6a15fd8cf433891578ddf8ade4d7"`},
	{`(() => { const c = crypto.createDecipheriv("aes-256-cbc", Buffer.alloc(32, 1), Buffer.alloc(16, 3)); c.update("00".repeat(16), "hex"); return c.final("hex"); })()`, `"Error"`},
	{`(() => { const c = crypto.createCipheriv("aes-128-gcm", Buffer.alloc(16, 1), Buffer.alloc(12, 2)); c.setAAD(Buffer.from("a")); const out = Buffer.concat([c.update("data"), c.final()]); const tag = c.getAuthTag(); const d = crypto.createDecipheriv("aes-128-gcm", Buffer.alloc(16, 1), Buffer.alloc(12, 2)); d.setAAD(Buffer.from("a")); d.setAuthTag(tag); return [out.toString("hex"), tag.toString("hex"), Buffer.concat([d.update(out), d.final()]).toString()]; })()`, `["37856402","5bbee75ddafee5b08bef8e9fa1e6b3bd","data"]`},
	{`(() => { const c = crypto.createCipheriv("aes-192-ctr", Buffer.alloc(24, 1), Buffer.alloc(16, 255)); return Buffer.concat([c.update("some text that is long"), c.final()]).toString("base64"); })()`, `"Nu6RVupG3eVwbdnlHOqSWyyog1DTjA=="`},
	{`crypto.createCipheriv("aes-128-cbc", Buffer.alloc(3), Buffer.alloc(16))`, `"RangeError"`},
	{`crypto.createSign("RSA-SHA256").update("x").sign("-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEAsNZwLz6n1HFsGwk1sut4flNo58C68BG5YsbWgI1Tj8bmxf4e\nwuvcwRDbWnOXaDt5fLRP1mLS0YDeUqmZd9HQIMyjRy4bZF8lKO1R/M6nVNkutzcA\nGrPJACPI9Gd1fesX77JaiPYU0LYIKuDuxkUg2LrAEEUd4yTVtBMQasytxZ/IJ6WX\njPWL6bDcCFhl8oaKvCEPrXgG6flNIdE6fpcxwLuRsDH3W+TvOnVi7R29EhxTrEVG\ny2atcJ182vPj6WAbKaNWdT7BzsdFqPZFTtuelzvYEwQq96CZOR5mHJRyDhPjl9a7\nXYOQ2E8W/kaPiWHy2kML+eOe5RUdmLeA5ApU/QIDAQABAoIBAAR/WfhaxxaoLK3n\nECHr3VfeSsY72vePYY3byJvQhXzlRQ6N6DTOMHALKaNOft3w/dyjt1mGRzB6bxGn\n2d9KL/37RmQYRL7K1YsuSNcrXy9jnBbDzR88KXe+OmQ8Us1LiZXPH4B7hblKBsGU\na+41+3Jgy9D+HZb6GlmUl/jwh46X5NMIxuJFM8Y0EKSVxcTekVwuABijy5gD4mnT\n4Z5YEWCnb1cISKbjJ41KPLzuWmWm7CBI0rDvzzUi0Zc2tViCWVLTpJREln1XttTv\nNJ2sD5cT1FeYTlql6z36evJIzTrnx1qh2/a7Ezu7S+SQY/Z7lCjQ6stHmMMLWCTG\nh2w7yZECgYEA3ZLdeOllUWc4ogyM+wnCce83tf2azeiswp4onnN9xbDpGAruDSUx\nNszuynn/rlpAG92in0meWZWZGxhS2V8YK/J7HrihsJTc9+jhoZvPbJTkyKrVcm3Q\nNKcEqlbOVYVQHiBFHZXvf9E9lEiUm+CrGikLhlBDpcLQeP37MP1X3XUCgYEAzFAw\nTGxS7cBm1CcnER1Z9usA5RSUknS2qP23dgoShTz+w7xAcRq5RRoavSGwtOD5GAmO\nOEH0if46lf9cSjw3hq6fIcxXfBzpFMSVdcMdSo0ZIdw32zOen/tGXNX46g81aMot\njJ5grK/WEw+cY+4ef0lj0M2gGTOKo8YyW9RugGkCgYEApJQdK115Y2CfYUafRSw3\noPdF00kfPkjQYfKmSyOPzVKdoL0lmuAAUSshR4Yc0z24Frqmu1gsZXBH/CcyCsGm\nq6X9q5EKkKXSB9aUGb0o8gcadK7nwoost59DSN8XfdB69RWVIOeosLET41uR/sJ/\ndPv90nM1/B7bSLOma/oR1K0CgYBCx88Rm7J7bZDutSFq0aovL97qAZESUb3GfK9z\nkJU/IZGwDp8NmQuHj6G/wfxNEt+4QJ9QuhYg6IzjrETRKt+HURpIZM8PjS+ODzc+\n95hiXr4hOCa1qiil5+62t2WVs4TkjHjY5od4yjxxnH+klhc3yZgrjppOwm8FWuno\n5AV+SQKBgQCpvGLg3CbJ8Ybyo6E43wLvUgwWfmwDvPC9XLccfFK5gp93Z6HTfNE8\nbLtaINgIyAGxpAG4zFKMECFESBBN77KlSrFftgapYbrY9eHPU+xEUtUjkj4fCcea\nARtVIMgAgQ5/eaR1inJFmcyu7xQGQzS0MXq9Ey1uJB0Fh/kiW/c8Zg==\n-----END RSA PRIVATE KEY-----\n", "hex")`, `"834c8e81c56e35c8bf93adea363fc3ce2f828c6b9fa6aab32f599fe878f96eabdf24bec23a80efb73a43ee7f3ad9d2980296a7c26a55b3f82047285ce30304db1606b97e38b48f88a816b8f50c53d4be46f020cb1aa09e16408fa054bece79d576fc7522ff23f5d0d03c04b024e4cdc7f88cfa84b9b4def840d2ed902161ee24e5889ec93d32b4af83b685b0672b18d8ee20c4f0142da22b9247d379d20a54ff83c538aa06c0f83d9006a2eed04365ff9b5b2cecc4f6e9b24d759ebfed5e82a1c8c93f8092b8ef62e604c2f17dd014d072ce51a2f24f76b9a4c169a07f2d174e1d5a1f05a88f7615acbb2a3e5fe706ee63b5d82173fe1555f06dcd1ea8a62a91"`},
	{`crypto.createVerify("sha256").update("x").verify("-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAsNZwLz6n1HFsGwk1sut4\nflNo58C68BG5YsbWgI1Tj8bmxf4ewuvcwRDbWnOXaDt5fLRP1mLS0YDeUqmZd9HQ\nIMyjRy4bZF8lKO1R/M6nVNkutzcAGrPJACPI9Gd1fesX77JaiPYU0LYIKuDuxkUg\n2LrAEEUd4yTVtBMQasytxZ/IJ6WXjPWL6bDcCFhl8oaKvCEPrXgG6flNIdE6fpcx\nwLuRsDH3W+TvOnVi7R29EhxTrEVGy2atcJ182vPj6WAbKaNWdT7BzsdFqPZFTtue\nlzvYEwQq96CZOR5mHJRyDhPjl9a7XYOQ2E8W/kaPiWHy2kML+eOe5RUdmLeA5ApU\n/QIDAQAB\n-----END PUBLIC KEY-----\n", crypto.createSign("RSA-SHA256").update("x").sign("-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEAsNZwLz6n1HFsGwk1sut4flNo58C68BG5YsbWgI1Tj8bmxf4e\nwuvcwRDbWnOXaDt5fLRP1mLS0YDeUqmZd9HQIMyjRy4bZF8lKO1R/M6nVNkutzcA\nGrPJACPI9Gd1fesX77JaiPYU0LYIKuDuxkUg2LrAEEUd4yTVtBMQasytxZ/IJ6WX\njPWL6bDcCFhl8oaKvCEPrXgG6flNIdE6fpcxwLuRsDH3W+TvOnVi7R29EhxTrEVG\ny2atcJ182vPj6WAbKaNWdT7BzsdFqPZFTtuelzvYEwQq96CZOR5mHJRyDhPjl9a7\nXYOQ2E8W/kaPiWHy2kML+eOe5RUdmLeA5ApU/QIDAQABAoIBAAR/WfhaxxaoLK3n\nECHr3VfeSsY72vePYY3byJvQhXzlRQ6N6DTOMHALKaNOft3w/dyjt1mGRzB6bxGn\n2d9KL/37RmQYRL7K1YsuSNcrXy9jnBbDzR88KXe+OmQ8Us1LiZXPH4B7hblKBsGU\na+41+3Jgy9D+HZb6GlmUl/jwh46X5NMIxuJFM8Y0EKSVxcTekVwuABijy5gD4mnT\n4Z5YEWCnb1cISKbjJ41KPLzuWmWm7CBI0rDvzzUi0Zc2tViCWVLTpJREln1XttTv\nNJ2sD5cT1FeYTlql6z36evJIzTrnx1qh2/a7Ezu7S+SQY/Z7lCjQ6stHmMMLWCTG\nh2w7yZECgYEA3ZLdeOllUWc4ogyM+wnCce83tf2azeiswp4onnN9xbDpGAruDSUx\nNszuynn/rlpAG92in0meWZWZGxhS2V8YK/J7HrihsJTc9+jhoZvPbJTkyKrVcm3Q\nNKcEqlbOVYVQHiBFHZXvf9E9lEiUm+CrGikLhlBDpcLQeP37MP1X3XUCgYEAzFAw\nTGxS7cBm1CcnER1Z9usA5RSUknS2qP23dgoShTz+w7xAcRq5RRoavSGwtOD5GAmO\nOEH0if46lf9cSjw3hq6fIcxXfBzpFMSVdcMdSo0ZIdw32zOen/tGXNX46g81aMot\njJ5grK/WEw+cY+4ef0lj0M2gGTOKo8YyW9RugGkCgYEApJQdK115Y2CfYUafRSw3\noPdF00kfPkjQYfKmSyOPzVKdoL0lmuAAUSshR4Yc0z24Frqmu1gsZXBH/CcyCsGm\nq6X9q5EKkKXSB9aUGb0o8gcadK7nwoost59DSN8XfdB69RWVIOeosLET41uR/sJ/\ndPv90nM1/B7bSLOma/oR1K0CgYBCx88Rm7J7bZDutSFq0aovL97qAZESUb3GfK9z\nkJU/IZGwDp8NmQuHj6G/wfxNEt+4QJ9QuhYg6IzjrETRKt+HURpIZM8PjS+ODzc+\n95hiXr4hOCa1qiil5+62t2WVs4TkjHjY5od4yjxxnH+klhc3yZgrjppOwm8FWuno\n5AV+SQKBgQCpvGLg3CbJ8Ybyo6E43wLvUgwWfmwDvPC9XLccfFK5gp93Z6HTfNE8\nbLtaINgIyAGxpAG4zFKMECFESBBN77KlSrFftgapYbrY9eHPU+xEUtUjkj4fCcea\nARtVIMgAgQ5/eaR1inJFmcyu7xQGQzS0MXq9Ey1uJB0Fh/kiW/c8Zg==\n-----END RSA PRIVATE KEY-----\n"))`, `true`},
	{`crypto.verify("sha384", Buffer.from("x"), { key: "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAsNZwLz6n1HFsGwk1sut4\nflNo58C68BG5YsbWgI1Tj8bmxf4ewuvcwRDbWnOXaDt5fLRP1mLS0YDeUqmZd9HQ\nIMyjRy4bZF8lKO1R/M6nVNkutzcAGrPJACPI9Gd1fesX77JaiPYU0LYIKuDuxkUg\n2LrAEEUd4yTVtBMQasytxZ/IJ6WXjPWL6bDcCFhl8oaKvCEPrXgG6flNIdE6fpcx\nwLuRsDH3W+TvOnVi7R29EhxTrEVGy2atcJ182vPj6WAbKaNWdT7BzsdFqPZFTtue\nlzvYEwQq96CZOR5mHJRyDhPjl9a7XYOQ2E8W/kaPiWHy2kML+eOe5RUdmLeA5ApU\n/QIDAQAB\n-----END PUBLIC KEY-----\n", padding: crypto.constants.RSA_PKCS1_PSS_PADDING, saltLength: crypto.constants.RSA_PSS_SALTLEN_DIGEST }, crypto.sign("sha384", Buffer.from("x"), { key: "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEAsNZwLz6n1HFsGwk1sut4flNo58C68BG5YsbWgI1Tj8bmxf4e\nwuvcwRDbWnOXaDt5fLRP1mLS0YDeUqmZd9HQIMyjRy4bZF8lKO1R/M6nVNkutzcA\nGrPJACPI9Gd1fesX77JaiPYU0LYIKuDuxkUg2LrAEEUd4yTVtBMQasytxZ/IJ6WX\njPWL6bDcCFhl8oaKvCEPrXgG6flNIdE6fpcxwLuRsDH3W+TvOnVi7R29EhxTrEVG\ny2atcJ182vPj6WAbKaNWdT7BzsdFqPZFTtuelzvYEwQq96CZOR5mHJRyDhPjl9a7\nXYOQ2E8W/kaPiWHy2kML+eOe5RUdmLeA5ApU/QIDAQABAoIBAAR/WfhaxxaoLK3n\nECHr3VfeSsY72vePYY3byJvQhXzlRQ6N6DTOMHALKaNOft3w/dyjt1mGRzB6bxGn\n2d9KL/37RmQYRL7K1YsuSNcrXy9jnBbDzR88KXe+OmQ8Us1LiZXPH4B7hblKBsGU\na+41+3Jgy9D+HZb6GlmUl/jwh46X5NMIxuJFM8Y0EKSVxcTekVwuABijy5gD4mnT\n4Z5YEWCnb1cISKbjJ41KPLzuWmWm7CBI0rDvzzUi0Zc2tViCWVLTpJREln1XttTv\nNJ2sD5cT1FeYTlql6z36evJIzTrnx1qh2/a7Ezu7S+SQY/Z7lCjQ6stHmMMLWCTG\nh2w7yZECgYEA3ZLdeOllUWc4ogyM+wnCce83tf2azeiswp4onnN9xbDpGAruDSUx\nNszuynn/rlpAG92in0meWZWZGxhS2V8YK/J7HrihsJTc9+jhoZvPbJTkyKrVcm3Q\nNKcEqlbOVYVQHiBFHZXvf9E9lEiUm+CrGikLhlBDpcLQeP37MP1X3XUCgYEAzFAw\nTGxS7cBm1CcnER1Z9usA5RSUknS2qP23dgoShTz+w7xAcRq5RRoavSGwtOD5GAmO\nOEH0if46lf9cSjw3hq6fIcxXfBzpFMSVdcMdSo0ZIdw32zOen/tGXNX46g81aMot\njJ5grK/WEw+cY+4ef0lj0M2gGTOKo8YyW9RugGkCgYEApJQdK115Y2CfYUafRSw3\noPdF00kfPkjQYfKmSyOPzVKdoL0lmuAAUSshR4Yc0z24Frqmu1gsZXBH/CcyCsGm\nq6X9q5EKkKXSB9aUGb0o8gcadK7nwoost59DSN8XfdB69RWVIOeosLET41uR/sJ/\ndPv90nM1/B7bSLOma/oR1K0CgYBCx88Rm7J7bZDutSFq0aovL97qAZESUb3GfK9z\nkJU/IZGwDp8NmQuHj6G/wfxNEt+4QJ9QuhYg6IzjrETRKt+HURpIZM8PjS+ODzc+\n95hiXr4hOCa1qiil5+62t2WVs4TkjHjY5od4yjxxnH+klhc3yZgrjppOwm8FWuno\n5AV+SQKBgQCpvGLg3CbJ8Ybyo6E43wLvUgwWfmwDvPC9XLccfFK5gp93Z6HTfNE8\nbLtaINgIyAGxpAG4zFKMECFESBBN77KlSrFftgapYbrY9eHPU+xEUtUjkj4fCcea\nARtVIMgAgQ5/eaR1inJFmcyu7xQGQzS0MXq9Ey1uJB0Fh/kiW/c8Zg==\n-----END RSA PRIVATE KEY-----\n", padding: crypto.constants.RSA_PKCS1_PSS_PADDING, saltLength: crypto.constants.RSA_PSS_SALTLEN_DIGEST }))`, `true`},
	{`[0, 1, 2, 3, 4, 5, 6, 7].map((i) => crypto.createVerify("SHA256").update("x" + i).verify("-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE52osHztpQRDuVnkQ7vQztsCyrkVE\n9pNDFitcUyKB9706eFn0aNpWNTUp/fl0VS0Z2+dhXJf955Ixbn01o4Wx7w==\n-----END PUBLIC KEY-----\n", crypto.createSign("SHA256").update("x" + i).sign("-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIDLejI0jMksL2OxphBqBV6E2yD7G4/h+YR95VYJBDnLloAoGCCqGSM49\nAwEHoUQDQgAE52osHztpQRDuVnkQ7vQztsCyrkVE9pNDFitcUyKB9706eFn0aNpW\nNTUp/fl0VS0Z2+dhXJf955Ixbn01o4Wx7w==\n-----END EC PRIVATE KEY-----\n")))`, `[true,true,true,true,true,true,true,true]`},
	{`crypto.createVerify("SHA256").update("x").verify("-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE52osHztpQRDuVnkQ7vQztsCyrkVE\n9pNDFitcUyKB9706eFn0aNpWNTUp/fl0VS0Z2+dhXJf955Ixbn01o4Wx7w==\n-----END PUBLIC KEY-----\n", "MEUCICRt24rQ+juHZm32bcl8W6+Anci1UvVkKtPXKd5OZOLUAiEA3FFo1vB3AGY7k98OOSL0Drlmz8oTodNBXSPuHt9j8/I=", "base64")`, `true`},
	{`crypto.verify("sha256", Buffer.from("y"), "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE52osHztpQRDuVnkQ7vQztsCyrkVE\n9pNDFitcUyKB9706eFn0aNpWNTUp/fl0VS0Z2+dhXJf955Ixbn01o4Wx7w==\n-----END PUBLIC KEY-----\n", crypto.sign("sha256", Buffer.from("x"), "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIDLejI0jMksL2OxphBqBV6E2yD7G4/h+YR95VYJBDnLloAoGCCqGSM49\nAwEHoUQDQgAE52osHztpQRDuVnkQ7vQztsCyrkVE9pNDFitcUyKB9706eFn0aNpW\nNTUp/fl0VS0Z2+dhXJf955Ixbn01o4Wx7w==\n-----END EC PRIVATE KEY-----\n"))`, `false`},
	{`crypto.sign("sha256", Buffer.from("x"), { key: "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIDLejI0jMksL2OxphBqBV6E2yD7G4/h+YR95VYJBDnLloAoGCCqGSM49\nAwEHoUQDQgAE52osHztpQRDuVnkQ7vQztsCyrkVE9pNDFitcUyKB9706eFn0aNpW\nNTUp/fl0VS0Z2+dhXJf955Ixbn01o4Wx7w==\n-----END EC PRIVATE KEY-----\n", dsaEncoding: "ieee-p1363" }).length`, `64`},
	{`crypto.sign(null, Buffer.from("x"), "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEILJ82j7GlSNmDxXcqRx9Ud2+VH4Wz25yuO6lSjDHfh/+\n-----END PRIVATE KEY-----\n").toString("hex")`, `"5fc5396547f61277429525187f5cee2f2ba5d040e67de18a9b01b87bc67ba4aeca96b83e99b28818b79741db1fdae340defbe4ead2a95695e9cb72a39297cf02"`},
	{`[crypto.createPrivateKey("-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEAsNZwLz6n1HFsGwk1sut4flNo58C68BG5YsbWgI1Tj8bmxf4e\nwuvcwRDbWnOXaDt5fLRP1mLS0YDeUqmZd9HQIMyjRy4bZF8lKO1R/M6nVNkutzcA\nGrPJACPI9Gd1fesX77JaiPYU0LYIKuDuxkUg2LrAEEUd4yTVtBMQasytxZ/IJ6WX\njPWL6bDcCFhl8oaKvCEPrXgG6flNIdE6fpcxwLuRsDH3W+TvOnVi7R29EhxTrEVG\ny2atcJ182vPj6WAbKaNWdT7BzsdFqPZFTtuelzvYEwQq96CZOR5mHJRyDhPjl9a7\nXYOQ2E8W/kaPiWHy2kML+eOe5RUdmLeA5ApU/QIDAQABAoIBAAR/WfhaxxaoLK3n\nECHr3VfeSsY72vePYY3byJvQhXzlRQ6N6DTOMHALKaNOft3w/dyjt1mGRzB6bxGn\n2d9KL/37RmQYRL7K1YsuSNcrXy9jnBbDzR88KXe+OmQ8Us1LiZXPH4B7hblKBsGU\na+41+3Jgy9D+HZb6GlmUl/jwh46X5NMIxuJFM8Y0EKSVxcTekVwuABijy5gD4mnT\n4Z5YEWCnb1cISKbjJ41KPLzuWmWm7CBI0rDvzzUi0Zc2tViCWVLTpJREln1XttTv\nNJ2sD5cT1FeYTlql6z36evJIzTrnx1qh2/a7Ezu7S+SQY/Z7lCjQ6stHmMMLWCTG\nh2w7yZECgYEA3ZLdeOllUWc4ogyM+wnCce83tf2azeiswp4onnN9xbDpGAruDSUx\nNszuynn/rlpAG92in0meWZWZGxhS2V8YK/J7HrihsJTc9+jhoZvPbJTkyKrVcm3Q\nNKcEqlbOVYVQHiBFHZXvf9E9lEiUm+CrGikLhlBDpcLQeP37MP1X3XUCgYEAzFAw\nTGxS7cBm1CcnER1Z9usA5RSUknS2qP23dgoShTz+w7xAcRq5RRoavSGwtOD5GAmO\nOEH0if46lf9cSjw3hq6fIcxXfBzpFMSVdcMdSo0ZIdw32zOen/tGXNX46g81aMot\njJ5grK/WEw+cY+4ef0lj0M2gGTOKo8YyW9RugGkCgYEApJQdK115Y2CfYUafRSw3\noPdF00kfPkjQYfKmSyOPzVKdoL0lmuAAUSshR4Yc0z24Frqmu1gsZXBH/CcyCsGm\nq6X9q5EKkKXSB9aUGb0o8gcadK7nwoost59DSN8XfdB69RWVIOeosLET41uR/sJ/\ndPv90nM1/B7bSLOma/oR1K0CgYBCx88Rm7J7bZDutSFq0aovL97qAZESUb3GfK9z\nkJU/IZGwDp8NmQuHj6G/wfxNEt+4QJ9QuhYg6IzjrETRKt+HURpIZM8PjS+ODzc+\n95hiXr4hOCa1qiil5+62t2WVs4TkjHjY5od4yjxxnH+klhc3yZgrjppOwm8FWuno\n5AV+SQKBgQCpvGLg3CbJ8Ybyo6E43wLvUgwWfmwDvPC9XLccfFK5gp93Z6HTfNE8\nbLtaINgIyAGxpAG4zFKMECFESBBN77KlSrFftgapYbrY9eHPU+xEUtUjkj4fCcea\nARtVIMgAgQ5/eaR1inJFmcyu7xQGQzS0MXq9Ey1uJB0Fh/kiW/c8Zg==\n-----END RSA PRIVATE KEY-----\n"), crypto.createPublicKey("-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEAsNZwLz6n1HFsGwk1sut4flNo58C68BG5YsbWgI1Tj8bmxf4e\nwuvcwRDbWnOXaDt5fLRP1mLS0YDeUqmZd9HQIMyjRy4bZF8lKO1R/M6nVNkutzcA\nGrPJACPI9Gd1fesX77JaiPYU0LYIKuDuxkUg2LrAEEUd4yTVtBMQasytxZ/IJ6WX\njPWL6bDcCFhl8oaKvCEPrXgG6flNIdE6fpcxwLuRsDH3W+TvOnVi7R29EhxTrEVG\ny2atcJ182vPj6WAbKaNWdT7BzsdFqPZFTtuelzvYEwQq96CZOR5mHJRyDhPjl9a7\nXYOQ2E8W/kaPiWHy2kML+eOe5RUdmLeA5ApU/QIDAQABAoIBAAR/WfhaxxaoLK3n\nECHr3VfeSsY72vePYY3byJvQhXzlRQ6N6DTOMHALKaNOft3w/dyjt1mGRzB6bxGn\n2d9KL/37RmQYRL7K1YsuSNcrXy9jnBbDzR88KXe+OmQ8Us1LiZXPH4B7hblKBsGU\na+41+3Jgy9D+HZb6GlmUl/jwh46X5NMIxuJFM8Y0EKSVxcTekVwuABijy5gD4mnT\n4Z5YEWCnb1cISKbjJ41KPLzuWmWm7CBI0rDvzzUi0Zc2tViCWVLTpJREln1XttTv\nNJ2sD5cT1FeYTlql6z36evJIzTrnx1qh2/a7Ezu7S+SQY/Z7lCjQ6stHmMMLWCTG\nh2w7yZECgYEA3ZLdeOllUWc4ogyM+wnCce83tf2azeiswp4onnN9xbDpGAruDSUx\nNszuynn/rlpAG92in0meWZWZGxhS2V8YK/J7HrihsJTc9+jhoZvPbJTkyKrVcm3Q\nNKcEqlbOVYVQHiBFHZXvf9E9lEiUm+CrGikLhlBDpcLQeP37MP1X3XUCgYEAzFAw\nTGxS7cBm1CcnER1Z9usA5RSUknS2qP23dgoShTz+w7xAcRq5RRoavSGwtOD5GAmO\nOEH0if46lf9cSjw3hq6fIcxXfBzpFMSVdcMdSo0ZIdw32zOen/tGXNX46g81aMot\njJ5grK/WEw+cY+4ef0lj0M2gGTOKo8YyW9RugGkCgYEApJQdK115Y2CfYUafRSw3\noPdF00kfPkjQYfKmSyOPzVKdoL0lmuAAUSshR4Yc0z24Frqmu1gsZXBH/CcyCsGm\nq6X9q5EKkKXSB9aUGb0o8gcadK7nwoost59DSN8XfdB69RWVIOeosLET41uR/sJ/\ndPv90nM1/B7bSLOma/oR1K0CgYBCx88Rm7J7bZDutSFq0aovL97qAZESUb3GfK9z\nkJU/IZGwDp8NmQuHj6G/wfxNEt+4QJ9QuhYg6IzjrETRKt+HURpIZM8PjS+ODzc+\n95hiXr4hOCa1qiil5+62t2WVs4TkjHjY5od4yjxxnH+klhc3yZgrjppOwm8FWuno\n5AV+SQKBgQCpvGLg3CbJ8Ybyo6E43wLvUgwWfmwDvPC9XLccfFK5gp93Z6HTfNE8\nbLtaINgIyAGxpAG4zFKMECFESBBN77KlSrFftgapYbrY9eHPU+xEUtUjkj4fCcea\nARtVIMgAgQ5/eaR1inJFmcyu7xQGQzS0MXq9Ey1uJB0Fh/kiW/c8Zg==\n-----END RSA PRIVATE KEY-----\n"), crypto.createPublicKey("-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE52osHztpQRDuVnkQ7vQztsCyrkVE\n9pNDFitcUyKB9706eFn0aNpWNTUp/fl0VS0Z2+dhXJf955Ixbn01o4Wx7w==\n-----END PUBLIC KEY-----\n"), crypto.createSecretKey(Buffer.from("abc"))].map((k) => [k.type, k.asymmetricKeyType, k.symmetricKeySize, k.asymmetricKeyDetails?.namedCurve, k.asymmetricKeyDetails?.modulusLength])`, `[["private","rsa",null,null,2048],["public","rsa",null,null,2048],["public","ec",null,"prime256v1",null],["secret",null,3,null,null]]`},
	{`crypto.createPublicKey("-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEAsNZwLz6n1HFsGwk1sut4flNo58C68BG5YsbWgI1Tj8bmxf4e\nwuvcwRDbWnOXaDt5fLRP1mLS0YDeUqmZd9HQIMyjRy4bZF8lKO1R/M6nVNkutzcA\nGrPJACPI9Gd1fesX77JaiPYU0LYIKuDuxkUg2LrAEEUd4yTVtBMQasytxZ/IJ6WX\njPWL6bDcCFhl8oaKvCEPrXgG6flNIdE6fpcxwLuRsDH3W+TvOnVi7R29EhxTrEVG\ny2atcJ182vPj6WAbKaNWdT7BzsdFqPZFTtuelzvYEwQq96CZOR5mHJRyDhPjl9a7\nXYOQ2E8W/kaPiWHy2kML+eOe5RUdmLeA5ApU/QIDAQABAoIBAAR/WfhaxxaoLK3n\nECHr3VfeSsY72vePYY3byJvQhXzlRQ6N6DTOMHALKaNOft3w/dyjt1mGRzB6bxGn\n2d9KL/37RmQYRL7K1YsuSNcrXy9jnBbDzR88KXe+OmQ8Us1LiZXPH4B7hblKBsGU\na+41+3Jgy9D+HZb6GlmUl/jwh46X5NMIxuJFM8Y0EKSVxcTekVwuABijy5gD4mnT\n4Z5YEWCnb1cISKbjJ41KPLzuWmWm7CBI0rDvzzUi0Zc2tViCWVLTpJREln1XttTv\nNJ2sD5cT1FeYTlql6z36evJIzTrnx1qh2/a7Ezu7S+SQY/Z7lCjQ6stHmMMLWCTG\nh2w7yZECgYEA3ZLdeOllUWc4ogyM+wnCce83tf2azeiswp4onnN9xbDpGAruDSUx\nNszuynn/rlpAG92in0meWZWZGxhS2V8YK/J7HrihsJTc9+jhoZvPbJTkyKrVcm3Q\nNKcEqlbOVYVQHiBFHZXvf9E9lEiUm+CrGikLhlBDpcLQeP37MP1X3XUCgYEAzFAw\nTGxS7cBm1CcnER1Z9usA5RSUknS2qP23dgoShTz+w7xAcRq5RRoavSGwtOD5GAmO\nOEH0if46lf9cSjw3hq6fIcxXfBzpFMSVdcMdSo0ZIdw32zOen/tGXNX46g81aMot\njJ5grK/WEw+cY+4ef0lj0M2gGTOKo8YyW9RugGkCgYEApJQdK115Y2CfYUafRSw3\noPdF00kfPkjQYfKmSyOPzVKdoL0lmuAAUSshR4Yc0z24Frqmu1gsZXBH/CcyCsGm\nq6X9q5EKkKXSB9aUGb0o8gcadK7nwoost59DSN8XfdB69RWVIOeosLET41uR/sJ/\ndPv90nM1/B7bSLOma/oR1K0CgYBCx88Rm7J7bZDutSFq0aovL97qAZESUb3GfK9z\nkJU/IZGwDp8NmQuHj6G/wfxNEt+4QJ9QuhYg6IzjrETRKt+HURpIZM8PjS+ODzc+\n95hiXr4hOCa1qiil5+62t2WVs4TkjHjY5od4yjxxnH+klhc3yZgrjppOwm8FWuno\n5AV+SQKBgQCpvGLg3CbJ8Ybyo6E43wLvUgwWfmwDvPC9XLccfFK5gp93Z6HTfNE8\nbLtaINgIyAGxpAG4zFKMECFESBBN77KlSrFftgapYbrY9eHPU+xEUtUjkj4fCcea\nARtVIMgAgQ5/eaR1inJFmcyu7xQGQzS0MXq9Ey1uJB0Fh/kiW/c8Zg==\n-----END RSA PRIVATE KEY-----\n").export({ type: "spki", format: "pem" }) === "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAsNZwLz6n1HFsGwk1sut4\nflNo58C68BG5YsbWgI1Tj8bmxf4ewuvcwRDbWnOXaDt5fLRP1mLS0YDeUqmZd9HQ\nIMyjRy4bZF8lKO1R/M6nVNkutzcAGrPJACPI9Gd1fesX77JaiPYU0LYIKuDuxkUg\n2LrAEEUd4yTVtBMQasytxZ/IJ6WXjPWL6bDcCFhl8oaKvCEPrXgG6flNIdE6fpcx\nwLuRsDH3W+TvOnVi7R29EhxTrEVGy2atcJ182vPj6WAbKaNWdT7BzsdFqPZFTtue\nlzvYEwQq96CZOR5mHJRyDhPjl9a7XYOQ2E8W/kaPiWHy2kML+eOe5RUdmLeA5ApU\n/QIDAQAB\n-----END PUBLIC KEY-----\n"`, `true`},
	{`crypto.createPrivateKey("-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAsNZwLz6n1HFsGwk1sut4\nflNo58C68BG5YsbWgI1Tj8bmxf4ewuvcwRDbWnOXaDt5fLRP1mLS0YDeUqmZd9HQ\nIMyjRy4bZF8lKO1R/M6nVNkutzcAGrPJACPI9Gd1fesX77JaiPYU0LYIKuDuxkUg\n2LrAEEUd4yTVtBMQasytxZ/IJ6WXjPWL6bDcCFhl8oaKvCEPrXgG6flNIdE6fpcx\nwLuRsDH3W+TvOnVi7R29EhxTrEVGy2atcJ182vPj6WAbKaNWdT7BzsdFqPZFTtue\nlzvYEwQq96CZOR5mHJRyDhPjl9a7XYOQ2E8W/kaPiWHy2kML+eOe5RUdmLeA5ApU\n/QIDAQAB\n-----END PUBLIC KEY-----\n")`, `"Error"`},
	{`crypto.createHmac("sha256", crypto.createSecretKey(Buffer.from("k"))).update("x").digest("base64url")`, `"w47ciBXISJ9kc4l49EAI-FljRVRfC6po72_PXFPlcYk"`},
	{`(() => { const pair = crypto.createPrivateKey("-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEILJ82j7GlSNmDxXcqRx9Ud2+VH4Wz25yuO6lSjDHfh/+\n-----END PRIVATE KEY-----\n"), open = crypto.createPublicKey("-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEILJ82j7GlSNmDxXcqRx9Ud2+VH4Wz25yuO6lSjDHfh/+\n-----END PRIVATE KEY-----\n"), secret = crypto.createSecretKey(Buffer.alloc(16)); return [() => crypto.createHmac("sha256", pair), () => crypto.createCipheriv("aes-128-cbc", open, Buffer.alloc(16)), () => crypto.hkdfSync("sha256", pair, "", "", 8), () => crypto.scryptSync(open, "", 8), () => crypto.sign(null, Buffer.from("x"), secret), () => crypto.verify(null, Buffer.from("x"), { key: secret }, Buffer.alloc(64)), () => crypto.createPublicKey(secret), () => crypto.sign(null, Buffer.from("x"), open)].filter((f) => { try { f(); } catch (e) { return e.code !== "ERR_CRYPTO_INVALID_KEY_OBJECT_TYPE"; } return true; }).map(String); })()`, `[]`},
	{`(() => { const good = Buffer.from("MEUCICRt24rQ+juHZm32bcl8W6+Anci1UvVkKtPXKd5OZOLUAiEA3FFo1vB3AGY7k98OOSL0Drlmz8oTodNBXSPuHt9j8/I=", "base64"), check = (s) => crypto.createVerify("SHA256").update("x").verify("-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE52osHztpQRDuVnkQ7vQztsCyrkVE\n9pNDFitcUyKB9706eFn0aNpWNTUp/fl0VS0Z2+dhXJf955Ixbn01o4Wx7w==\n-----END PUBLIC KEY-----\n", s), change = (at, to) => { const b = Buffer.from(good); b[at] = to; return b; }; return [good, change(0, 0x31), change(1, good[1] + 1), change(1, 0x81), Buffer.concat([good, Buffer.from([0])]), good.subarray(0, good.length - 1), change(3, 0), change(3, 127), Buffer.alloc(0)].map(check); })()`, `[true,false,false,false,false,false,false,false,false]`},
	{`[{ protocol: "http:" }, "http://example.com", new URL("http://example.com"), { protocol: "" }].map((o) => { try { https.request(o); } catch (e) { return [e.name, e.code]; } })`, `[["TypeError","ERR_INVALID_PROTOCOL"],["TypeError","ERR_INVALID_PROTOCOL"],["TypeError","ERR_INVALID_PROTOCOL"],["TypeError","ERR_INVALID_PROTOCOL"]]`},
	{`https.request({ protocol: undefined, host: "example.com" }).protocol`, `"https:"`},
	{`zlib.gunzipSync(zlib.gzipSync("hello ".repeat(100))).toString().length`, `600`},
	{`zlib.inflateSync(Buffer.from("eJzLSM3JyQcABiwCFQ==", "base64")).toString()`, `"hello"`},
	{`new Promise((r) => zlib.deflateRaw("aaaa", (e, b) => r([e, zlib.inflateRawSync(b).toString()])))`, `[null,"aaaa"]`},
	{`(async () => { const out = []; await sp.pipeline(stream.Readable.from(["a", "b"]), new stream.Transform({ transform(c, _, done) { done(null, String(c).toUpperCase()); } }), new stream.Writable({ write(c, _, done) { out.push(String(c)); done(); } })); return out; })()`, `["A","B"]`},
	{`(async () => { const p = new stream.PassThrough(); p.end("xyz"); let s = ""; for await (const c of p) s += c; return [s, typeof stream, stream.Stream === stream, p instanceof stream.Duplex]; })()`, `["xyz","function",true,true]`},
	{`[os.EOL, typeof os.platform(), tty.isatty(1), isBuiltin("fs"), isBuiltin("x"), typeof perf.now()]`, `["\n","string",false,true,false,"number"]`},
	{`createRequire("file:///x.js")("node:path").join("a", "b")`, `"a/b"`},
	{`createRequire("file:///x.js")("left-pad")`, `"Error"`},
	{`(() => { const c = dc.channel("a"), got = []; const f = (m, n) => got.push([m, n]); c.subscribe(f); c.publish(1); c.unsubscribe(f); c.publish(2); return [got, c.hasSubscribers]; })()`, `[[[1,"a"]],false]`},
	{`[http.STATUS_CODES[404], typeof https.request, typeof http.Agent, http.METHODS.includes("POST")]`, `["Not Found","function","function",true]`},
	{`[fs.existsSync("/nothing"), (() => { try { fs.readFileSync("/nothing"); } catch (e) { return e.code; } })(), typeof fs.promises.readFile, fs.constants.R_OK]`, `[false,"ENOENT","function",4]`},
}

const nodeImports = `
import * as buffer from "node:buffer"; import EventEmitter, { once } from "node:events"; import util, { types } from "util"; import assert, { strict } from "node:assert";
import path, { posix } from "path"; import * as querystring from "querystring"; import url from "node:url"; import { StringDecoder } from "string_decoder"; import punycode from "punycode";
import process from "node:process"; import timers from "timers"; import { setTimeout as sleep } from "node:timers/promises"; import * as crypto from "node:crypto";
import zlib from "node:zlib"; import stream from "node:stream"; import * as sp from "node:stream/promises"; import os from "node:os"; import { createRequire, isBuiltin } from "node:module"; import dc from "node:diagnostics_channel";
import tty from "node:tty"; import http from "node:http"; import https from "node:https"; import { performance as perf } from "node:perf_hooks"; import fs from "node:fs";
`

func TestNodeModules(t *testing.T) {
	runtimetest.SlowUnderRace(t)
	needNodeModules(t)
	code := nodeImports + "const list = [\n"
	all := slices.Concat(nodeModules, moreNodeModules)
	for _, c := range all {
		code += "async () => (" + c[0] + "),\n"
	}
	h := runtimetest.New(t, code+`];
export default async () => {
	const out = [];
	for (const f of list) {
		try { out.push(JSON.stringify(await f()) ?? "undefined"); } catch (e) { console.log(e.message, e.stack); out.push(JSON.stringify(e.name)); }
	}
	return Response.json(out);
};`, func(l *system.Runtime) { l.ExecTimeout, l.CPUTime = 60_000, 60_000 })
	w := h.Ask(t, "GET", "/", "")
	var got []string
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || len(got) != len(all) {
		t.Fatalf("%v: %d %s\n%s", err, w.Code, w.Body, h.Log)
	}
	for i, c := range all {
		if got[i] != c[1] {
			t.Errorf("%s\n got %s\nwant %s", c[0], got[i], c[1])
		}
	}
}

// needNodeModules skips the test if the packages were not bundled.
func needNodeModules(t *testing.T) {
	t.Helper()
	if _, err := os.Stat("web/dist/node-util.js"); err != nil {
		t.Skip("make web bundles the packages")
	}
}

func TestAsyncLocalStorageFollowsPromisesAndTimers(t *testing.T) {
	needNodeModules(t)
	h := runtimetest.New(t, `
import { AsyncLocalStorage, AsyncResource } from "node:async_hooks";
const als = new AsyncLocalStorage(), other = new AsyncLocalStorage();
const seen = () => als.getStore() ?? "none";
const steps = async (name) => {
	const out = [seen()];
	await null; out.push(seen());
	await new Promise((r) => setTimeout(r, 1)); out.push(seen());
	await Promise.all([1, 2].map(async () => { await null; out.push(seen()); }));
	for await (const v of (async function* () { await null; yield seen(); })()) out.push(v);
	try { await Promise.reject(new Error()); } catch { out.push(seen()); }
	await new Promise((r) => queueMicrotask(() => { out.push(seen()); r(); }));
	return out.every((v) => v === name) && out.length;
};
const leak = async () => { await null; return seen(); };
export default { async fetch(request) {
	const name = new URL(request.url).pathname;
	if (name === "/leak") return new Response(seen() + await leak());
	if (name === "/enter") { als.enterWith("entered"); await null; return new Response(seen()); }
	const [a, b] = await Promise.all([als.run("a", steps, "a"), als.run("b", () => steps("b"))]);
	const bound = als.run("c", () => AsyncResource.bind(() => seen())), snapshot = als.run("d", () => AsyncLocalStorage.snapshot());
	const nested = als.run("e", () => other.run("f", () => [seen(), other.getStore(), als.exit(seen), seen()]));
	return Response.json([a, b, bound(), snapshot(seen), nested, seen(), await leak()]);
} };`)
	want := `[8,8,"c","d",["e","f","none","e"],"none","none"]`
	for range 2 {
		if w := h.Ask(t, "GET", "/", ""); w.Body.String() != want {
			t.Fatalf("%s\nwant %s\n%s", w.Body, want, h.Log)
		}
	}
	if w := h.Ask(t, "GET", "/enter", ""); w.Body.String() != "entered" {
		t.Fatalf("%s\n%s", w.Body, h.Log)
	}
	if w := h.Ask(t, "GET", "/leak", ""); w.Body.String() != "nonenone" {
		t.Fatalf("the next request sees %s", w.Body)
	}
}

func TestAPackageMayTryToImportAMissingModule(t *testing.T) {
	h := runtimetest.NewOf(t, runtimetest.Files{"api/main.js": "import p from 'p'; export default () => new Response(p);",
		"node_modules/p/index.js": "let fs; try { fs = require('bufferutil'); } catch {} module.exports = fs ? 'there' : 'not there';"})
	if w := h.Ask(t, "GET", "/", ""); w.Body.String() != "not there" {
		t.Fatalf("%d %s\n%s", w.Code, w.Body, h.Log)
	}
}

// write writes files to a folder.
func write(t *testing.T, dir string, list runtimetest.Files) {
	t.Helper()
	for name, text := range list {
		at := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// deployed returns what the server receives of a folder.
func deployed(t *testing.T, dir string, own runtimetest.Files) (runtimetest.Files, []string) {
	t.Helper()
	p, err := compile.Gather(t.Context(), dir, false, own)
	if err != nil {
		t.Fatal(err)
	}
	sent := runtimetest.Files{}
	for name, text := range own {
		sent[name] = text
	}
	for _, name := range p.Files {
		data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		sent[name] = string(data)
	}
	if p.Imports != nil {
		sent[compile.ImportsFile] = string(p.Imports)
	}
	return sent, p.Files
}

var ownFiles = runtimetest.Files{
	"api/main.ts": `import esm from "dual"; import sub from "dual/sub"; import old from "old"; import { named } from "@s/typed"; import link from "linked"; import self from "#lib/x"; import { on } from "worker";
const dual = require("dual");
export default () => Response.json([esm, dual, sub, old, named, link, self, on]);`,
	"lib/x.js":     `export default "own";`,
	"package.json": `{"name":"own","imports":{"#lib/*":"./lib/*.js"}}`,
}

var installedFiles = runtimetest.Files{
	"node_modules/dual/package.json": `{"name":"dual","exports":{".":{"import":"./m.mjs","require":"./c.cjs"},"./sub":"./deep/sub.js"},"sideEffects":false}`,
	"node_modules/dual/m.mjs":        `import { unused } from "./unused.mjs"; export default "import"; export { unused };`,
	"node_modules/dual/unused.mjs":   `export const unused = "UNUSED"; console.log(unused);`,
	"node_modules/dual/c.cjs":        `module.exports = "require";`, "node_modules/dual/deep/sub.js": `module.exports = "sub";`, "node_modules/dual/never.js": "not JavaScript at all (",
	"node_modules/old/package.json": `{"name":"old","main":"lib"}`, "node_modules/old/lib/index.js": `module.exports = require("nested");`,
	"node_modules/old/node_modules/nested/index.js": `module.exports = "nested in old";`, "node_modules/nested/index.js": `module.exports = "wrong";`,
	"node_modules/@s/typed/package.json": `{"name":"@s/typed","exports":"./src/index.ts"}`, "node_modules/@s/typed/src/index.ts": `import { own } from "@s/typed/none"; export const named: string = "typed";`,
	"node_modules/worker/package.json":               `{"exports":{"node":"./n.js","worker":"./w.js","browser":"./b.js","default":"./d.js"}}`,
	"node_modules/worker/w.js":                       `export const on = "worker";`,
	"node_modules/.store/linked@1/node/package.json": `{"name":"linked","module":"m.js","main":"c.js"}`, "node_modules/.store/linked@1/node/m.js": `export default "linked";`,
}

func TestPackagesAreResolvedByTheirPackageJSON(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, ownFiles)
	write(t, dir, installedFiles)
	write(t, dir, runtimetest.Files{"node_modules/@s/typed/src/index.ts": `import { t } from "@s/typed"; export const named: string = "typed"; export const t = 1;`})
	if err := os.Symlink(filepath.Join(".store", "linked@1", "node"), filepath.Join(dir, "node_modules", "linked")); err != nil {
		t.Skip(err)
	}
	const want = `["import","require","sub","nested in old","typed","linked","own","worker"]`
	sent, names := deployed(t, dir, ownFiles)
	list := []string{
		"node_modules/.store/linked@1/node/m.js", "node_modules/.store/linked@1/node/package.json", "node_modules/@s/typed/package.json", "node_modules/@s/typed/src/index.ts",
		"node_modules/dual/c.cjs", "node_modules/dual/deep/sub.js", "node_modules/dual/m.mjs", "node_modules/dual/package.json", "node_modules/dual/unused.mjs", "node_modules/old/lib/index.js",
		"node_modules/old/node_modules/nested/index.js", "node_modules/old/package.json", "node_modules/worker/package.json", "node_modules/worker/w.js",
	}
	if diff := cmp.Diff(list, names); diff != "" {
		t.Fatal(diff)
	}
	h := runtimetest.NewOf(t, sent)
	if w := h.Ask(t, "GET", "/", ""); w.Body.String() != want {
		t.Fatalf("%d %s\nwant %s\n%s", w.Code, w.Body, want, h.Log)
	}
	if log := h.Log.String(); strings.Contains(log, "UNUSED") {
		t.Errorf("an unused file without side effects was run: %s", log)
	}

	// A pulled folder has the files, but no links.
	pulled := t.TempDir()
	write(t, pulled, sent)
	again, _ := deployed(t, pulled, ownFiles)
	if diff := cmp.Diff(sent, again); diff != "" {
		t.Fatalf("a pulled folder is deployed differently: %s", diff)
	}
}

// Packages as people publish them: compiled to CommonJS and imported by a module, with parts for other places than functions.
func TestPackagesWithPartsThatAreNeverUsed(t *testing.T) {
	own := runtimetest.Files{
		"package.json": `{"type":"module"}`,
		"api/main.js": `import typed, { named } from "typed"; import lazy from "lazy"; import browser from "browser"; import old from "old";
const told = (f) => { try { return f(); } catch (e) { return [e.code, e.message]; } };
export default () => Response.json([typed.named, named, typed.__esModule, typed.default, told(lazy.inNode), told(lazy.internal), browser, old("k=v"), __dirname]);`,
	}
	dir := t.TempDir()
	write(t, dir, own)
	write(t, dir, runtimetest.Files{
		"node_modules/typed/index.js":       `"use strict"; Object.defineProperty(exports, "__esModule", { value: true }); exports.named = void 0; exports.named = 1; exports.default = 2;`,
		"node_modules/typed/package.json":   `{}`,
		"node_modules/old/package.json":     `{}`,
		"node_modules/lazy/index.js":        `exports.inNode = () => require("@lost/driver/callback"); exports.internal = () => require("#part");`,
		"node_modules/lazy/part.js":         `module.exports = "part";`,
		"node_modules/lazy/package.json":    `{"imports":{"#part":"./part.js"}}`,
		"node_modules/browser/index.js":     `const os = require("os"), http2 = require("http2"), path = require("path"); module.exports = [os.platform(), Object.keys(http2), path];`,
		"node_modules/browser/package.json": `{"browser":{"os":false,"http2":false,"path":"./path.js"}}`,
		"node_modules/browser/path.js":      `module.exports = "own path";`,
		"node_modules/old/index.js":         `module.exports = (s) => { /(\w)=(\w)/.test(s); return [typeof __filename, RegExp.$1, RegExp["$2"], RegExp.lastMatch]; };`,
	})
	sent, _ := deployed(t, dir, own)
	const want = `[1,1,true,2,["MODULE_NOT_FOUND","Cannot find module '@lost/driver/callback'; ` + "`npm install @lost/driver`" + ` installs it"],"part",["linux",[],"own path"],["string","k","v","k=v"],"/"]`
	h := runtimetest.NewOf(t, sent)
	if w := h.Ask(t, "GET", "/", ""); w.Body.String() != want {
		t.Fatalf("%d %s\nwant %s\n%s", w.Code, w.Body, want, h.Log)
	}
}

func TestAWorkspaceLinkMayLeadToFilesOfTheFolder(t *testing.T) {
	dir := t.TempDir()
	own := runtimetest.Files{"api/main.js": "import x from 'shared'; export default () => new Response(x);", "packages/shared/index.ts": `import y from "./y"; export default y as string;`, "packages/shared/y.ts": `export default "shared";`, "packages/shared/package.json": `{"main":"index.ts"}`}
	write(t, dir, own)
	if err := os.MkdirAll(filepath.Join(dir, "node_modules"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join("..", "packages", "shared"), filepath.Join(dir, "node_modules", "shared")); err != nil {
		t.Skip(err)
	}
	sent, names := deployed(t, dir, own)
	if len(names) > 0 {
		t.Errorf("duplicate files: %v", names)
	}
	if w := runtimetest.NewOf(t, sent).Ask(t, "GET", "/", ""); w.Body.String() != "shared" {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	delete(own, "packages/shared/index.ts")
	if _, err := compile.Gather(t.Context(), dir, false, own); err == nil || !strings.Contains(err.Error(), "excludes it") {
		t.Fatalf("got %v", err)
	}
}

// The engine used to continue before the cleanup of an async generator was done.
func TestExitingALoopWaitsForItsAsyncGenerator(t *testing.T) {
	h := runtimetest.New(t, `export default async () => {
		const log = [];
		async function* numbers() { try { yield 1; yield 2; } finally { await null; log.push("end"); } }
		for await (const n of numbers()) { log.push(n); break; }
		log.push("after");
		log.push(await (async () => { for await (const n of numbers()) return n; })());
		try { for await (const n of numbers()) throw "thrown"; } catch (e) { log.push(e); }
		return Response.json(log);
	};`)
	if got := h.Ask(t, "GET", "/", "").Body.String(); got != `[1,"end","after","end",1,"end","thrown"]` {
		t.Errorf("%s\n%s", got, h.Log)
	}
}

func TestNodeModulesThatAreMissingFailWhenUsed(t *testing.T) {
	h := runtimetest.New(t, `
import child, { spawn } from "node:child_process";
import * as repl from "repl";
class Own extends repl.REPLServer {}
const used = [() => spawn("ls"), () => child.exec("ls"), () => repl.start(), () => new Own(), () => repl.builtinModules.map(String), () => require("cluster").fork()];
export default () => Response.json([typeof spawn, child instanceof Object, Object.keys(child), { ...child }, ...used.map((f) => { try { return f(); } catch (e) { return e.message; } }),
	import.meta.url, import.meta.dirname, new URL("./x.txt", import.meta.url).href]);`)
	want := `["function",true,[],{},` +
		`"node:child_process.spawn is not available in functions; api/main.ts uses it","node:child_process.exec is not available in functions; api/main.ts uses it",` +
		`"node:repl.start is not available in functions; api/main.ts uses it","node:repl.REPLServer is not available in functions; api/main.ts uses it",` +
		`"node:repl.builtinModules.map is not available in functions; api/main.ts uses it","node:cluster.fork is not available in functions; api/main.ts uses it",` +
		`"file:///api/main.ts","/api","file:///api/x.txt"]`
	if w := h.Ask(t, "GET", "/", ""); w.Body.String() != want {
		t.Fatalf("%s\nwant %s\n%s", w.Body, want, h.Log)
	}
}

func TestTheEnvironmentOfCloudflareWorkers(t *testing.T) {
	needNodeModules(t)
	h := runtimetest.New(t, `import { env, WorkerEntrypoint } from "cloudflare:workers";
export default () => Response.json([env.A, "A" in env, Object.keys(env), { ...env }, env.NONE ?? null, typeof WorkerEntrypoint]);`)
	if w := h.Ask(t, "GET", "/", ""); w.Body.String() != `["b",true,["A"],{"A":"b"},null,"function"]` {
		t.Fatalf("%s\n%s", w.Body, h.Log)
	}
}

package runtime_test

import (
	"strconv"
	"testing"

	"fazt/internal/runtime/runtimetest"
)

// The expected values are those of Node 24.
func TestAtomics(t *testing.T) {
	for code, want := range map[string]string{
		`const a = new Int32Array(4); [Atomics.add(a, 1, 5), Atomics.add(a, 1, -7), a[1]]`:                                                               "[0,5,-2]",
		`const a = new Uint8Array(2); [Atomics.sub(a, 0, 1), a[0], Atomics.add(a, 0, 300), a[0]]`:                                                        "[0,255,255,43]",
		`const a = new Uint32Array(1); [Atomics.add(a, 0, 2 ** 53), a[0], Atomics.sub(a, 0, 1), a[0]]`:                                                   "[0,0,0,4294967295]",
		`const a = new Int16Array([12]); [Atomics.and(a, 0, 10), Atomics.or(a, 0, 3), Atomics.xor(a, 0, 1), a[0]]`:                                       "[12,8,11,10]",
		`const a = new Int8Array(1); [Atomics.store(a, 0, 300.7), Atomics.load(a, 0), Atomics.exchange(a, 0, "5"), a[0]]`:                                "[300,44,44,5]",
		`const a = new Uint8Array([44]); [Atomics.compareExchange(a, 0, 300, 9), Atomics.compareExchange(a, 0, 1, 7), a[0]]`:                             "[44,9,9]",
		`const a = new BigInt64Array(1); [Atomics.add(a, 0, 5n), Atomics.sub(a, 0, 7n), a[0]].map(String)`:                                               `["0","5","-2"]`,
		`const a = new BigUint64Array(1); [Atomics.sub(a, 0, 1n), Atomics.compareExchange(a, 0, -1n, 3n), a[0]].map(String)`:                             `["0","18446744073709551615","3"]`,
		`const a = new Int32Array(new SharedArrayBuffer(8)); [Atomics.notify(a, 0, 1), Atomics.add(a, 1, 1), a[1]]`:                                      "[0,0,1]",
		`[1, 2, 3, 4, 8, 16].map(Atomics.isLockFree)`:                                                                                                    "[true,true,false,true,true,false]",
		`[Atomics.add.name, Atomics.add.length, Atomics.compareExchange.length, Atomics.pause(), String(Atomics)]`:                                       `["add",3,4,null,"[object Atomics]"]`,
		`try { Atomics.add(new Float64Array(1), 0, 1) } catch (e) { e.name }`:                                                                            `"TypeError"`,
		`try { Atomics.add(new Uint8ClampedArray(1), 0, 1) } catch (e) { e.name }`:                                                                       `"TypeError"`,
		`try { Atomics.add([1], 0, 1) } catch (e) { e.name }`:                                                                                            `"TypeError"`,
		`try { Atomics.add(new Int8Array(1), 1, 1) } catch (e) { e.name }`:                                                                               `"RangeError"`,
		`try { Atomics.load(new Int8Array(1), -1) } catch (e) { e.name }`:                                                                                `"RangeError"`,
		`try { Atomics.add(new BigInt64Array(1), 0, 1) } catch (e) { e.name }`:                                                                           `"TypeError"`,
		`try { Atomics.notify(new Int16Array(1), 0) } catch (e) { e.name }`:                                                                              `"TypeError"`,
		`try { Atomics.wait(new Int32Array(1), 0, 0) } catch (e) { e.name }`:                                                                             `"TypeError"`,
		`try { Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 0) } catch (e) { e.name }`:                                                   `"TypeError"`,
		`try { Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, { valueOf() { throw new RangeError("value") } }) } catch (e) { e.message }`:     `"value"`,
		`try { Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, { valueOf() { throw new RangeError("time") } }) } catch (e) { e.message }`:   `"time"`,
		`const a = new Int8Array(4); structuredClone(a.buffer, { transfer: [a.buffer] }); try { Atomics.load(a, 0) } catch (e) { e.name }`:               `"TypeError"`,
		`const b = new ArrayBuffer(4), a = new Int8Array(b); try { Atomics.store(a, 0, { valueOf() { b.transfer(); return 1 } }) } catch (e) { e.name }`: `"TypeError"`,
	} {
		h := runtimetest.New(t, "respond(JSON.stringify((0, eval)("+strconv.Quote(code)+")));")
		if w := h.Ask(t, "GET", "/", ""); w.Body.String() != want {
			t.Errorf("%s\n%s, want %s", code, w.Body, want)
		}
	}
}

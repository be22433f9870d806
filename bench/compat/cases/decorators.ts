function log<T extends (...a: never[]) => unknown>(f: T, c: ClassMethodDecoratorContext) { return function (this: unknown, ...a: never[]) { return [c.name, f.apply(this, a)]; } as unknown as T; }
enum Color { Red = "r", Blue = "b" }
namespace N { export const x = 1; }
class P { constructor(private readonly a: number, public b = 2) {} @log sum() { return this.a + this.b; } accessor q = 3; static #c = 4; static c() { return P.#c; } }
export default () => Response.json([new P(1).sum(), Color.Red, N.x, new P(1).q, P.c(), ((x: unknown) => x satisfies unknown)(1)]);

// npm: reflect-metadata@0.2.2 inversify@7.11.0 class-transformer@0.5.1 class-validator@0.14.4
import "reflect-metadata";
import { Container } from "inversify";
import { plainToInstance, instanceToPlain } from "class-transformer";
import { isEmail } from "class-validator";
class A { get up() { return this.n + 1; } }
export default () => { const c = new Container(); c.bind("x").toConstantValue(5); return Response.json([c.get("x"), plainToInstance(A, { n: 1 }).up, instanceToPlain(Object.assign(new A(), { n: 2 })), isEmail("a@b.co")]); };

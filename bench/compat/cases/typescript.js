// npm: typescript@5.8.3
import ts from "typescript";
export default () => new Response(ts.transpileModule("enum A { X = 1 } const f = <T,>(x: T): T => x; export { A, f }", { compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2020 } }).outputText);

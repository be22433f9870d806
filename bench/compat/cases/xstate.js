// npm: xstate@5.33.3
import { createMachine, createActor, assign } from "xstate";
const m = createMachine({ id: "t", initial: "off", context: { n: 0 }, states: { off: { on: { T: "on" } }, on: { entry: assign({ n: ({ context }) => context.n + 1 }), on: { T: "off" } } } });
export default () => { const a = createActor(m).start(); a.send({ type: "T" }); a.send({ type: "T" }); a.send({ type: "T" }); const s = a.getSnapshot(); return Response.json([s.value, s.context]); };

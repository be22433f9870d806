// npm: svelte@5.57.3
import { compile } from "svelte/compiler";
export default () => { const { js, css } = compile("<script>let { a = 1 } = $props();</script><p class='x'>{a}</p><style>.x{color:red}</style>", { generate: "server", filename: "A.svelte", css: "external" }); return Response.json([js.code, css.code]); };

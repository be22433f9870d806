// npm: vue@3.5.45 @vue/server-renderer@3.5.45
import { createSSRApp, h, ref, computed } from "vue";
import { renderToString } from "@vue/server-renderer";
const C = { props: ["x"], setup: (p) => { const n = ref(p.x), d = computed(() => n.value * 2); return () => h("p", { class: ["a", { b: true }], style: { color: "red" } }, ["<", d.value]); } };
export default async () => new Response(await renderToString(createSSRApp({ render: () => h("div", [h(C, { x: 21 })]) })));

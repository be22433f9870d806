import { h } from "preact";
import { renderToString } from "preact-render-to-string";
const Row = ({ id, name }) => h("tr", { class: id % 2 ? "odd" : "even" }, h("td", null, id), h("td", { style: { color: "red" } }, name), h("td", null, h("a", { href: "/users/" + id }, "open")));
const Page = ({ rows }) => h("html", null, h("body", null, h("h1", null, "Users & <friends>"), h("table", null, h("tbody", null, rows.map((r) => h(Row, { key: r.id, ...r }))))));
export default () => {
	const rows = Array.from({ length: 80 }, (_, id) => ({ id, name: "Name " + id }));
	let n = 0;
	for (let i = 0; i < 10; i++) n += renderToString(h(Page, { rows })).length;
	return n;
};

// npm: ejs@3.1.10
import ejs from "ejs";
export default () => new Response(ejs.render("<% for (const x of list) { %><b><%= x %></b><% } %>", { list: ["a", "<"] }));

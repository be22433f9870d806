// npm: nunjucks@3.2.4
import nunjucks from "nunjucks";
export default () => new Response(nunjucks.renderString("Hi {{ name | upper }}{% for x in list %}, {{ loop.index }}{% endfor %}", { name: "ada", list: [1, 2] }));

// npm: liquidjs@10.21.1
import { Liquid } from "liquidjs";
export default async () => new Response(await new Liquid().parseAndRender("{{ 'ada' | capitalize }} {% for i in (1..3) %}{{ i }}{% endfor %}"));

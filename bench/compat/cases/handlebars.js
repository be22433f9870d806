// npm: handlebars@4.7.8
import Handlebars from "handlebars";
export default () => new Response(Handlebars.compile("Hi {{name}}{{#each list}} {{this}}{{/each}}")({ name: "<Ada>", list: [1, 2] }));

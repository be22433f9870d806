// npm: underscore@1.13.8
import _ from "underscore";
export default () => Response.json([_.zip([1, 2], [3, 4]), _.countBy("hello".split("")), _.template("<% for (const x of l) { %>[<%- x %>]<% } %>")({ l: ["<", "a"] })]);

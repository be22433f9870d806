// npm: mathjs@14.5.2
import { evaluate, matrix, multiply, derivative, format } from "mathjs";
export default () => Response.json([evaluate("sqrt(3^2 + 4^2)"), multiply(matrix([[1, 2], [3, 4]]), [1, 1]).toArray(), derivative("x^2 + x", "x").toString(), format(evaluate("12.7 cm to inch"), 6)]);

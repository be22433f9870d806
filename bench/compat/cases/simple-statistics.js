// npm: simple-statistics@7.12.1 ml-matrix@6.15.1 d3-array@3.2.5 d3-scale@4.0.3 d3-shape@3.2.1 d3-format@3.1.3 d3-time-format@4.1.1
import * as ss from "simple-statistics";
import { Matrix, inverse } from "ml-matrix";
import { mean, bin, rollup } from "d3-array";
import { scaleLinear } from "d3-scale";
import { line } from "d3-shape";
import { format } from "d3-format";
import { utcFormat } from "d3-time-format";
export default () => Response.json([ss.standardDeviation([1, 2, 3]), ss.linearRegression([[0, 0], [1, 2]]), inverse(new Matrix([[2, 0], [0, 4]])).to2DArray(), mean([1, 2]), bin()([1, 2, 3, 4]).length, [...rollup([1, 2, 3], (v) => v.length, (d) => d % 2)], scaleLinear([0, 10], [0, 100]).ticks(3), line()([[0, 1], [2, 3]]), format(",.2f")(1234.5), utcFormat("%Y %j")(new Date(0))]);

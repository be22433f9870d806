// npm: chess.js@1.4.0 pathfinding@0.4.18 graphology@0.26.0 @dagrejs/dagre@1.1.8 heap-js@2.7.1 denque@2.1.0 bitset@5.3.0 javascript-lp-solver@0.4.24
import { Chess } from "chess.js";
import Graph from "graphology";
import dagre from "@dagrejs/dagre";
import { Heap } from "heap-js";
import Denque from "denque";
import BitSet from "bitset";
import solver from "javascript-lp-solver";
import PF from "pathfinding";
export default () => { const c = new Chess(); c.move("e4"); c.move("e5"); const g = new Graph(); g.addNode("a"); g.addNode("b"); g.addEdge("a", "b"); const d = new dagre.graphlib.Graph(); d.setGraph({}); d.setDefaultEdgeLabel(() => ({})); d.setNode("a", { width: 10, height: 10 }); d.setNode("b", { width: 10, height: 10 }); d.setEdge("a", "b"); dagre.layout(d); const h = new Heap(); h.push(3, 1, 2); return Response.json([c.fen(), c.moves().length, g.order, d.node("b"), h.pop(), new Denque([1, 2]).shift(), new BitSet("101").cardinality(), solver.Solve({ optimize: "x", opType: "max", constraints: { c: { max: 4 } }, variables: { a: { x: 2, c: 1 } } }).result, new PF.AStarFinder().findPath(0, 0, 2, 2, new PF.Grid(3, 3)).length]); };

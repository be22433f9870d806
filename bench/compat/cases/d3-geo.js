// npm: d3-geo@3.1.2 @turf/turf@7.4.0 ngeohash@0.6.4
import { geoMercator, geoPath, geoDistance } from "d3-geo";
import * as turf from "@turf/turf";
import ngeohash from "ngeohash";
export default () => Response.json([geoPath(geoMercator())({ type: "LineString", coordinates: [[0, 0], [10, 10]] }), geoDistance([0, 0], [90, 0]), turf.distance([0, 0], [1, 1]), turf.area(turf.bboxPolygon([0, 0, 1, 1])), turf.booleanPointInPolygon([0.5, 0.5], turf.bboxPolygon([0, 0, 1, 1])), ngeohash.encode(48.85, 2.35)]);

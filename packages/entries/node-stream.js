import Stream from "readable-stream/lib/stream.js";
export default Stream;

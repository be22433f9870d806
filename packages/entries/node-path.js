import path from "path-browserify";
path.posix = path;
export default path;

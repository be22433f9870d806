// The build for browsers: the other one reads from the network and the disk, which functions do not.
export * as default from "../node_modules/cheerio/dist/browser/index.js";

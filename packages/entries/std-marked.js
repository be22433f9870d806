export * as default from "marked";

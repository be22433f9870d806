export { default } from "assert/";

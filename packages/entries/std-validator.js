export { default } from "validator";

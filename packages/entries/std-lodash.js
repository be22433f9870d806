export { default } from "lodash";

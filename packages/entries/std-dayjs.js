export { default } from "dayjs";

// npm: moment@2.31.0
import moment from "moment";
export default () => Response.json([moment.utc("2024-02-29").add(1, "y").format("LLLL"), moment.duration(90, "minutes").humanize(), moment.utc("2024-01-01").isoWeek(), moment.utc("31/12/2023", "DD/MM/YYYY", true).isValid()]);

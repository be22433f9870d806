// npm: dayjs@1.11.23
import dayjs from "dayjs";
import utc from "dayjs/plugin/utc.js";
import tz from "dayjs/plugin/timezone.js";
import relative from "dayjs/plugin/relativeTime.js";
import "dayjs/locale/de.js";
dayjs.extend(utc); dayjs.extend(tz); dayjs.extend(relative);
export default () => Response.json([dayjs.utc("2024-02-29T12:00Z").add(1, "year").format("YYYY-MM-DD HH:mm"), dayjs.tz("2024-07-01 12:00", "America/New_York").toISOString(), dayjs.utc("2024-01-01").locale("de").format("dddd D. MMMM"), dayjs("2024-01-05").from(dayjs("2024-01-01"))]);

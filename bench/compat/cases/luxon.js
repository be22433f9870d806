// npm: luxon@3.7.2
import { DateTime, Duration, Interval } from "luxon";
const d = DateTime.fromISO("2024-03-10T01:30", { zone: "America/New_York" });
export default () => Response.json([d.plus({ hours: 1 }).toISO(), d.toUTC().toISO(), Duration.fromObject({ hours: 25, minutes: 61 }).normalize().toISO(), Interval.after(d, { days: 3 }).length("hours"), d.setLocale("en-US").toLocaleString(DateTime.DATETIME_FULL), d.weekNumber]);

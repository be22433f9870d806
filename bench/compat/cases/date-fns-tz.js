// npm: date-fns-tz@3.2.0 date-fns@4.1.0
import { formatInTimeZone, fromZonedTime } from "date-fns-tz";
export default () => Response.json([formatInTimeZone(new Date(0), "Asia/Tokyo", "yyyy-MM-dd HH:mm:ss xxx"), fromZonedTime("2024-07-01 10:00", "Europe/Berlin").toISOString()]);

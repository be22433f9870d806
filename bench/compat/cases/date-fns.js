// npm: date-fns@4.1.0
import { addDays, formatISO, differenceInCalendarDays, parseISO } from "date-fns";
export default () => Response.json([formatISO(addDays(parseISO("2026-01-31T00:00:00Z"), 29)).slice(0, 10), differenceInCalendarDays(new Date(9e11), new Date(8e11))]);

// npm: temporal-polyfill@0.3.2
import { Temporal } from "temporal-polyfill";
export default () => Response.json([Temporal.PlainDate.from("2024-01-31").add({ months: 1 }).toString(), Temporal.Instant.from("2024-03-31T00:30Z").toZonedDateTimeISO("Europe/Berlin").add({ hours: 1 }).toString(), Temporal.Duration.from("PT130M").round({ largestUnit: "hour" }).toString()]);

const { groupBy } = require("lodash");
const { v4 } = require("uuid");
const { z } = require("zod");
const dayjs = require("dayjs");

const order = z.object({ id: z.string(), day: z.string(), sum: z.number().positive() });
const orders = [3, 5, 8].map((sum) => order.parse({ id: v4(), day: dayjs("2030-01-05").add(sum, "day").format("YYYY-MM"), sum }));
respond({ months: groupBy(orders, "day") });

// npm: joi@17.13.9
import Joi from "joi";
const s = Joi.object({ name: Joi.string().alphanum().min(3).required(), born: Joi.date().iso() });
export default () => Response.json([s.validate({ name: "ab" }).error.details, s.validate({ name: "abc", born: "2020-01-01" }).value]);

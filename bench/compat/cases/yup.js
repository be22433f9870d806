// npm: yup@1.7.1
import * as yup from "yup";
const s = yup.object({ name: yup.string().required(), age: yup.number().min(18) });
export default async () => Response.json(await s.validate({ age: 3 }, { abortEarly: false }).catch((e) => e.errors));

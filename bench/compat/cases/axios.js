// npm: axios@1.10.0
import axios from "axios";
export default () => Response.json([axios.getUri({ url: "/a", params: { b: [1, 2], c: "x y" } }), axios.isAxiosError(new Error()), typeof axios.create().get]);

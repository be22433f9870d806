// npm: pocketbase@0.26.9
import PocketBase from "pocketbase";
export default () => { const pb = new PocketBase("http://127.0.0.1"); return Response.json([pb.filter("a = {:x}", { x: "q'" }), pb.buildURL("/api"), pb.authStore.isValid]); };

// npm: stripe@18.5.0
import Stripe from "stripe";
export default async () => { const s = new Stripe("sk_test_x", { httpClient: Stripe.createFetchHttpClient() }); const body = JSON.stringify({ id: "evt_1", object: "event" }); const header = await s.webhooks.generateTestHeaderStringAsync({ payload: body, secret: "whsec_x" }); return Response.json(await s.webhooks.constructEventAsync(body, header, "whsec_x")); };

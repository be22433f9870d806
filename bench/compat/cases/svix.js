// npm: svix@1.68.0
import { Webhook } from "svix";
export default () => {
	const wh = new Webhook("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), at = new Date(1700000000000);
	return new Response(wh.sign("msg_1", at, '{"a":1}'));
};

// npm: @react-email/render@1.4.0 @react-email/components@0.1.1 react-dom@19.1.0
import { render } from "@react-email/render";
import { Html, Button, Text } from "@react-email/components";
export default async () => new Response(await render(<Html><Text>Hi</Text><Button href="https://x.y">Go</Button></Html>));

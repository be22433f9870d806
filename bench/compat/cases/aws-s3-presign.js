// npm: @aws-sdk/client-s3@3.1175.0 @aws-sdk/s3-request-presigner@3.1169.0
import { S3Client, GetObjectCommand } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
const s3 = new S3Client({ region: "us-east-1", credentials: { accessKeyId: "A", secretAccessKey: "B" } });
export default async () => { const url = new URL(await getSignedUrl(s3, new GetObjectCommand({ Bucket: "b", Key: "k" }), { signingDate: new Date(17e11), expiresIn: 60 })); return Response.json([url.host, url.pathname, url.searchParams.get("X-Amz-Signature")]); };

// npm: jszip@3.10.1
import JSZip from "jszip";
export default async () => {
	const zip = new JSZip();
	zip.file("a.txt", "hello", { date: new Date(0) });
	const back = await JSZip.loadAsync(await zip.generateAsync({ type: "uint8array" }));
	return new Response(await back.file("a.txt").async("string"));
};

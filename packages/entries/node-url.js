import * as url from "url/";
const { parse, resolve, resolveObject, format, Url } = url;
const { URL, URLSearchParams } = globalThis;

const write = (address, options = {}) => {
	if (!(address instanceof URL)) return format(address);
	const copy = new URL(address.href);
	if (options.auth === false) copy.username = copy.password = "";
	if (options.fragment === false) copy.hash = "";
	if (options.search === false) copy.search = "";
	return copy.href;
};
const fileURLToPath = (address) => {
	const { protocol, pathname } = new URL(address);
	if (protocol !== "file:") throw new TypeError("the URL must have the scheme file:");
	return decodeURIComponent(pathname);
};
const pathToFileURL = (path) => new URL("file://" + encodeURI(path).replace(/[?#]/g, encodeURIComponent));
const domainToASCII = (domain) => URL.parse("http://" + domain)?.hostname ?? "";
export default { parse, resolve, resolveObject, format: write, Url, URL, URLSearchParams, fileURLToPath, pathToFileURL, domainToASCII };

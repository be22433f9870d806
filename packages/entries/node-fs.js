// The files below private/ of the deployment, which are all that functions can read.
import { Buffer } from "node:buffer";

const failure = (code, text, call, path) => Object.assign(new Error(`${code}: ${text}, ${call} '${path}'`), { code, syscall: call, path, errno: -2 });
const nameOf = (path) => {
	let name = typeof path === "object" && path?.href ? decodeURIComponent(path.pathname) : String(path);
	name = name.replace(/^file:\/\//, "").replace(/^(\.?\/)+/, "").replace(/^(\.\.\/)*private(\/|$)/, "").replace(/\/+$/, "");
	return name;
};
const files = () => fazt.private?.list() ?? [];
const read = (name) => name === "" ? undefined : fazt.private?.read(name);
const has = (name) => name !== "" && (fazt.private?.exists(name) ?? false);
const isFolder = (name) => name === "" || files().some((file) => file.startsWith(name + "/"));
const encodingOf = (options) => typeof options === "string" ? options : options?.encoding;

const readFileSync = (path, options) => {
	const name = nameOf(path), text = read(name);
	if (text === undefined) throw isFolder(name) ? failure("EISDIR", "illegal operation on a directory", "read", path) : failure("ENOENT", "no such file or directory (functions read files below private/)", "open", path);
	const encoding = encodingOf(options), bytes = Buffer.from(text);
	return encoding && encoding !== "buffer" ? /^utf-?8$/i.test(encoding) ? text : bytes.toString(encoding) : bytes;
};
const existsSync = (path) => {
	try { const name = nameOf(path); return has(name) || isFolder(name); } catch { return false; }
};
const readdirSync = (path) => {
	const name = nameOf(path), prefix = name === "" ? "" : name + "/";
	if (!isFolder(name)) throw failure("ENOENT", "no such file or directory", "scandir", path);
	return [...new Set(files().filter((file) => file.startsWith(prefix)).map((file) => file.slice(prefix.length).split("/")[0]))];
};
const statSync = (path, { throwIfNoEntry = true } = {}) => {
	const name = nameOf(path), file = has(name);
	if (!file && !isFolder(name)) {
		if (!throwIfNoEntry) return undefined;
		throw failure("ENOENT", "no such file or directory", "stat", path);
	}
	return { isFile: () => file, isDirectory: () => !file, isSymbolicLink: () => false, size: file ? Buffer.byteLength(read(name) ?? "") : 0, mtime: new Date(0), mtimeMs: 0, mode: 0o444 };
};
const accessSync = (path, mode = 0) => {
	if (!existsSync(path)) throw failure("ENOENT", "no such file or directory", "access", path);
	if (mode & 2) throw failure("EROFS", "read-only file system", "access", path);
};
const realpathSync = Object.assign((path) => (accessSync(path), String(path)), { native: (path) => String(path) });

const fs = { readFileSync, existsSync, readdirSync, statSync, lstatSync: statSync, accessSync, realpathSync }, promises = {};
for (const name of ["writeFile", "appendFile", "mkdir", "rm", "unlink", "rename", "copyFile", "rmdir", "chmod", "utimes", "mkdtemp", "open", "symlink", "truncate"]) {
	fs[name + "Sync"] = (path) => { throw failure("EROFS", "read-only file system (functions store data with fazt.app.kv)", name, path); };
}
for (const name of Object.keys(fs)) {
	const plain = name.slice(0, -4), sync = fs[name];
	if (plain === "exists") continue;
	promises[plain] = async (...args) => sync(...args);
	fs[plain] = (...args) => {
		const done = args.pop();
		promises[plain](...args).then((value) => done(null, value), done);
	};
}
fs.exists = (path, done) => queueMicrotask(() => done(existsSync(path)));
fs.createReadStream = (path, options) => __fazt_node("stream").Readable.from([readFileSync(path, options)], { objectMode: false });
fs.createWriteStream = fs.writeFileSync;
fs.watch = fs.watchFile = fs.unwatchFile = () => ({ close() {}, on() {} });
const constants = promises.constants = { F_OK: 0, R_OK: 4, W_OK: 2, X_OK: 1, O_RDONLY: 0, O_WRONLY: 1, O_RDWR: 2, O_CREAT: 64, O_EXCL: 128, O_TRUNC: 512, O_APPEND: 1024, COPYFILE_EXCL: 1 };
export default { ...fs, promises, constants, ...constants };

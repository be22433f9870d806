// A machine without properties: functions learn nothing about theirs.
const os = {
	EOL: "\n", devNull: "/dev/null", arch: () => "x64", platform: () => "linux", type: () => "Linux", release: () => "", version: () => "", machine: () => "x86_64",
	hostname: () => "localhost", homedir: () => "/", tmpdir: () => "/tmp", endianness: () => "LE", uptime: () => performance.now() / 1000, loadavg: () => [0, 0, 0],
	totalmem: () => 0, freemem: () => 0, cpus: () => [], availableParallelism: () => 1, networkInterfaces: () => ({}), userInfo: () => ({ username: "fazt", uid: -1, gid: -1, shell: null, homedir: "/" }),
	getPriority: () => 0, setPriority() {}, constants: { signals: {}, errno: {}, priority: {}, dlopen: {} },
};
export default os;

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it } from "vitest";

/** Runs in a process of its own: this one has loaded libc for other tests. */
const SCRIPT = `
import { networkInterfaces } from "node:os";
import { isLibcLoaded } from ${JSON.stringify(new URL("../../src/kernel/libc.ts", import.meta.url).href)};
import { kernelRoute, sourceRoute } from ${JSON.stringify(new URL("../../src/index.ts", import.meta.url).href)};
const nic = (name, isDefault) => ({ name, index: null, isDefault: () => isDefault });
const [name, address] = Object.entries(networkInterfaces()).flatMap(([name, list]) =>
	list.filter((each) => each.family === "IPv4").map((each) => [name, each.address])).at(-1);
const sockets = sourceRoute({ af: 4, nic: nic(name, true), ip: address });
const udp = await sockets.udp();
udp.close();
const server = await kernelRoute(4).listen();
server.close();
console.log(isLibcLoaded());
try { sourceRoute({ af: 4, nic: nic("gone0", false), ip: address }); } catch {}
console.log(isLibcLoaded());
`;

it("the default NIC's UDP sockets and servers do not load libc, another NIC's do", async () => {
	const { stdout } = await promisify(execFile)(process.execPath, [
		...["--conditions=@p2pd/source", "--import", import.meta.resolve("tsx"), "--input-type=module"],
		...["--eval", SCRIPT],
	]);
	// On a machine with loopback only there is nothing to bind to a device.
	expect(stdout).toMatch(/^false\n(true|false)\n$/);
});

import { createSocket } from "node:dgram";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { sourceRoute } from "@p2pd/route";
import { mapPort, type PortMapMethod, type PortMapping } from "../../../src/index.js";

/** What the scenario is given. */
export interface MapAndServe {
	readonly port: number;
	readonly methods: readonly PortMapMethod[];
	readonly ip: string;
	readonly gateway: string;
	/** A file; when it appears the mappings are deleted. */
	readonly stop: string;
}

/** Serves an echo over TCP and UDP, maps both, says so line by line, and deletes the mappings when told to. */
export async function run({ port, methods, ip, gateway, stop }: MapAndServe): Promise<void> {
	const say = (what: object): void => void process.stdout.write(`${JSON.stringify(what)}\n`);
	const server = createServer((socket) => void socket.on("error", () => undefined).pipe(socket));
	await new Promise<void>((resolve) => server.listen(port, ip, resolve));
	const udp = createSocket("udp4");
	udp.on("message", (data, from) => udp.send(data, from.port, from.address));
	await new Promise<void>((resolve) => udp.bind(port, ip, resolve));
	const mappings: PortMapping[] = [];
	const sockets = sourceRoute({ af: 4, nic: null, ip });
	for (const protocol of ["tcp", "udp"] as const) {
		const start = performance.now();
		const result = await mapPort(
			{ protocol, internalPort: port, methods, checkInterval: 500, timeout: 3_000 },
			{ gateway, sockets },
		);
		const ms = Math.round(performance.now() - start);
		if (!result.ok) {
			say({ protocol, ok: false, reason: result.reason, attempts: result.attempts, ms });
			continue;
		}
		const { mapping } = result;
		say({ protocol, ok: true, method: mapping.method, external: mapping.external, reach: mapping.reach, ms });
		mapping.on("renewed", (external) => say({ protocol, renewed: external }));
		mapping.on("lost", (reason) => say({ protocol, lost: reason }));
		mappings.push(mapping);
	}
	while (!existsSync(stop)) await new Promise((resolve) => setTimeout(resolve, 50));
	for (const mapping of mappings) {
		await mapping.close();
		say({ protocol: mapping.protocol, closed: true });
	}
	// The test looks at the router now; it ends this process.
	await new Promise((resolve) => setTimeout(resolve, 60_000));
}

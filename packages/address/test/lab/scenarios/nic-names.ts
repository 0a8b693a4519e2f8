import { createSocket } from "node:dgram";
import { once } from "node:events";
import { networkInterfaces } from "node:os";
import { Address, AddressError, type NicServers, type ResolverSockets } from "../../../src/index.js";

/** One `res()` through a NIC. */
export interface NicNamesCase {
	readonly host: string;
	readonly nic: string;
	/** Whether the kernel's default route leaves by it. */
	readonly isDefault: boolean;
	/** DNS servers that the system has for the NIC. @default those of the system */
	readonly servers?: readonly string[];
	readonly timeout?: number;
}

/** What came of it, as JSON can carry it. */
export interface NicNamesResult {
	readonly ips: readonly string[];
	readonly way: string | null;
	readonly code: string | null;
	/** Whether it took no more than a second longer than its time limit. */
	readonly onTime: boolean;
}

/** Resolves a name through each NIC, one after the other. */
export async function run(cases: readonly NicNamesCase[]): Promise<readonly NicNamesResult[]> {
	const results: NicNamesResult[] = [];
	for (const each of cases) results.push(await resolveOne(each));
	return results;
}

async function resolveOne(one: NicNamesCase): Promise<NicNamesResult> {
	const { host, servers, timeout = 5000 } = one;
	const nicServers: NicServers | undefined = servers && (async () => servers);
	const address = new Address(host, 80, { timeout }, nicServers === undefined ? {} : { nicServers });
	const started = performance.now();
	const onTime = (): boolean => performance.now() - started < timeout + 1000;
	try {
		await address.res(socketsOf(one));
		return {
			ips: address.endpoints().map(({ ip }) => ip),
			way: address.resolution.way,
			code: null,
			onTime: onTime(),
		};
	} catch (error) {
		if (!(error instanceof AddressError)) throw error;
		return { ips: [], way: null, code: error.code, onTime: onTime() };
	}
}

/** Sockets bound to the NIC's IPv4 address. The laboratory routes by source address, so they leave by that NIC. */
function socketsOf({ nic, isDefault }: NicNamesCase): ResolverSockets {
	const localIp = networkInterfaces()[nic]?.find(({ family }) => family === "IPv4")?.address;
	if (localIp === undefined) throw new Error(`${nic} has no IPv4 address`);
	return {
		af: 4,
		nic: { name: nic, index: null, isDefault: () => isDefault },
		localIp,
		async udp() {
			const socket = createSocket("udp4");
			socket.bind(0, localIp);
			await once(socket, "listening");
			return socket;
		},
	};
}

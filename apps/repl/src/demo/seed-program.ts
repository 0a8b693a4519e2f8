import { Address, Interface, initP2pd, loadInterfaces, pipeOpen, TCP } from "@p2pd/core";

/** Which way the program takes, and where to. */
export interface SeedOptions {
	/** The NIC's name; without it, the default NIC. */
	readonly nic?: string;
	readonly host: string;
	readonly port: number;
	/** STUN servers as `host:port`; without it, P2PD_STUN_SERVERS or the public default list. */
	readonly stunServers?: readonly string[];
	/** Leave the machine's other NICs alone: for servers that only this NIC reaches. @default false */
	readonly onlyThisNic?: boolean;
	readonly signal?: AbortSignal;
}

/** What the program found and heard. */
export interface SeedResult {
	/** The NIC, started and with its NAT loaded. Close it. */
	readonly nic: Interface;
	/** Names of the usable NICs. */
	readonly nics: readonly string[];
	/** The address that the connection left from. */
	readonly localIp: string;
	/** The destination as it was resolved. */
	readonly destination: { readonly ip: string; readonly port: number };
	/** What came back, or null if nothing came within 3 seconds. */
	readonly answer: Buffer | null;
}

/**
 * The first program of the documentation as a function: from a NIC to its external address, its NAT and its routes, and
 * through one of them to a server and back.
 */
export async function seedProgram(options: SeedOptions): Promise<SeedResult> {
	const { nic: name, host, port, stunServers, signal } = options;
	const servers = stunServers === undefined ? {} : { stunServers };
	const common = signal === undefined ? {} : { signal };
	const netifaces = await initP2pd();
	const nic = await new Interface(name, servers).start(common);
	await nic.loadNat(common);
	const nics = options.onlyThisNic ? [] : await loadInterfaces({ netifaces, ...servers, ...common });
	const af = nic.supported()[0];
	const route = await nic.route(af).bind();
	const dest = await new Address(host, port).res(route, common);
	const pipe = await pipeOpen(route, TCP, dest, common);
	let answer: Buffer | null;
	try {
		pipe.subscribe();
		await pipe.send(Buffer.from("Test\r\n\r\n"));
		answer = await pipe.recv({ timeout: 3000 });
	} finally {
		await pipe.close();
	}
	for (const one of nics) one.close();
	const { ip } = dest.select(route.af);
	return {
		nic,
		nics: nics.map((one) => one.name),
		localIp: route.localIp,
		destination: { ip, port },
		answer,
	};
}

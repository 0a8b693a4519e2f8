import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { networkInterfaces } from "node:os";
import { IpAddress } from "@p2pd/address";
import type { Family, NicRef } from "@p2pd/net";
import {
	kernelRoute,
	type Observation,
	type Route,
	RouteError,
	resolveRoutes,
	sourceRoute,
} from "@p2pd/route";

export interface ResolveInput {
	readonly af: Family;
	readonly nic: string;
	/** A STUN server. */
	readonly server: { readonly ip: string; readonly port: number };
	/** The indexes of the pool to bind and ask the server from, as text. */
	readonly indexes: readonly string[];
}

/** Resolves a NIC's routes as the OS has its addresses, then asks for the external address of some pool members. */
export async function run({ af, nic: name, server, indexes }: ResolveInput) {
	const nic: NicRef = { name, index: null, isDefault: () => true };
	const addresses = (networkInterfaces()[name] ?? [])
		.filter((address) => address.family === `IPv${af}`)
		.map(({ address, cidr, scopeid }) => ({
			ip: scopeid ? `${address}%${name}` : address,
			cidr: Number(cidr?.split("/")[1]),
		}));
	const probe = await kernelRoute(af).udp();
	probe.connect(server.port, server.ip);
	await once(probe, "connect");
	const defaultSource = probe.address().address;
	probe.close();

	const observe = ({ ip }: { readonly ip: string }): Promise<Observation> =>
		seenAs(sourceRoute({ af, nic, ip }), server).then((seen) => ({ ip: seen, singleServer: true }));
	const { pool, unverified } = await resolveRoutes({ af, nic, addresses, observe, defaultSource });

	const asked = [];
	for (const index of indexes) {
		const route = pool.at(BigInt(index));
		asked.push({ expected: route?.extIp, ...(await askFrom(route, server)) });
	}
	return {
		addresses,
		defaultSource,
		text: String(pool),
		length: String(pool.length),
		json: pool.toJSON(),
		unverified: unverified.map(({ range, reason }) => `${range}: ${reason}`),
		asked,
	};
}

/** Binds a route and asks how its sockets are seen. */
async function askFrom(route: Route | undefined, server: ResolveInput["server"]) {
	try {
		const bound = await route?.bind();
		return bound && { localIp: bound.localIp, seen: await seenAs(bound, server) };
	} catch (error) {
		return { error: error instanceof RouteError ? error.code : String(error) };
	}
}

/** Asks a STUN server (RFC 5389) which address it sees. */
async function seenAs(sockets: Pick<ReturnType<typeof sourceRoute>, "udp">, server: ResolveInput["server"]) {
	const socket = await sockets.udp({ to: server.ip });
	try {
		const request = Buffer.from([0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, ...randomBytes(12)]);
		socket.send(request, server.port, server.ip);
		const [answer] = (await once(socket, "message", { signal: AbortSignal.timeout(2000) })) as [Buffer];
		return mappedAddress(answer);
	} finally {
		socket.close();
	}
}

/** The XOR-MAPPED-ADDRESS (0x0020) of an answer. */
function mappedAddress(message: Buffer): string {
	for (let at = 20; at < message.length; ) {
		const [type, size] = [message.readUInt16BE(at), message.readUInt16BE(at + 2)];
		const value = message.subarray(at + 4, at + 4 + size);
		if (type === 0x0020) {
			const bytes = value.subarray(4).map((byte, index) => byte ^ (message[4 + index] ?? 0));
			return IpAddress.fromBytes(bytes).toString();
		}
		at += 4 + size + ((4 - (size % 4)) % 4);
	}
	throw new Error("no mapped address in the answer");
}

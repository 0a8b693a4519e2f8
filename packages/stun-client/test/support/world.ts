import type { Endpoint } from "@p2pd/net";
import {
	buildNetwork,
	type DatagramHandler,
	type LinkSpec,
	ManualClock,
	type MemoryNetwork,
	type ServicePlace,
} from "@p2pd/testnet";
import { decodeMessage, encodeMessage, type MessageInput, type StunMessage } from "../../src/codec.js";
import { createStunResponder } from "../../src/server.js";

/** A server of a test's network. */
export interface WorldServer {
	/** Its name is its place: s0, s1, ... Its first IP is 8.8.n.1, its second 9.9.n.2. */
	readonly handler?: (place: ServicePlace) => DatagramHandler;
	readonly link?: LinkSpec;
}

/** A client on 82.1.1.9 and 2a02:8070::9, and servers, all on one outside network. */
export function world(servers: readonly WorldServer[], client: LinkSpec = {}, seed = 1): MemoryNetwork {
	const clock = new ManualClock();
	return buildNetwork(
		{
			outside: servers.map(({ link }, n) => ({
				name: `s${n}`,
				ips: [`8.8.${n}.1`, `9.9.${n}.2`, `2a00:1450:${n + 1}::1`, `2a01:1450:${n + 1}::2`],
				services: [{ kind: "stun", port: 3478, alternatePort: 3479 }],
				link: link ?? {},
			})),
			gateways: [],
			hosts: [
				{
					name: "client",
					nics: [
						{ name: "eth0", addresses: ["82.1.1.9/24", "2a02:8070::9/64"], gateway: null, link: client },
					],
				},
			],
		},
		{
			clock,
			seed,
			services: {
				stun: (place) => {
					const own = servers[Number(place.name.slice(1))]?.handler;
					return own === undefined ? honest(place, clock) : own(place);
				},
			},
		},
	);
}

/** The first address of the nth server. */
export const server = (n: number): Endpoint => ({ ip: `8.8.${n}.1`, port: 3478 });

const honest = ({ primary, alternate }: ServicePlace, clock: ManualClock): DatagramHandler =>
	createStunResponder({ primary, ...(alternate === null ? {} : { alternate }), rate: 0 }, { clock });

/** A server that answers each request with a message made of it; null is silence. */
export function answering(
	make: (
		request: StunMessage,
		from: Endpoint,
		localTo: Endpoint,
	) => Omit<MessageInput, "transactionId"> | null,
): (place: ServicePlace) => DatagramHandler {
	return () => (data, from, localTo) => {
		const request = decodeMessage(data);
		const message = make(request, from, localTo);
		if (message === null) return [];
		return [{ data: encodeMessage({ ...message, transactionId: request.transactionId }) }];
	};
}

/** A server that says that everybody's address is this one. */
export const liar = (ip: string): ((place: ServicePlace) => DatagramHandler) =>
	answering((_request, { port }) => ({
		class: "success",
		attributes: [{ name: "XOR-MAPPED-ADDRESS", value: { ip, port } }],
	}));

/** A server that never answers. */
export const dead = (): DatagramHandler => () => [];

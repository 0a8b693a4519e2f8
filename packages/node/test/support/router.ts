import { type MapPortOptions, type MapPortResult, PortMapping } from "@p2pd/port-map";
import { ManualClock } from "@p2pd/testnet";
import type { NodeNetwork, NodeRouter } from "../../src/index.js";
import { loopbackNetwork } from "./network.js";

/** Public addresses, to which nothing is ever sent: the dialer's network of these tests leads them to loopback. */
export const EXTERNAL = "11.22.33.44";
export const OTHER_EXTERNAL = "11.22.33.45";

const INTERNAL = "127.0.0.1";

/** A router of a test, before 127.0.0.1. It maps and deletes in a table; nothing is sent. */
export class TestRouter implements NodeRouter {
	readonly ip = INTERNAL;
	readonly gateway: string;
	readonly clock = new ManualClock();
	/** What is forwarded, as `tcp 4000`, and to which internal port. */
	readonly table = new Map<string, number>();
	external = EXTERNAL;
	grants = true;
	/** It has restarted. */
	forgot = false;
	/** How many mappings were asked for. */
	asked = 0;
	/** Added to the internal port. */
	shift: Readonly<Record<"tcp" | "udp", number>> = { tcp: 1, udp: 1 };

	constructor(gateway = "127.0.0.254") {
		this.gateway = gateway;
	}

	async mapPort(options: MapPortOptions): Promise<MapPortResult> {
		this.asked++;
		if (!this.grants) return { ok: false, reason: "refused", attempts: [], later: Promise.resolve(null) };
		return { ok: true, mapping: this.map(options), attempts: [] };
	}

	/** Grants a mapping. */
	map({ protocol, internalPort }: MapPortOptions): PortMapping {
		const request = { protocol, internalPort, externalPort: internalPort, lifetime: 7_200_000 };
		const grant = () => {
			const port = internalPort + this.shift[protocol];
			this.table.set(`${protocol} ${port}`, internalPort);
			return { method: "pcp", external: { ip: this.external, port }, lifetime: 7_200_000 } as const;
		};
		return new PortMapping({
			method: {
				method: "pcp",
				discover: async () => null,
				map: async () => (this.grants ? grant() : { outcome: "refused", code: 2, reason: "not authorized" }),
				unmap: async (_request, { port }) => {
					this.table.delete(`${protocol} ${port}`);
					return null;
				},
				hasForgotten: async () => this.forgot,
			},
			request,
			grant: grant(),
			clock: this.clock,
			checkInterval: 5000,
			verified: "not-checked",
		});
	}

	/** A host behind this router and a NAT that lets in only those that were written to. */
	network(routers: () => readonly NodeRouter[] = () => [this]): NodeNetwork {
		const loopback = loopbackNetwork();
		return {
			...loopback,
			gather: async (limits) =>
				(await loopback.gather(limits)).map((base) => ({
					...base,
					external: EXTERNAL,
					nat: { type: 5, delta: { type: 2, value: 0 } },
				})),
			routers: async () => routers(),
		};
	}

	/** A host on the Internet: what it connects to at the router's external address is forwarded by the table. */
	internet(): NodeNetwork {
		const loopback = loopbackNetwork();
		return {
			...loopback,
			sockets: (af) => {
				const real = loopback.sockets(af);
				return {
					af,
					nic: real.nic,
					localIp: real.localIp,
					listen: (options) => real.listen(options),
					udp: (options) => real.udp(options),
					connect: async ({ ip, port, ...rest }) => {
						const internal = this.table.get(`tcp ${port}`);
						if (ip !== this.external || internal === undefined)
							throw new Error(`nothing is at ${ip}:${port}`);
						return real.connect({ ...rest, ip: INTERNAL, port: internal });
					},
				};
			},
		};
	}
}

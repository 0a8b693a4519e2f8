import { createStunResponder } from "@p2pd/stun-client/server";
import {
	buildNetwork,
	type DatagramHandler,
	type GatewaySpec,
	type LinkSpec,
	type MemoryNetwork,
	oneGateway,
	type SceneOptions,
	type ServicePlace,
} from "@p2pd/testnet";
import { discoverNat, type NatOptions, type NatReport } from "../../src/index.js";

/** Turns the handler of an honest server into another. */
export type Wrap = (
	honest: DatagramHandler,
	place: ServicePlace,
	network: () => MemoryNetwork,
) => DatagramHandler;

/** One client behind one gateway, and STUN servers outside. */
export interface Scene {
	readonly gateway: GatewaySpec;
	readonly seed?: number;
	/** @default 5 */
	readonly servers?: number;
	/** Round trip in ms. @default 50 */
	readonly rtt?: number;
	/** Chance of loss on each way, 0 to 1. @default 0 */
	readonly loss?: number;
	/** More of the link between the gateway and the outside. */
	readonly link?: LinkSpec;
	/** Servers that are not honest, by number. */
	readonly bad?: Readonly<Record<number, Wrap>>;
	readonly scene?: Omit<SceneOptions, "servers" | "link">;
	readonly af?: 4 | 6;
	/** RESPONSE-PORT at the servers. @default false */
	readonly responsePort?: boolean;
	readonly options?: Partial<NatOptions>;
	/** Before discovery begins. */
	readonly prepare?: (network: MemoryNetwork) => void;
}

/** What a run showed. */
export interface Run {
	readonly report: NatReport;
	/** Virtual ms that it took. */
	readonly took: number;
	/** UDP datagrams that the client sent, counted on the wire. */
	readonly datagrams: number;
	readonly network: MemoryNetwork;
}

const serverNumber = (name: string): number => Number(name.replace("stun", ""));

/** The network of a scene. */
export function buildScene(scene: Scene): MemoryNetwork {
	const { gateway, seed = 1, servers = 5, rtt = 50, loss = 0, bad = {}, responsePort = false } = scene;
	let network: MemoryNetwork | null = null;
	const built = (): MemoryNetwork => {
		if (network === null) throw new Error("the network is not built yet");
		return network;
	};
	const topology = oneGateway(gateway, {
		...scene.scene,
		servers,
		link: { latency: rtt / 2, loss, ...scene.link },
		...(scene.af === 6 ? { ipv6: gateway } : {}),
	});
	network = buildNetwork(topology, {
		seed,
		services: {
			stun: (place) => {
				const honest = createStunResponder(
					{ primary: place.primary, alternate: place.alternate ?? undefined, rate: 0, responsePort },
					{ clock: { now: () => 0, setTimeout: () => 0, clearTimeout: () => undefined } },
				);
				const wrap = bad[serverNumber(place.name)];
				return wrap === undefined ? honest : wrap(honest, place, built);
			},
		},
	});
	return network;
}

/** The first addresses of the scene's servers. */
export function serversOf(count: number, af: 4 | 6 = 4): { ip: string; port: number }[] {
	return Array.from({ length: count }, (_, i) => ({
		ip: af === 4 ? `8.${40 + i}.1.1` : `2a00:${(0x1450 + i).toString(16)}:1::1`,
		port: 3478,
	}));
}

/** Run a discovery in a scene to its end. */
export async function runScene(scene: Scene): Promise<Run> {
	const network = buildScene(scene);
	scene.prepare?.(network);
	const { clock } = network;
	let datagrams = 0;
	const unwatch = network.watch(({ what, where, packet }) => {
		if (what === "sent" && where.startsWith("client") && packet.proto === "udp") datagrams++;
	});
	const started = clock.now();
	const af = scene.af ?? 4;
	const report = await clock.runUntil(
		discoverNat(
			{ servers: serversOf(scene.servers ?? 5, af), ...scene.options },
			{
				sockets: network.host("client").sockets(af),
				clock,
				random: (size) => network.random.bytes(size),
			},
		),
	);
	unwatch();
	return { report, took: clock.now() - started, datagrams, network };
}

/** A server that tells everybody the same lie about where they are seen. */
export const liar =
	(lie: { ip: string; port: number }): Wrap =>
	(honest) =>
	(data, from, localTo) =>
		honest(data, lie, localTo).map((reply) => ({ ...reply, to: from }));

/** A server that never answers. */
export const dead: Wrap = () => () => [];

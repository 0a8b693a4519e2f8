import { createStunResponder } from "@p2pd/stun-client/server";
import {
	buildScene as buildStunScene,
	type GatewaySpec,
	type LinkSpec,
	type MemoryNetwork,
	oneGateway,
	type SceneOptions,
	type ServerFault,
	type Scene as StunScene,
	stunServers,
} from "@p2pd/testnet";
import { discoverNat, type NatOptions, type NatReport } from "../../src/index.js";

/** Turns the handler of an honest server into another. */
export type Wrap = ServerFault;

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

/** The network of a scene. */
export function buildScene(scene: Scene): MemoryNetwork {
	return stunScene(scene).network;
}

function stunScene(scene: Scene): StunScene {
	const { gateway, seed = 1, servers = 5, rtt = 50, loss = 0, bad = {}, responsePort = false } = scene;
	const topology = oneGateway(gateway, {
		...scene.scene,
		servers,
		link: { latency: rtt / 2, loss, ...scene.link },
		...(scene.af === 6 ? { ipv6: gateway } : {}),
	});
	return buildStunScene(topology, {
		seed,
		stun: ({ primary, alternate }) =>
			createStunResponder(
				{ primary, alternate: alternate ?? undefined, rate: 0, responsePort },
				{ clock: { now: () => 0, setTimeout: () => 0, clearTimeout: () => undefined } },
			),
		faults: Object.fromEntries(Object.entries(bad).map(([number, fault]) => [`stun${number}`, fault])),
	});
}

/** The first addresses of the scene's servers. */
export function serversOf(count: number, af: 4 | 6 = 4): { ip: string; port: number }[] {
	return stunServers(count).map(({ ips }) => ({
		ip: ips.find((ip) => ip.includes(":") === (af === 6)) ?? "",
		port: 3478,
	}));
}

/** Run a discovery in a scene to its end. */
export async function runScene(scene: Scene): Promise<Run> {
	const { network, clock, servers, sent } = stunScene(scene);
	scene.prepare?.(network);
	const sentBefore = sent();
	const started = clock.now();
	const af = scene.af ?? 4;
	const report = await clock.runUntil(
		discoverNat(
			{ servers: servers(af), ...scene.options },
			{
				sockets: network.host("client").sockets(af),
				clock,
				random: (size) => network.random.bytes(size),
			},
		),
	);
	return { report, took: clock.now() - started, datagrams: sent() - sentBefore, network };
}

/** A server that tells everybody the same lie about where they are seen. */
export const liar =
	(lie: { ip: string; port: number }): Wrap =>
	(honest) =>
	(data, from, localTo) =>
		honest(data, lie, localTo).map((reply) => ({ ...reply, to: from }));

/** A server that never answers. */
export const dead: Wrap = () => () => [];

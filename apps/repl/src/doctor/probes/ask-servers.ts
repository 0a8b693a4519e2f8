import {
	type Family,
	hostPortText,
	ipVersion,
	isIp,
	kernelRoute,
	type NicInfo,
	type SocketFactory,
	type StunServerSpec,
} from "@p2pd/core";
import { socketsOf } from "../../commands/sockets.js";
import type { Context } from "../../context.js";
import { MAX_NAMES, MAX_STUN_SERVERS, PROBE_TIMEOUT } from "../defaults.js";
import type { DoctorOptions, Facts, LookupFact } from "../types.js";
import { lookUp, type Question } from "./lookup.js";
import { askStun, type StunQuestion } from "./stun.js";

/** The name that has IPv6 addresses only where a DNS64 makes them up (RFC 7050). */
const NAT64_NAME = "ipv4only.arpa";

/** The way that questions take. */
export interface Way {
	readonly context: Context;
	readonly nic: NicInfo | null;
	readonly families: readonly Family[];
	/** Leave by the NIC even where the kernel would choose another. */
	readonly isChosen: boolean;
}

/** The sockets to ask by; null where there is no address of that family to ask from. */
function socketsBy({ nic, isChosen }: Way, af: Family): SocketFactory | null {
	const has = nic?.addresses.some(
		(address) => address.af === af && address.scope !== "link" && address.tentative !== true,
	);
	if (nic === null || has !== true) return null;
	return isChosen ? socketsOf(nic, af) : kernelRoute(af);
}

/** Looks up the names, and asks each server by itself. Throws the signal's reason. */
export async function askServers(
	way: Way,
	servers: readonly StunServerSpec[],
	resolvers: readonly string[],
	own: DoctorOptions,
): Promise<Pick<Facts, "lookups" | "stun" | "nat64">> {
	const { signal } = way.context;
	const limits = { timeout: Math.min(way.context.timeLeft(), PROBE_TIMEOUT), signal };
	const some = servers.slice(0, MAX_STUN_SERVERS);
	const named = some.map(({ host }) => host).filter((host) => !isIp(host));
	const names = [...new Set(own.name ?? named)];
	const direct = names.slice(0, MAX_NAMES).flatMap((name) =>
		resolvers.flatMap((server): Question[] => {
			const sockets = way.isChosen ? socketsBy(way, ipVersion(server) === 6 ? 6 : 4) : null;
			return way.isChosen && sockets === null ? [] : [{ name, server, sockets, ...limits }];
		}),
	);
	const system = [...new Set([...names, ...named])].map((name) => ({
		name,
		server: null,
		sockets: null,
		...limits,
	}));
	const askingDirect = Promise.all(direct.map(lookUp));
	const askingNat64 = own.nat64
		? lookUp({ name: NAT64_NAME, server: null, sockets: null, ...limits })
		: Promise.resolve(null);
	const bySystem = (await Promise.all(system.map(lookUp))).flat();
	const questions = some.flatMap((server) => stunQuestions(way, server, bySystem, limits));
	const [byServer, nat64, stun] = await Promise.all([
		askingDirect,
		askingNat64,
		Promise.all(questions.map(askStun)),
	]);
	return {
		lookups: [...bySystem, ...byServer.flat()],
		stun,
		nat64: nat64?.find(({ af }) => af === 6)?.outcome ?? null,
	};
}

/** Each family that server and machine have, over UDP and TCP. */
function stunQuestions(
	way: Way,
	spec: StunServerSpec,
	lookups: readonly LookupFact[],
	limits: Pick<StunQuestion, "timeout" | "signal">,
): StunQuestion[] {
	return way.families.flatMap((af) => {
		const ip = isIp(spec.host)
			? [spec.host].find((host) => ipVersion(host) === af)
			: firstAddress(lookups, spec.host, af);
		const sockets = socketsBy(way, af);
		if (ip === undefined || sockets === null) return [];
		return (["udp", "tcp"] as const).map((transport) => ({
			server: hostPortText({ ip: spec.host, port: spec.port }),
			ip,
			port: spec.port,
			transport,
			sockets,
			...limits,
		}));
	});
}

function firstAddress(lookups: readonly LookupFact[], name: string, af: Family): string | undefined {
	const { outcome } = lookups.find((fact) => fact.name === name && fact.af === af) ?? {};
	return outcome?.status === "found" ? outcome.ips[0] : undefined;
}

import { endpointText } from "@p2pd/net";
import { PeerAddress, type PeerCandidate, type PeerIdentity } from "@p2pd/peer";
import type { MappedPort } from "./port-maps.js";
import type { NodeBase } from "./types.js";

/** How long an address is valid, in seconds: a day. A running node signs anew before. */
const LIFETIME_SECONDS = 86_400;
/** What an address can hold. */
const MAX_CANDIDATES = 32;

/** What an address is made of. */
export interface AddressParts {
	readonly identity: PeerIdentity;
	readonly signals: readonly string[];
	readonly bases: readonly NodeBase[];
	/** Ports that routers forward to one of the bases. */
	readonly mapped: readonly MappedPort[];
	/** The port that the node listens on. */
	readonly port: number;
	readonly lanAddresses: boolean;
	/** Milliseconds since 1970. */
	readonly now: number;
	/** The address before, whose sequence number this one exceeds. */
	readonly previous: PeerAddress | null;
}

/** Signs the node's address as it is now. */
export function signAddress(parts: AddressParts): PeerAddress {
	const { identity, now, previous, signals } = parts;
	const seconds = Math.floor(now / 1000);
	return PeerAddress.sign(identity, {
		signals: signals.slice(0, 4),
		candidates: candidatesOf(parts).slice(0, MAX_CANDIDATES),
		sequence: Math.max(seconds, (previous?.sequence ?? 0) + 1),
		expires: seconds + LIFETIME_SECONDS,
	});
}

/** LAN addresses first, then ports that a router forwards, then what the world sees; each address once. */
function candidatesOf({ bases, lanAddresses, mapped, port }: AddressParts): PeerCandidate[] {
	const common = { port, tcp: true, udp: true, mappedBy: null };
	const lan = bases
		.filter(({ isPublic }) => !isPublic && lanAddresses)
		.map(({ af, ip, nic }): PeerCandidate => ({ ...common, kind: "lan", af, ip, nic, nat: null }));
	const external = bases.flatMap(({ af, external: seen, ip, isPublic, nat, nic }): PeerCandidate[] => {
		const shown = seen ?? (isPublic ? ip : null);
		return shown === null ? [] : [{ ...common, kind: "external", af, ip: shown, nic, nat }];
	});
	const once = new Map(external.map((candidate) => [candidate.ip, candidate]));
	return [...lan, ...mappedCandidates(bases, mapped), ...once.values()];
}

/** One candidate for each endpoint outside: TCP and UDP have the same, unless one of them was taken. */
function mappedCandidates(bases: readonly NodeBase[], mapped: readonly MappedPort[]): PeerCandidate[] {
	const candidates = new Map<string, PeerCandidate>();
	for (const { external, ip: local, method, protocol } of mapped) {
		// What is forwarded to an address that this host no longer has leads nowhere.
		const base = bases.find(({ ip }) => ip === local);
		if (base === undefined) continue;
		const key = endpointText(external);
		const other = candidates.get(key);
		candidates.set(key, {
			kind: "mapped",
			af: base.af,
			ip: external.ip,
			port: external.port,
			tcp: protocol === "tcp" || other?.tcp === true,
			udp: protocol === "udp" || other?.udp === true,
			nic: base.nic,
			nat: null,
			mappedBy: other?.mappedBy ?? method,
		});
	}
	return [...candidates.values()];
}

import { classifyIp } from "@p2pd/address";
import { type Endpoint, sameEndpoint } from "@p2pd/net";
import { BATCH, BATCH_MS, HAIRPIN_DELAY } from "./defaults.js";
import type { Offer } from "./message.js";
import type { SidePlan } from "./plan.js";

/** An endpoint to send to from one of the sockets. */
export interface Target {
	/** Index of the socket. */
	readonly socket: number;
	readonly to: Endpoint;
	/** Milliseconds after the agreed instant. */
	readonly after: number;
	readonly path: "lan" | "external";
}

/** What follows from both offers. */
export interface Aim {
	readonly targets: readonly Target[];
	/** The address whose ports have to be guessed, or null. */
	readonly scan: string | null;
}

/** Where one side sends, by its plan and both offers. LAN addresses count only behind the same external address. */
export function aimAt(plan: SidePlan, ours: Offer, theirs: Offer): Aim {
	const targets: Target[] = [];
	const sameNat = ours.external !== null && theirs.external?.ip === ours.external.ip;
	if (sameNat) {
		for (const to of theirs.lan) {
			if (!ours.lan.some((own) => sameEndpoint(own, to)))
				targets.push({ socket: 0, to, after: 0, path: "lan" });
		}
	}
	const { external } = theirs;
	if (external === null) return { targets, scan: null };
	if (plan.targets === "scan") return { targets, scan: external.ip };
	const delay = plan.startsAfter + (sameNat && targets.length > 0 ? HAIRPIN_DELAY : 0);
	for (let socket = 0; socket < plan.sockets; socket++) {
		// Hundreds of sockets do not send all at once.
		const after = delay + Math.floor(socket / BATCH) * BATCH_MS;
		for (const port of portsFor(plan, socket, external.ports)) {
			targets.push({ socket, to: { ip: external.ip, port }, after, path: "external" });
		}
	}
	return { targets, scan: null };
}

function portsFor(plan: SidePlan, socket: number, ports: readonly number[]): readonly number[] {
	switch (plan.targets) {
		case "all":
			return ports;
		case "first":
			return ports.slice(0, 1);
		case "paired":
			return ports.slice(socket, socket + 1);
		case "staggered": {
			const index = socket + Math.floor(socket / plan.targetsParameter);
			return ports.slice(index, index + 1);
		}
		case "scan":
			return [];
	}
}

/**
 * The part of a peer's offer that is worth sending to. A peer may lie: it must not be able to aim this side's packets
 * at hosts inside its network or on this machine, nor at public hosts as "local" ones.
 */
export function believable(theirs: Offer, ours: Offer): Offer {
	const ourClass = ours.external === null ? "public" : classifyIp(ours.external.ip);
	const { external } = theirs;
	const honest = external !== null && (ourClass !== "public" || classifyIp(external.ip) === "public");
	const local = (end: Endpoint): boolean => {
		const itsClass = classifyIp(end.ip);
		return itsClass !== "public" && (itsClass !== "loopback" || ourClass === "loopback");
	};
	return { ...theirs, external: honest ? external : null, lan: theirs.lan.filter(local) };
}

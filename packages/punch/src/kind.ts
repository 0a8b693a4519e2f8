import type { DeltaType, NatReport, NatType } from "@p2pd/nat";

/** What is known of a NAT. A `NatReport` of `@p2pd/nat` is one; of a report only these fields are read. */
export type PunchNat = Pick<NatReport, "type" | "delta"> &
	Partial<Pick<NatReport, "externalIps">> & {
		readonly lifetime?: Pick<NatReport["lifetime"], "atLeast">;
		readonly tcp?: Pick<NatReport["tcp"], "mapping">;
	};

/** What of a NAT decides how it is punched. */
export interface NatKind {
	readonly type: NatType;
	readonly delta: DeltaType;
	/** The step of deltas 4 and 5; otherwise 0. */
	readonly step: number;
}

/** P2PD's assumption for what was not found out: port-restricted. Its ports are then observed, not predicted. */
const ASSUMED_TYPE: NatType = 5;
const ASSUMED_DELTA: DeltaType = 6;

/** The step of the counting kinds of {@link NAT_KINDS}, for tables and tests. */
const SAMPLE_STEP = 3;

/** The 23 kinds: open, firewall, blocked, and the 4 translating types with the 5 deltas. */
export const NAT_KINDS: readonly NatKind[] = [
	{ type: 1, delta: 1, step: 0 },
	{ type: 2, delta: 1, step: 0 },
	...([3, 4, 5, 6] as const).flatMap((type) =>
		([2, 3, 4, 5, 6] as const).map((delta) => ({
			type,
			delta,
			step: delta === 4 || delta === 5 ? SAMPLE_STEP : 0,
		})),
	),
	{ type: 7, delta: 1, step: 0 },
];

/**
 * The kind of a NAT for one transport. What the report does not know is assumed: port-restricted with an observable
 * port. Where TCP was seen to be mapped in another way than UDP, that counts for TCP.
 */
export function natKind(nat: PunchNat, transport: "udp" | "tcp"): NatKind {
	const type = nat.type === "unknown" ? ASSUMED_TYPE : nat.type;
	const delta = nat.delta.type === "unknown" ? ASSUMED_DELTA : nat.delta.type;
	const kind: NatKind = { type, delta, step: delta === 4 || delta === 5 ? nat.delta.value : 0 };
	if (transport === "udp") return kind;
	switch (nat.tcp?.mapping) {
		case "none":
			return type === 7 ? { type: 2, delta: 1, step: 0 } : kind;
		case "endpoint-independent":
			return type === 7 || type === 6
				? { ...kind, type: 5, delta: delta === 1 ? ASSUMED_DELTA : delta }
				: kind;
		case "varies":
			return { ...kind, type: 6, delta: delta === 1 ? ASSUMED_DELTA : delta };
		default:
			return kind;
	}
}

/** A short name: `open`, `firewall`, `blocked`, or such as `port-restricted/equal`. */
export function kindName({ type, delta }: NatKind): string {
	const plain = PLAIN_NAMES[type];
	return plain.translates ? `${plain.name}/${DELTA_NAMES[delta]}` : plain.name;
}

const PLAIN_NAMES: Readonly<Record<NatType, { readonly name: string; readonly translates: boolean }>> = {
	1: { name: "open", translates: false },
	2: { name: "firewall", translates: false },
	3: { name: "full-cone", translates: true },
	4: { name: "restricted", translates: true },
	5: { name: "port-restricted", translates: true },
	6: { name: "symmetric", translates: true },
	7: { name: "blocked", translates: false },
};

const DELTA_NAMES: Readonly<Record<DeltaType, string>> = {
	1: "none",
	2: "equal",
	3: "preserving",
	4: "independent",
	5: "dependent",
	6: "random",
};

import { createHash } from "node:crypto";

/**
 * What peers send each other on a path. `probe`: "I am here". `pick`: the leader hears the follower on this path and
 * wants it. `picked`: the follower has taken it. `keep`: keeps the mapping alive.
 */
export type PacketKind = "probe" | "pick" | "picked" | "keep";

/** Bytes of a packet: 4 that say what it is, 16 that prove who sent it. */
export const PACKET_SIZE = 20;

const KINDS: readonly PacketKind[] = ["probe", "pick", "picked", "keep"];
const TOKEN_SIZE = 16;

/**
 * The packets of one punch. Each kind and direction has a token of its own that follows from both secrets, so that a
 * stranger can make none, and neither an echo nor a repeat of one kind can pass for another.
 */
export class Packets {
	readonly #ours: ReadonlyMap<PacketKind, Buffer>;
	readonly #theirs: readonly (readonly [PacketKind, Buffer])[];

	/** @param leader the leader's secret, @param follower the follower's */
	constructor(role: "leader" | "follower", leader: Uint8Array, follower: Uint8Array) {
		const make = (sender: string, kind: PacketKind): Buffer =>
			Buffer.concat([
				Buffer.from([0x50, 0x48, 1, KINDS.indexOf(kind)]),
				createHash("sha256")
					.update(leader)
					.update(follower)
					.update(`p2pd punch ${sender} ${kind}`)
					.digest()
					.subarray(0, TOKEN_SIZE),
			]);
		const other = role === "leader" ? "follower" : "leader";
		this.#ours = new Map(KINDS.map((kind) => [kind, make(role, kind)]));
		this.#theirs = KINDS.map((kind) => [kind, make(other, kind)]);
	}

	/** The bytes to send. */
	make(kind: PacketKind): Buffer {
		return this.#ours.get(kind) ?? Buffer.alloc(0);
	}

	/** What the peer says, or null for anything that is not from the peer. */
	read(data: Uint8Array): PacketKind | null {
		if (data.length !== PACKET_SIZE) return null;
		return this.#theirs.find(([, bytes]) => bytes.equals(data))?.[0] ?? null;
	}
}

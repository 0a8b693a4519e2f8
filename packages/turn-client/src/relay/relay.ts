import type { Socket as DgramSocket } from "node:dgram";
import { type Endpoint, type Family, type UdpOptions, withAbort, withDeadline } from "@p2pd/net";
import { MAX_PERMISSIONS } from "../defaults.js";
import { TurnClosedError, TurnOptionError, TurnTimeoutError, TurnUnsupportedError } from "../errors.js";
import type { Allocation } from "./allocation.js";
import { Datagrams, systemError } from "./datagrams.js";
import { type AllocationWish, type OpenedAllocation, openAllocation } from "./open.js";
import type { ServerPlace, TurnSetup } from "./setup.js";
import { RelayedUdpSocket } from "./udp-socket.js";

/** An allocation for datagrams, with one relayed port or one of each family, each for one socket. */
interface UdpSlot {
	readonly allocation: Allocation;
	readonly datagrams: Datagrams;
	/** Relayed addresses that no socket has taken. */
	readonly free: Map<Family, Endpoint>;
	readonly taken: Set<RelayedUdpSocket>;
}

/** Something of a relay that `close()` ends. */
export interface RelayPart {
	readonly allocation: Allocation;
	/** Closes its sockets. */
	shut(): void;
}

/** What the route of each family share: the server, the first allocation, all others, and who is permitted. */
export class Relay {
	readonly setup: TurnSetup;
	readonly place: ServerPlace;
	/** The first allocation. */
	readonly first: Allocation;
	readonly #firstUdp: UdpSlot | null;
	/** The first allocation, if it is for TCP and nobody has taken it. */
	#firstTcp: RelayPart | null;
	readonly #parts = new Set<RelayPart>();
	readonly #permitted = new Set<string>();
	/** Allocations that are being given back. */
	readonly #releases = new Set<Promise<void>>();
	readonly #closing = new AbortController();
	#closed: Promise<void> | null = null;

	constructor(setup: TurnSetup, place: ServerPlace, first: Allocation) {
		this.setup = setup;
		this.place = place;
		this.first = first;
		const isUdp = first.plan.relay === "udp";
		this.#firstUdp = isUdp ? this.#slot(first) : null;
		this.#firstTcp = isUdp ? null : { allocation: first, shut: () => undefined };
		if (this.#firstTcp !== null) this.add(this.#firstTcp);
	}

	/** The first allocation, if it is for TCP and is still to be had. The taker adds it again as a part of its own. */
	takeFirstTcp(af: Family): OpenedAllocation | null {
		const part = this.#firstTcp;
		if (part === null || part.allocation.ended !== null || !speaks(part.allocation, af)) return null;
		this.#firstTcp = null;
		this.#parts.delete(part);
		return { allocation: part.allocation, place: this.place };
	}

	/** A socket at a relayed address: the first one's, or one of its own. */
	async udp(af: Family, options: UdpOptions): Promise<DgramSocket> {
		const { port = 0, signal, to } = options;
		refuseUnsupported(options);
		this.#alive();
		signal?.throwIfAborted();
		const first = this.#firstUdp;
		const own = first?.allocation.info.relayed.find(({ ip }) => familyOf(ip) === af);
		if (port !== 0 && port !== own?.port) {
			throw new TurnUnsupportedError("port", `the relay chooses its ports, so ${port} cannot be asked for`);
		}
		const isFree = first?.free.has(af) === true && first.allocation.ended === null;
		if (port !== 0 && !isFree) throw systemError("EADDRINUSE", "bind");
		const slot =
			first !== null && isFree
				? first
				: this.#slot((await this.open({ af, relay: "udp" }, signal)).allocation);
		const socket = this.#socket(slot, af);
		try {
			await this.#permitAll(slot.allocation, af, to, signal);
		} catch (error) {
			socket.shut();
			throw error;
		}
		return socket;
	}

	/** Lets a peer's IP reach every socket, those there are and those to come. */
	async permit(ip: string): Promise<void> {
		this.#alive();
		if (!this.#permitted.has(ip) && this.#permitted.size >= MAX_PERMISSIONS) {
			throw new TurnOptionError("ip", `is one more than the ${MAX_PERMISSIONS} that can be permitted`);
		}
		this.#permitted.add(ip);
		const all = [...this.#parts].filter(({ allocation }) => speaks(allocation, familyOf(ip)));
		try {
			await Promise.all(all.map(({ allocation }) => allocation.permit(ip, true)));
		} catch (error) {
			this.#permitted.delete(ip);
			throw error;
		}
	}

	/** Permits the IPs of {@link Relay.permit} on an allocation that was just opened. */
	async permitKnown(allocation: Allocation, af: Family, signal: AbortSignal | undefined): Promise<void> {
		await this.#permitAll(allocation, af, undefined, signal);
	}

	/** Opens a further allocation. */
	open(
		wish: Pick<AllocationWish, "relay"> & {
			readonly af: Family;
			readonly transport?: AllocationWish["transport"];
		},
		signal: AbortSignal | undefined,
	): Promise<OpenedAllocation> {
		const { af, relay, transport = this.setup.transport } = wish;
		return this.guard(signal, (inner) =>
			openWithin(
				this.setup,
				this.place,
				{ transport, relay, family: af, bothFamilies: false, evenPort: false, reservationToken: null },
				inner,
			),
		);
	}

	/** Runs what ends with the caller's signal or with the relay. */
	guard<T>(signal: AbortSignal | undefined, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
		return withAbort(this.#closing.signal, (closing) => {
			if (signal === undefined) return work(closing);
			return withAbort(signal, (inner) => work(AbortSignal.any([closing, inner])));
		});
	}

	/** Takes something on that `close()` ends. */
	add(part: RelayPart): void {
		this.#parts.add(part);
	}

	/** Gives an allocation back, in the background; `close()` waits for it. */
	drop(part: RelayPart): void {
		if (!this.#parts.delete(part)) return;
		const release = part.allocation.release().finally(() => this.#releases.delete(release));
		this.#releases.add(release);
	}

	close(): Promise<void> {
		this.#closed ??= this.#close();
		return this.#closed;
	}

	async #close(): Promise<void> {
		this.#closing.abort(new TurnClosedError("the relay"));
		for (const part of [...this.#parts]) {
			part.shut();
			this.drop(part);
		}
		await Promise.all(this.#releases);
	}

	#alive(): void {
		if (this.#closed !== null) throw new TurnClosedError("the relay");
	}

	#slot(allocation: Allocation): UdpSlot & RelayPart {
		const slot = {
			allocation,
			datagrams: new Datagrams(allocation, this.setup.random),
			free: new Map(allocation.info.relayed.map((endpoint) => [familyOf(endpoint.ip), endpoint])),
			taken: new Set<RelayedUdpSocket>(),
			shut: (): void => {
				slot.free.clear();
				for (const socket of [...slot.taken]) socket.shut();
			},
		};
		this.add(slot);
		// What is lost has nothing to be given back but its link.
		void allocation.over.then(() => this.drop(slot));
		return slot;
	}

	#socket(slot: UdpSlot, af: Family): RelayedUdpSocket {
		const { allocation, datagrams, free, taken } = slot;
		const relayed = free.get(af);
		if (relayed === undefined) throw new TurnUnsupportedError("family", `the relay gave no IPv${af} address`);
		free.delete(af);
		const { resolve, sockets } = this.setup;
		const socket: RelayedUdpSocket = new RelayedUdpSocket({
			allocation,
			datagrams,
			relayed,
			resolve: async (host) => {
				const [ip = host] = await resolve(host, { af }, { sockets: af === sockets.af ? sockets : null });
				return ip;
			},
			closed: () => {
				taken.delete(socket);
				if (taken.size === 0 && free.size === 0) this.drop(slot as UdpSlot & RelayPart);
			},
		});
		taken.add(socket);
		return socket;
	}

	async #permitAll(
		allocation: Allocation,
		af: Family,
		to: string | undefined,
		signal: AbortSignal | undefined,
	): Promise<void> {
		const known = [...this.#permitted].filter((ip) => familyOf(ip) === af);
		const all = [...known, ...(to === undefined || familyOf(to) !== af ? [] : [to])];
		if (all.length === 0) return;
		await this.guard(signal, () => Promise.all(all.map((ip) => allocation.permit(ip, true))));
	}
}

/** {@link openAllocation}, in the time that is given for it. */
export function openWithin(
	setup: TurnSetup,
	server: ServerPlace,
	wish: AllocationWish,
	signal: AbortSignal | undefined,
): Promise<OpenedAllocation> {
	const { clock, timeout } = setup;
	return withDeadline(
		{
			timeout,
			clock,
			signal,
			onTimeout: () => new TurnTimeoutError({ ip: server.ip, port: server.port }, "Allocate", timeout),
		},
		(inner) => openAllocation(setup, server, wish, inner),
	);
}

/** Whether an allocation relays for a family. */
function speaks(allocation: Allocation, af: Family): boolean {
	return allocation.info.relayed.some(({ ip }) => familyOf(ip) === af);
}

export const familyOf = (ip: string): Family => (ip.includes(":") ? 6 : 4);

function refuseUnsupported({ broadcast, ttl }: UdpOptions): void {
	if (ttl !== undefined)
		throw new TurnUnsupportedError("ttl", "the relay sets the hop limit of what it sends");
	if (broadcast === true) throw new TurnUnsupportedError("broadcast", "a relay sends no broadcasts");
}

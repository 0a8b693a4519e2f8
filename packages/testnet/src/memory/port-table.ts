import type { Nic } from "./nic.js";
import type { SeededRandom } from "./seeded-random.js";

/** What holds a port on a host. */
export interface PortHolder {
	/** "0.0.0.0" or "::" for any address of the family. */
	readonly localIp: string;
	readonly localPort: number;
	/** Bound to this NIC only. */
	readonly nic: Nic | null;
	/** Shares the port with others that say so too. */
	readonly reuse: boolean;
	/** Takes only what comes from there. */
	readonly remote: { readonly ip: string; readonly port: number } | null;
}

export const isAny = (ip: string): boolean => ip === "0.0.0.0" || ip === "::";

/** The ports of one transport and family on one host, and who gets what arrives. */
export class PortTable<T extends PortHolder> {
	readonly #byPort = new Map<number, T[]>();

	/** Whether `wanted` could be added. */
	isFree(wanted: Omit<PortHolder, "remote">): boolean {
		const holders = this.#byPort.get(wanted.localPort);
		if (holders === undefined) return true;
		return !holders.some(
			(other) =>
				!(other.reuse && wanted.reuse) &&
				(isAny(other.localIp) || isAny(wanted.localIp) || other.localIp === wanted.localIp) &&
				(other.nic === null || wanted.nic === null || other.nic === wanted.nic),
		);
	}

	/** A free port of the range, picked by chance; null when all are taken. */
	pick(
		wanted: Omit<PortHolder, "remote" | "localPort">,
		[first, last]: readonly [number, number],
		random: SeededRandom,
	): number | null {
		const start = random.int(first, last);
		const width = last - first + 1;
		for (let i = 0; i < width; i++) {
			const localPort = first + ((start - first + i) % width);
			if (this.isFree({ ...wanted, localPort })) return localPort;
		}
		return null;
	}

	add(holder: T): void {
		const holders = this.#byPort.get(holder.localPort);
		if (holders === undefined) this.#byPort.set(holder.localPort, [holder]);
		else holders.push(holder);
	}

	remove(holder: T): void {
		const holders = this.#byPort.get(holder.localPort);
		const at = holders?.indexOf(holder) ?? -1;
		if (holders === undefined || at < 0) return;
		holders.splice(at, 1);
		if (holders.length === 0) this.#byPort.delete(holder.localPort);
	}

	/** Who gets a packet: the one bound most closely; of equals the one that came last, as on Linux. */
	find(ip: string, port: number, from: { ip: string; port: number }, nic: Nic | null): T | null {
		let best: T | null = null;
		let bestScore = -1;
		for (const holder of this.#byPort.get(port) ?? []) {
			if (!isAny(holder.localIp) && holder.localIp !== ip) continue;
			if (holder.nic !== null && holder.nic !== nic) continue;
			const { remote } = holder;
			if (remote !== null && (remote.ip !== from.ip || remote.port !== from.port)) continue;
			const score =
				(remote === null ? 0 : 4) + (isAny(holder.localIp) ? 0 : 2) + (holder.nic === null ? 0 : 1);
			if (score >= bestScore) {
				best = holder;
				bestScore = score;
			}
		}
		return best;
	}
}

import type { Dependence } from "../../topology.js";
import type { HostPort } from "../types.js";

/** How long an entry lives without traffic, and whose traffic keeps it. */
export interface Lifetime {
	readonly ms: number;
	readonly refresh: "outbound" | "inbound" | "both";
}

/** What of a remote endpoint a dependence looks at. */
export function remoteKey(dependence: Dependence, { ip, port }: HostPort): string {
	if (dependence === "endpoint-independent") return "";
	return dependence === "address-dependent" ? ip : `${ip}|${port}`;
}

/** Whom one inside endpoint has spoken to, and so who may answer (RFC 4787 section 5). */
export class Contacts {
	readonly #filtering: Dependence;
	readonly #lifetime: Lifetime;
	readonly #seen = new Map<string, number>();
	#last: number;

	constructor(filtering: Dependence, lifetime: Lifetime, now: number) {
		this.#filtering = filtering;
		this.#lifetime = lifetime;
		this.#last = now;
	}

	/** Whether there was traffic, of the kind that counts, within the lifetime. */
	isAlive(now: number): boolean {
		return now - this.#last < this.#lifetime.ms;
	}

	/** A packet left towards `remote`. */
	sent(remote: HostPort, now: number): void {
		const key = remoteKey(this.#filtering, remote);
		const known = this.#fresh(key, now);
		if (known && this.#lifetime.refresh === "inbound") return;
		this.#seen.set(key, now);
		if (this.#lifetime.refresh !== "inbound") this.#last = now;
	}

	/** Whether a packet from `remote` may come in; if so it counts as traffic. */
	admits(remote: HostPort, now: number): boolean {
		const key = remoteKey(this.#filtering, remote);
		if (!this.#fresh(key, now)) return false;
		if (this.#lifetime.refresh !== "outbound") {
			this.#seen.set(key, now);
			this.#last = now;
		}
		return true;
	}

	#fresh(key: string, now: number): boolean {
		const at = this.#seen.get(key);
		return at !== undefined && now - at < this.#lifetime.ms;
	}
}

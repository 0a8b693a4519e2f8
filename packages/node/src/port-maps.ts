import { ipVersion } from "@p2pd/address";
import { type Clock, type Endpoint, endpointText, sleep } from "@p2pd/net";
import type { PortMapMethod, PortMapProtocol, PortMapping } from "@p2pd/port-map";
import { MAPPING_TIMEOUT } from "./defaults.js";
import type { NodeNetwork, NodeRouter } from "./network.js";

/** A port of the node's that a router forwards. */
export interface MappedPort {
	readonly protocol: PortMapProtocol;
	/** The host's address that the router forwards to. */
	readonly ip: string;
	/** Public IPv4 address and port outside. */
	readonly external: Endpoint;
	readonly method: PortMapMethod;
}

/** What {@link PortMaps} needs. */
export interface PortMapsParts {
	readonly network: Pick<NodeNetwork, "routers">;
	readonly clock: Clock;
	/** The port that the node listens on. */
	readonly port: number;
	/** The forwarded ports are others than before. */
	readonly onChange: () => void;
}

const PROTOCOLS = ["tcp", "udp"] as const;

/** The ports of a node that routers forward: asked for, kept, and deleted by `close()`. A router that fails changes nothing. */
export class PortMaps {
	readonly #parts: PortMapsParts;
	readonly #end = new AbortController();
	readonly #routers = new Map<string, RouterPorts>();
	readonly #leaving = new Set<Promise<void>>();
	#updates: Promise<void> = Promise.resolve();
	#shown = "";

	constructor(parts: PortMapsParts) {
		this.#parts = parts;
	}

	/** The ports that can be reached from the Internet, as far as the routers tell. */
	get ports(): readonly MappedPort[] {
		return [...this.#routers.values()].flatMap((one) => one.ports);
	}

	/**
	 * Looks which routers there are, asks new ones, and asks the others again. It waits for MAPPING_TIMEOUT at most; what
	 * comes later is told by `onChange`. Never rejects.
	 */
	async update(): Promise<void> {
		this.#updates = this.#updates.then(() => this.#update());
		const done = new AbortController();
		const signal = AbortSignal.any([done.signal, this.#end.signal]);
		const timeout = sleep(MAPPING_TIMEOUT, this.#parts.clock, signal).catch(() => undefined);
		await Promise.race([this.#updates, timeout]);
		done.abort();
	}

	/** Deletes every mapping. Never rejects. */
	async close(): Promise<void> {
		this.#end.abort(new Error("the node is closed"));
		await this.#updates;
		await Promise.all([...[...this.#routers.values()].map((one) => one.close()), ...this.#leaving]);
	}

	async #update(): Promise<void> {
		const { signal } = this.#end;
		let found: readonly NodeRouter[];
		try {
			found = (await this.#parts.network.routers?.({ signal })) ?? [];
		} catch {
			// What the system does not tell now stays as it was.
			return;
		}
		if (signal.aborted) return;
		const here = new Map(found.map((router) => [`${router.ip} ${router.gateway}`, router]));
		for (const [key, router] of this.#routers) {
			if (here.has(key)) continue;
			this.#routers.delete(key);
			const leaving = router.close().finally(() => this.#leaving.delete(leaving));
			this.#leaving.add(leaving);
		}
		for (const [key, router] of here) {
			if (!this.#routers.has(key))
				this.#routers.set(key, new RouterPorts(router, this.#parts.port, () => this.#tell()));
		}
		this.#tell();
		const closed = new Promise<void>((resolve) => {
			if (signal.aborted) resolve();
			else signal.addEventListener("abort", () => resolve(), { once: true });
		});
		await Promise.race([Promise.all([...this.#routers.values()].map((one) => one.update())), closed]);
	}

	#tell(): void {
		if (this.#end.signal.aborted) return;
		const shown = this.ports.map(
			({ external, ip, protocol }) => `${protocol} ${endpointText(external)} ${ip}`,
		);
		const text = shown.sort().join();
		if (text === this.#shown) return;
		this.#shown = text;
		// What a callback of the user's throws must not end the mapping.
		queueMicrotask(this.#parts.onChange);
	}
}

/** The node's port at one router, for each protocol. */
class RouterPorts {
	readonly #router: NodeRouter;
	readonly #port: number;
	readonly #onChange: () => void;
	readonly #end = new AbortController();
	readonly #mappings = new Map<PortMapProtocol, PortMapping>();
	/** Questions that have not been answered, with the time in which a late answer counts. */
	readonly #asking = new Map<PortMapProtocol, Promise<void>>();
	#updating: Promise<unknown> = Promise.resolve();

	constructor(router: NodeRouter, port: number, onChange: () => void) {
		this.#router = router;
		this.#port = port;
		this.#onChange = onChange;
	}

	get ports(): readonly MappedPort[] {
		return [...this.#mappings.values()]
			.filter(({ external, isLost, reach }) => reach === "public" && !isLost && ipVersion(external.ip) === 4)
			.map(({ external, method, protocol }) => ({ protocol, ip: this.#router.ip, external, method }));
	}

	/** Asks for what is not mapped, and again for what is. Resolves with the first answer or none. Never rejects. */
	async update(): Promise<void> {
		this.#updating = Promise.all(
			PROTOCOLS.map(async (protocol) => {
				const mapping = this.#mappings.get(protocol);
				if (mapping !== undefined && (await isGrantedAgain(mapping))) return;
				if (this.#end.signal.aborted) return;
				if (mapping !== undefined) {
					// The network is another one, though its addresses are the same: the old mapping says nothing.
					this.#mappings.delete(protocol);
					this.#onChange();
					await mapping.close().catch(() => undefined);
				}
				if (this.#end.signal.aborted || this.#asking.has(protocol)) return;
				await new Promise<void>((answered) => {
					const asking = this.#ask(protocol, answered).catch(() => undefined);
					const tracked = asking.then(() => {
						this.#asking.delete(protocol);
						answered();
					});
					this.#asking.set(protocol, tracked);
				});
			}),
		);
		await this.#updating;
	}

	async close(): Promise<void> {
		this.#end.abort(new Error("the node is closed, or the router is gone"));
		await Promise.all([this.#delete(), this.#updating, ...this.#asking.values()]);
		// Those that were granted meanwhile.
		await this.#delete();
	}

	async #delete(): Promise<void> {
		await Promise.all([...this.#mappings.values()].map((one) => one.close().catch(() => undefined)));
	}

	async #ask(protocol: PortMapProtocol, answered: () => void): Promise<void> {
		const { signal } = this.#end;
		const result = await this.#router.mapPort({
			protocol,
			internalPort: this.#port,
			timeout: MAPPING_TIMEOUT,
			signal,
		});
		if (!result.ok) answered();
		const granted = result.ok ? result : await result.later;
		if (granted === null) return;
		const { mapping } = granted;
		this.#mappings.set(protocol, mapping);
		// close() waits for this question, and then deletes the mapping.
		if (signal.aborted) return;
		mapping.on("renewed", this.#onChange);
		mapping.on("lost", this.#onChange);
		this.#onChange();
	}
}

/** Asks for a mapping again, and whether the router granted it now. */
async function isGrantedAgain(mapping: PortMapping): Promise<boolean> {
	let granted = false;
	const onRenewed = (): void => {
		granted = true;
	};
	mapping.on("renewed", onRenewed);
	try {
		await mapping.refresh();
	} catch {
		// It was closed meanwhile.
	} finally {
		mapping.off("renewed", onRenewed);
	}
	return granted;
}

import type { Socket } from "node:dgram";
import { IpAddress } from "@p2pd/address";
import { CONFLICT_TRIES, EXCHANGE_TIMEOUT, PROBE_DATAGRAMS, SSDP_PORT } from "../defaults.js";
import { PortMapDecodeError } from "../errors.js";
import { localAddress } from "../gateway-socket.js";
import { type MapMethod, type MapRequest, type MethodDeps, refusal } from "../methods.js";
import type { Grant, Refusal } from "../types.js";
import { fetchFromGateway } from "./http.js";
import {
	type ActionResult,
	decodeAction,
	decodeDescription,
	encodeAction,
	type IgdService,
	upnpErrorText,
} from "./igd.js";
import { decodeSearch, encodeSearch, gatewayUrl, SEARCH_TARGETS, ssdpGroup } from "./ssdp.js";

/** What the router's list of mappings shows for ours. */
const DESCRIPTION = "p2pd";
const PROTOCOLS = { tcp: "TCP", udp: "UDP" } as const;
const PROTOCOL_NUMBERS = { tcp: 6, udp: 17 } as const;

/** UPnP IGD: found by SSDP on the NIC, described by XML, asked by SOAP; the gateway alone is ever contacted. */
export class UpnpMethod implements MapMethod {
	readonly method = "upnp";
	readonly #deps: MethodDeps;
	#services: readonly IgdService[] = [];
	/** Of an IPv6 pinhole. */
	#pinhole: string | null = null;

	constructor(deps: MethodDeps) {
		this.#deps = deps;
	}

	async discover(signal: AbortSignal): Promise<Refusal | null> {
		return this.#attempt(signal, async () => {
			const locations = await this.#search(signal);
			if (locations.size === 0) return refusal("no-answer", null, "no answer to SSDP");
			let failure = refusal("failed", null, "the router describes no service that maps ports");
			for (const location of locations) {
				const url = gatewayUrl(location, this.#deps.gateway);
				if (url === null) {
					failure = refusal(
						"failed",
						null,
						`the description is not on the gateway: ${location.slice(0, 100)}`,
					);
					continue;
				}
				const { status, text } = await fetchFromGateway(
					{ url },
					this.#deps.gateway,
					this.#deps.sockets,
					signal,
				);
				if (status !== 200) {
					failure = refusal("failed", status, `the description: HTTP ${status}`);
					continue;
				}
				this.#services = decodeDescription(text, location, this.#deps.gateway).filter(({ kind }) =>
					this.#deps.sockets.af === 6 ? kind === "WANIPv6FirewallControl" : kind !== "WANIPv6FirewallControl",
				);
				if (this.#services.length > 0) return null;
			}
			return failure;
		});
	}

	async map(request: MapRequest, signal: AbortSignal): Promise<Grant | Refusal> {
		return this.#attempt<Grant | Refusal>(signal, async () => {
			if (this.#services.length === 0) {
				const problem = await this.discover(signal);
				if (problem !== null) return problem;
			}
			let last: Refusal = refusal("failed", null, "no service maps ports");
			for (const service of this.#services) {
				const outcome =
					service.kind === "WANIPv6FirewallControl"
						? await this.#openPinhole(service, request, signal)
						: await this.#mapAt(service, request, signal);
				if (!("outcome" in outcome)) {
					// The service that worked is the one to renew at, and to delete from.
					this.#services = [service, ...this.#services.filter((each) => each !== service)];
					return outcome;
				}
				last = outcome;
			}
			return last;
		});
	}

	async unmap(request: MapRequest, external: { port: number }, signal: AbortSignal): Promise<Refusal | null> {
		return this.#attempt(signal, async () => {
			const [service] = this.#services;
			if (service === undefined) return refusal("failed", null, "the router is not known any more");
			const result =
				service.kind === "WANIPv6FirewallControl"
					? await this.#call(service, "DeletePinhole", { UniqueID: this.#pinhole ?? "" }, signal)
					: await this.#call(
							service,
							"DeletePortMapping",
							{ NewRemoteHost: "", NewExternalPort: external.port, NewProtocol: PROTOCOLS[request.protocol] },
							signal,
						);
			return result.ok || result.code === 714 ? null : errorOf(result);
		});
	}

	async hasForgotten(
		request: MapRequest,
		external: { port: number },
		signal: AbortSignal,
	): Promise<boolean | null> {
		const outcome = await this.#attempt<boolean | Refusal>(signal, async () => {
			const [service] = this.#services;
			if (service === undefined || service.kind === "WANIPv6FirewallControl") return false;
			const result = await this.#call(
				service,
				"GetSpecificPortMappingEntry",
				{ NewRemoteHost: "", NewExternalPort: external.port, NewProtocol: PROTOCOLS[request.protocol] },
				signal,
			);
			if (result.ok) return Number(result.values["NewInternalPort"]) !== request.internalPort;
			return result.code === 714 ? true : errorOf(result);
		});
		if (typeof outcome === "boolean") return outcome;
		// A router that restarts may come back at another port, so it is looked for again.
		if (outcome.outcome === "failed") this.#services = [];
		return this.#services.length === 0 ? true : null;
	}

	async #mapAt(service: IgdService, request: MapRequest, signal: AbortSignal): Promise<Grant | Refusal> {
		const address = await this.#call(service, "GetExternalIPAddress", {}, signal);
		const ip = address.ok ? (address.values["NewExternalIPAddress"] ?? "") : "";
		const external = externalIp(ip);
		if (external === null) {
			return address.ok ? refusal("failed", null, "the router has no external address") : errorOf(address);
		}
		const inside = await localAddress(this.#deps.sockets.localIp, this.#deps.gateway);
		let lease = Math.ceil(request.lifetime / 1000);
		let port = request.externalPort;
		const args = (): Record<string, string | number> => ({
			NewRemoteHost: "",
			NewExternalPort: port,
			NewProtocol: PROTOCOLS[request.protocol],
			NewInternalPort: request.internalPort,
			NewInternalClient: inside,
			NewEnabled: 1,
			NewPortMappingDescription: DESCRIPTION,
			NewLeaseDuration: lease,
		});
		const granted = (): Grant => ({
			method: "upnp",
			external: { ip: external, port },
			lifetime: lease === 0 ? Number.POSITIVE_INFINITY : lease * 1000,
		});
		if (service.version >= 2) {
			const any = await this.#call(service, "AddAnyPortMapping", args(), signal);
			if (any.ok) {
				const reserved = Number(any.values["NewReservedPort"] ?? port);
				if (Number.isInteger(reserved) && reserved > 0 && reserved < 65_536) port = reserved;
				return granted();
			}
			// 401 and 602: it does not have the action after all; 725: IGD:1 routers that say they are IGD:2.
			if (any.code !== 401 && any.code !== 602 && any.code !== 725 && any.code !== 718) return errorOf(any);
		}
		for (let tries = 0; tries < CONFLICT_TRIES; tries++) {
			const result = await this.#call(service, "AddPortMapping", args(), signal);
			if (result.ok) return granted();
			if (result.code === 725 && lease !== 0) lease = 0;
			else if (result.code === 718) port = this.#otherPort();
			else if (result.code === 724 && port !== request.internalPort) port = request.internalPort;
			else return errorOf(result);
		}
		return refusal("refused", 718, `${upnpErrorText(718)}, and ${CONFLICT_TRIES} ports were tried`);
	}

	/** A random port of the dynamic range (RFC 6335). */
	#otherPort(): number {
		const [high = 0, low = 0] = this.#deps.random(2);
		return 49_152 + (((high << 8) | low) % 16_384);
	}

	async #openPinhole(
		service: IgdService,
		request: MapRequest,
		signal: AbortSignal,
	): Promise<Grant | Refusal> {
		const inside = await localAddress(this.#deps.sockets.localIp, this.#deps.gateway);
		const lease = Math.min(86_400, Math.max(1, Math.ceil(request.lifetime / 1000)));
		const result =
			this.#pinhole === null
				? await this.#call(
						service,
						"AddPinhole",
						{
							RemoteHost: "",
							RemotePort: 0,
							InternalClient: inside,
							InternalPort: request.internalPort,
							Protocol: PROTOCOL_NUMBERS[request.protocol],
							LeaseTime: lease,
						},
						signal,
					)
				: await this.#call(
						service,
						"UpdatePinhole",
						{ UniqueID: this.#pinhole, NewLeaseTime: lease },
						signal,
					);
		if (!result.ok) {
			// 704: the pinhole is gone, so that the next attempt opens a new one.
			if (result.code === 704) this.#pinhole = null;
			return errorOf(result);
		}
		this.#pinhole ??= result.values["UniqueID"] ?? null;
		return { method: "upnp", external: { ip: inside, port: request.internalPort }, lifetime: lease * 1000 };
	}

	async #call(
		service: IgdService,
		action: string,
		args: Readonly<Record<string, string | number>>,
		signal: AbortSignal,
	): Promise<ActionResult> {
		const { gateway, sockets } = this.#deps;
		const { status, text } = await fetchFromGateway(
			{
				url: new URL(service.controlUrl),
				soap: { action: `${service.type}#${action}`, body: encodeAction(service.type, action, args) },
			},
			gateway,
			sockets,
			signal,
		);
		// A fault comes with 500 (SOAP 1.1 section 6.2); some routers send it with 200.
		if (status !== 200 && status !== 500) throw new PortMapDecodeError("SOAP", `HTTP ${status} to ${action}`);
		return decodeAction(text, action);
	}

	/** Searches on the NIC: by multicast, and at the gateway itself, which answers at once. */
	async #search(signal: AbortSignal): Promise<Set<string>> {
		const { gateway, sockets, clock } = this.#deps;
		const socket: Socket = await sockets.udp({ signal });
		const found = new Set<string>();
		let timer: unknown;
		let onAbort: (() => void) | undefined;
		try {
			await new Promise<void>((resolve, reject) => {
				onAbort = () => reject(signal.reason);
				if (signal.aborted) return onAbort();
				signal.addEventListener("abort", onAbort, { once: true });
				let seen = 0;
				socket.on("error", (error) => reject(error));
				socket.on("message", (data, from) => {
					seen++;
					if (seen > PROBE_DATAGRAMS) return resolve();
					if (!isGateway(from.address, gateway)) return;
					try {
						found.add(decodeSearch(data).location);
						// A gateway is one device: the first answer is enough.
						resolve();
					} catch (error) {
						if (!(error instanceof PortMapDecodeError)) reject(error);
					}
				});
				this.#aimMulticast(socket);
				const group = ssdpGroup(sockets.af);
				for (const target of SEARCH_TARGETS) {
					for (const host of [gateway, group]) {
						// A network without multicast refuses the group; the unicast search still goes out.
						socket.send(encodeSearch(target, host), SSDP_PORT, host, () => undefined);
					}
				}
				timer = clock.setTimeout(resolve, EXCHANGE_TIMEOUT);
			});
		} finally {
			clock.clearTimeout(timer);
			if (onAbort !== undefined) signal.removeEventListener("abort", onAbort);
			socket.close();
		}
		return found;
	}

	/** Multicast leaves by the NIC of the factory's address, and no further than two hops. */
	#aimMulticast(socket: Socket): void {
		const own = IpAddress.parse(this.#deps.sockets.localIp);
		try {
			if (!own.isUnspecified && own.af === 4) socket.setMulticastInterface(own.toString());
			socket.setMulticastTTL(2);
		} catch {
			// Some sockets (in memory, or of a system without multicast) cannot; the unicast search does not need it.
		}
	}

	/** Turns what the network or a bad answer throws into a refusal. @throws the signal's reason */
	async #attempt<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T | Refusal> {
		try {
			return await work();
		} catch (error) {
			signal.throwIfAborted();
			return refusal("failed", null, error instanceof Error ? error.message : String(error));
		}
	}
}

const errorOf = (result: Extract<ActionResult, { ok: false }>): Refusal =>
	refusal(
		"refused",
		result.code,
		`${upnpErrorText(result.code)}${result.description ? ` (${result.description})` : ""}`,
	);

function isGateway(address: string, gateway: string): boolean {
	const [a, b] = [IpAddress.parse(address), IpAddress.parse(gateway)];
	return a.af === b.af && a.toBigInt() === b.toBigInt();
}

/** The router's external address; null if it has none or says something else. */
function externalIp(text: string): string | null {
	try {
		const ip = IpAddress.parse(text);
		return ip.isUnspecified ? null : ip.toString();
	} catch {
		return null;
	}
}

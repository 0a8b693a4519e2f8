import { IpAddress } from "@p2pd/address";
import { type Clock, printable, type RandomBytes, type SocketFactory } from "@p2pd/net";
import { type Exchange, exchange } from "./gateway-socket.js";
import { type EpochSeen, hasRestarted } from "./lease.js";
import {
	decodeNatPmp,
	encodeNatPmpAddress,
	encodeNatPmpMap,
	type NatPmpResponse,
	natPmpResultText,
} from "./nat-pmp.js";
import {
	decodePcp,
	encodePcpAnnounce,
	encodePcpMap,
	NONCE_SIZE,
	type PcpResponse,
	pcpResultText,
} from "./pcp.js";
import type { Grant, PortMapMethod, PortMapProtocol, Refusal } from "./types.js";

/** What a method asks the router for. */
export interface MapRequest {
	readonly protocol: PortMapProtocol;
	readonly internalPort: number;
	readonly externalPort: number;
	/** In ms; 0 deletes the mapping. */
	readonly lifetime: number;
}

/** What every method needs. */
export interface MethodDeps {
	readonly gateway: string;
	readonly sockets: Pick<SocketFactory, "af" | "localIp" | "udp" | "connect">;
	readonly clock: Clock;
	readonly random: RandomBytes;
}

/** One way to map ports. Every call rejects with the signal's reason and nothing else. */
export interface MapMethod {
	readonly method: PortMapMethod;
	/** Whether the router speaks it: null if it does, else why not. */
	discover(signal: AbortSignal): Promise<Refusal | null>;
	/** Asks for a mapping, or for it again. */
	map(request: MapRequest, signal: AbortSignal): Promise<Grant | Refusal>;
	/** Deletes a mapping. A router that does not answer forgets it when its lease ends. */
	unmap(
		request: MapRequest,
		external: { readonly port: number },
		signal: AbortSignal,
	): Promise<Refusal | null>;
	/** Whether the router has forgotten the mapping; null if it does not say. */
	hasForgotten(
		request: MapRequest,
		external: { readonly port: number },
		signal: AbortSignal,
	): Promise<boolean | null>;
}

/** Whether an outcome is a grant. */
export const isGrant = (outcome: Grant | Refusal): outcome is Grant => "external" in outcome;

export const refusal = (outcome: Refusal["outcome"], code: number | null, reason: string): Refusal => ({
	outcome,
	code,
	reason: printable(reason),
});

/** PCP: MAP requests with one nonce for the mapping, and ANNOUNCE to hear the server's epoch. */
export class PcpMethod implements MapMethod {
	readonly method = "pcp";
	readonly #deps: MethodDeps;
	readonly #nonce: Uint8Array;
	#epoch: EpochSeen | null = null;
	#restarted = false;

	constructor(deps: MethodDeps) {
		this.#deps = deps;
		this.#nonce = deps.random(NONCE_SIZE);
	}

	async discover(signal: AbortSignal): Promise<Refusal | null> {
		const answer = await this.#ask(encodePcpAnnounce, "announce", signal);
		if (!answer.answered) return refusal("no-answer", null, answer.reason);
		const { result } = answer.value;
		return result === 0 ? null : refusal("refused", result, pcpResultText(result));
	}

	async map(request: MapRequest, signal: AbortSignal): Promise<Grant | Refusal> {
		const answer = await this.#ask(
			(clientIp) =>
				encodePcpMap({
					clientIp,
					nonce: this.#nonce,
					protocol: request.protocol,
					internalPort: request.internalPort,
					suggested: { ip: this.#deps.sockets.af === 4 ? "0.0.0.0" : "::", port: request.externalPort },
					lifetime: Math.ceil(request.lifetime / 1000),
				}),
			"map",
			signal,
			request,
		);
		if (!answer.answered) return refusal("no-answer", null, answer.reason);
		const { result, lifetime, map } = answer.value;
		if (result !== 0 || map === null) return refusal("refused", result, pcpResultText(result));
		this.#restarted = false;
		return { method: "pcp", external: map.external, lifetime: lifetime * 1000 };
	}

	async unmap(request: MapRequest, external: { port: number }, signal: AbortSignal): Promise<Refusal | null> {
		const outcome = await this.map({ ...request, externalPort: external.port, lifetime: 0 }, signal);
		return isGrant(outcome) ? null : outcome;
	}

	async hasForgotten(_: MapRequest, __: unknown, signal: AbortSignal): Promise<boolean | null> {
		const answer = await this.#ask(encodePcpAnnounce, "announce", signal);
		if (this.#restarted) return true;
		return answer.answered ? false : null;
	}

	#ask(
		encode: (localIp: string) => Uint8Array,
		opcode: PcpResponse["opcode"],
		signal: AbortSignal,
		request?: MapRequest,
	): Promise<Exchange<PcpResponse>> {
		const { clock } = this.#deps;
		return exchange(
			this.#deps,
			encode,
			(bytes) => {
				// A router that knows NAT-PMP alone answers in its own version (RFC 6887 appendix A).
				if (bytes[0] === 0) return { opcode, result: 1, lifetime: 0, epoch: 0, map: null };
				const response = decodePcp(bytes);
				const isOurs =
					response.opcode === opcode &&
					(request === undefined ||
						response.map === null ||
						(Buffer.compare(response.map.nonce, this.#nonce) === 0 &&
							response.map.protocol === request.protocol &&
							response.map.internalPort === request.internalPort));
				if (!isOurs) return null;
				const seen = { epoch: response.epoch, at: clock.now() };
				if (this.#epoch !== null && hasRestarted(this.#epoch, seen)) this.#restarted = true;
				this.#epoch = seen;
				return response;
			},
			signal,
		);
	}
}

/** NAT-PMP: the external address and the mapping are two questions. */
export class NatPmpMethod implements MapMethod {
	readonly method = "nat-pmp";
	readonly #deps: MethodDeps;
	#epoch: EpochSeen | null = null;
	#restarted = false;

	constructor(deps: MethodDeps) {
		this.#deps = deps;
	}

	async discover(signal: AbortSignal): Promise<Refusal | null> {
		if (this.#deps.sockets.af === 6) return refusal("failed", null, "NAT-PMP is for IPv4");
		const address = await this.#address(signal);
		return typeof address === "string" ? null : address;
	}

	async map(request: MapRequest, signal: AbortSignal): Promise<Grant | Refusal> {
		const address = await this.#address(signal);
		if (typeof address !== "string") return address;
		const { protocol, internalPort, externalPort, lifetime } = request;
		const answer = await this.#ask(
			encodeNatPmpMap(protocol, internalPort, externalPort, Math.ceil(lifetime / 1000)),
			({ map, result }) =>
				map === null ? result !== 0 : map.protocol === protocol && map.internalPort === internalPort,
			signal,
		);
		if (!answer.answered) return refusal("no-answer", null, answer.reason);
		const { result, map } = answer.value;
		if (result !== 0 || map === null) return refusal("refused", result, natPmpResultText(result));
		this.#restarted = false;
		return {
			method: "nat-pmp",
			external: { ip: address, port: map.externalPort },
			lifetime: map.lifetime * 1000,
		};
	}

	async unmap(
		{ protocol, internalPort }: MapRequest,
		_: unknown,
		signal: AbortSignal,
	): Promise<Refusal | null> {
		// External port and lifetime 0 delete the mapping (RFC 6886 section 3.4).
		const answer = await this.#ask(
			encodeNatPmpMap(protocol, internalPort, 0, 0),
			({ map, result }) => result !== 0 || map?.internalPort === internalPort,
			signal,
		);
		if (!answer.answered) return refusal("no-answer", null, answer.reason);
		const { result } = answer.value;
		return result === 0 ? null : refusal("refused", result, natPmpResultText(result));
	}

	async hasForgotten(_: MapRequest, __: unknown, signal: AbortSignal): Promise<boolean | null> {
		const address = await this.#address(signal);
		if (this.#restarted) return true;
		return typeof address === "string" ? false : null;
	}

	async #address(signal: AbortSignal): Promise<string | Refusal> {
		const answer = await this.#ask(encodeNatPmpAddress(), ({ map }) => map === null, signal);
		if (!answer.answered) return refusal("no-answer", null, answer.reason);
		const { result, externalIp } = answer.value;
		if (result !== 0) return refusal("refused", result, natPmpResultText(result));
		if (externalIp === null) return refusal("failed", null, "no external address");
		return IpAddress.parse(externalIp).toString();
	}

	#ask(
		bytes: Uint8Array,
		isOurs: (response: NatPmpResponse) => boolean,
		signal: AbortSignal,
	): Promise<Exchange<NatPmpResponse>> {
		const { clock } = this.#deps;
		return exchange(
			this.#deps,
			() => bytes,
			(data) => {
				const response = decodeNatPmp(data);
				if (!isOurs(response)) return null;
				const seen = { epoch: response.epoch, at: clock.now() };
				if (this.#epoch !== null && hasRestarted(this.#epoch, seen)) this.#restarted = true;
				this.#epoch = seen;
				return response;
			},
			signal,
		);
	}
}

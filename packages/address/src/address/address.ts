import { lookup } from "node:dns/promises";
import {
	AddressFamilyError,
	AddressNotFoundError,
	AddressSyntaxError,
	AddressUnresolvedError,
} from "../errors.js";
import { IpAddress } from "../ip/ip-address.js";
import { checkPort, parseTarget } from "../target/parse-target.js";
import { readHost } from "../target/read-host.js";
import type { TargetInput } from "../target/types.js";
import type { Family } from "../types.js";
import { toEndpoint } from "./endpoint.js";
import type { AddressRoute, Endpoint } from "./types.js";

/** A destination: a host and a port, which `res()` turns into endpoints. */
export class Address {
	readonly host: string;
	readonly port: number;
	#endpoints: readonly Endpoint[] | undefined;

	constructor(host: string, port: number) {
		const reading = readHost(host);
		if (!reading.ok) throw new AddressSyntaxError(host, reading.position, reading.reason);
		this.host = reading.host;
		this.port = checkPort(port);
	}

	static parse(input: TargetInput, defaultPort: number): Address {
		const { host, port } = parseTarget(input, { defaultPort });
		return new Address(host, port);
	}

	async res(
		route?: AddressRoute | null,
		options: { signal?: AbortSignal; timeout?: number } = {},
	): Promise<this> {
		options.signal?.throwIfAborted();
		const reading = readHost(this.host);
		const literal = reading.ok && reading.af !== undefined;
		const texts = literal
			? [this.host]
			: (await lookup(this.host, { all: true, verbatim: true })).map(({ address }) => address);
		this.#endpoints = texts.map((text) => {
			const ip = IpAddress.parse(text);
			if (ip.isUnspecified) return toEndpoint(IpAddress.parse(ip.af === 4 ? "127.0.0.1" : "::1"), this.port);
			const zoned = ip.af === 6 && ip.isLinkLocal && ip.zone === null && route?.nic;
			return toEndpoint(zoned ? ip.withZone(zoned.name) : ip, this.port);
		});
		if (texts.length === 0) throw new AddressNotFoundError(this.host, "no address");
		return this;
	}

	endpoints(af?: Family): readonly Endpoint[] {
		if (!this.#endpoints) throw new AddressUnresolvedError(this.host);
		return af === undefined ? this.#endpoints : this.#endpoints.filter((endpoint) => endpoint.af === af);
	}

	supported(): readonly Family[] {
		return [...new Set(this.endpoints().map(({ af }) => af))];
	}

	select(af: Family): Endpoint {
		const [first] = this.endpoints(af);
		if (first) return first;
		throw new AddressFamilyError(this.host, af, this.supported(), `${this.host} has no IPv${af} address`);
	}
}

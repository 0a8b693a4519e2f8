import { inspect } from "node:util";
import { GRACE_MS, RESOLVE_TIMEOUT_MS } from "../defaults.js";
import { type DnsServer, parseServers } from "../dns/query-servers.js";
import { AddressFamilyError, AddressUnresolvedError, AddressValueError } from "../errors.js";
import { IpAddress } from "../ip/ip-address.js";
import { checkNat64Prefix } from "../nat64/embed.js";
import { IPRange } from "../range/ip-range.js";
import { hostPortText } from "../target/host-port-text.js";
import { checkPort, parseTarget } from "../target/parse-target.js";
import type { TargetInput } from "../target/types.js";
import type { Family } from "../types.js";
import type { AddressDeps, AddressOptions, ResolveOptions } from "./options.js";
import type { Resolution, Resolved } from "./resolution.js";
import { resolveAddress } from "./resolve-address.js";
import type { AddressRoute, Endpoint } from "./types.js";

/** A destination: a host and a port, which `res()` turns into endpoints to connect to. */
export class Address {
	/** The host as it was understood: a name in ASCII, or an IP in canonical text. */
	readonly host: string;
	/** 0 to 65535. */
	readonly port: number;
	readonly #literal: IpAddress | null;
	readonly #servers: readonly DnsServer[] | null;
	readonly #nat64: IPRange | boolean;
	readonly #timeout: number;
	readonly #grace: number;
	readonly #deps: AddressDeps;
	#resolved: Resolved | undefined;

	/**
	 * @param host - A name or an IP; nothing is looked up before `res()`.
	 * @param port - 0 to 65535.
	 * @throws AddressSyntaxError for a host, server or prefix that cannot be read (`ERR_ADDRESS_SYNTAX`),
	 * AddressValueError for a port, time or prefix out of bounds (`ERR_ADDRESS_VALUE`), AddressFamilyError for
	 * an IPv4 NAT64 prefix.
	 */
	constructor(host: string | IpAddress, port: number, options: AddressOptions = {}, deps: AddressDeps = {}) {
		const target = parseTarget([typeof host === "string" ? host : host.toString(), port], {
			defaultPort: checkPort(port),
		});
		this.host = target.host;
		this.port = target.port;
		this.#literal = target.af === undefined ? null : IpAddress.parse(target.host);
		this.#servers = options.servers ? parseServers(options.servers) : null;
		this.#nat64 = readNat64(options.nat64 ?? false);
		this.#timeout = checkTime(options.timeout ?? RESOLVE_TIMEOUT_MS);
		this.#grace = checkTime(options.grace ?? GRACE_MS);
		this.#deps = deps;
	}

	/**
	 * The Address of anything that `parseTarget` reads.
	 * @throws AddressValueError where neither the input nor `defaultPort` has a port, and as the constructor does.
	 */
	static parse(
		input: TargetInput,
		options: AddressOptions & { readonly defaultPort?: number } = {},
	): Address {
		const { host, port } = parseTarget(input, options);
		if (port === null) throw new AddressValueError(host, "a destination needs a port");
		return new Address(host, port, options);
	}

	/**
	 * Finds the endpoints, and resolves to this Address. An IP asks nobody; a name is asked for as the options
	 * say. May be called again, with another route or later; what was found before stays until then.
	 * @param route - Where the way out begins: decides the zone of a link-local destination, the order, and
	 * through which sockets `servers` are asked. The kernel's choice without one.
	 * @throws AddressNotFoundError, AddressDnsError or AddressTimeoutError for a name; AddressZoneError for a
	 * link-local host without a zone; AddressFamilyError where no DNS server is of the route's family; the
	 * signal's own reason.
	 */
	async res(route?: AddressRoute | null, options: ResolveOptions = {}): Promise<this> {
		const { host, port } = this;
		this.#resolved = await resolveAddress(
			{
				host,
				port,
				literal: this.#literal,
				route: route ?? null,
				servers: this.#servers,
				nat64: this.#nat64,
				timeout: options.timeout === undefined ? this.#timeout : checkTime(options.timeout),
				grace: this.#grace,
				signal: options.signal,
			},
			this.#deps,
		);
		return this;
	}

	/** Whether `res()` has found endpoints. */
	get isResolved(): boolean {
		return this.#resolved !== undefined;
	}

	/** How the endpoints were found. Throws AddressUnresolvedError before `res()` has. */
	get resolution(): Resolution {
		return this.#known.resolution;
	}

	/** All endpoints, or those of one family, the best first. Throws AddressUnresolvedError before `res()`. */
	endpoints(af?: Family): readonly Endpoint[] {
		const { endpoints } = this.#known;
		return af === undefined ? endpoints : endpoints.filter((endpoint) => endpoint.af === af);
	}

	/** The families that there are endpoints of, that of the best endpoint first. */
	supported(): readonly Family[] {
		return [...new Set(this.endpoints().map(({ af }) => af))];
	}

	/**
	 * The best endpoint of a family.
	 * @throws AddressFamilyError, which names what was found (`ERR_ADDRESS_FAMILY`); AddressUnresolvedError
	 * before `res()`.
	 */
	select(af: Family): Endpoint {
		const [best] = this.endpoints(af);
		if (best) return best;
		const found = this.endpoints()
			.map(({ ip }) => ip)
			.join(", ");
		const report = this.resolution.families[af];
		const options = report.status === "failed" ? { cause: report.error } : undefined;
		const text = `${this.host} has no IPv${af} address, only ${found}`;
		throw new AddressFamilyError(this.host, af, this.supported(), text, options);
	}

	/** `host:port`, with brackets around IPv6. */
	toString(): string {
		return hostPortText({ ip: this.host, port: this.port });
	}

	/** Host and port, and the endpoints if they are known. */
	toJSON(): { host: string; port: number; endpoints: readonly Endpoint[] | null } {
		return { host: this.host, port: this.port, endpoints: this.#resolved?.endpoints ?? null };
	}

	/** What Node's console shows. */
	[inspect.custom](): string {
		const found = this.#resolved?.endpoints.map(({ ip }) => ip).join(", ") ?? "not resolved";
		return `Address(${this}: ${found})`;
	}

	get #known(): Resolved {
		if (!this.#resolved) throw new AddressUnresolvedError(this.toString());
		return this.#resolved;
	}
}

function readNat64(nat64: boolean | string): IPRange | boolean {
	return typeof nat64 === "string" ? checkNat64Prefix(IPRange.parse(nat64)) : nat64;
}

/** The longest time that Node's timers can wait, in ms: a longer one would end at once. */
const LONGEST_MS = 2 ** 31 - 1;

function checkTime(ms: number): number {
	if (ms >= 0 && ms <= LONGEST_MS) return ms;
	throw new AddressValueError(String(ms), `a time is 0 to ${LONGEST_MS} ms`);
}

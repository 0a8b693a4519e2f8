import { inspect } from "node:util";
import { brand, endpointText, FAMILIES, type Family, is } from "@p2pd/net";
import { requireArgument, requireFamily } from "../arguments.js";
import { GRACE, RESOLVE_TIMEOUT } from "../defaults.js";
import { type DnsServer, parseServers } from "../dns/client.js";
import { AddressFamilyError, AddressUnresolvedError, AddressValueError } from "../errors.js";
import { IP_ADDRESS, IpAddress } from "../ip/ip-address.js";
import { IPRange } from "../range/ip-range.js";
import { checkPort, parseTarget, type TargetInput } from "../target/target.js";
import { checkNat64Prefix } from "./nat64.js";
import { checkAddressOptions, checkParseOptions, checkResolveOptions } from "./options.js";
import { toEndpoint } from "./placement.js";
import { resolveAddresses } from "./resolver.js";
import type {
	AddressDeps,
	AddressOptions,
	Resolution,
	ResolvedEndpoint,
	ResolveOptions,
	ResolverSockets,
} from "./types.js";

/** What `res()` found. */
interface Resolved {
	readonly endpoints: readonly ResolvedEndpoint[];
	readonly resolution: Resolution;
}

/** A destination: a host and a port. `res()` finds the endpoints to connect to. */
export class Address {
	static {
		brand(Address, "@p2pd/address/Address");
	}
	/** A name in ASCII, or an IP in canonical text. */
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
	 * Nothing is looked up before `res()`.
	 *
	 * @param host a name or an IP
	 * @param port 0 to 65535
	 * @throws AddressArgumentError for a wrong type, an unknown option or a time out of bounds (`ERR_ADDRESS_ARGUMENT`),
	 * AddressSyntaxError for a host, server or prefix that cannot be read (`ERR_ADDRESS_SYNTAX`), AddressValueError for a
	 * port or prefix out of bounds (`ERR_ADDRESS_VALUE`), AddressFamilyError for an IPv4 NAT64 prefix
	 */
	constructor(host: string | IpAddress, port: number, options: AddressOptions = {}, deps: AddressDeps = {}) {
		requireArgument(host, "host", HOST);
		requireArgument(
			port,
			"port",
			is.a("a number", (value) => typeof value === "number"),
		);
		checkAddressOptions(options, deps);
		const target = parseTarget([typeof host === "string" ? host : host.toString(), port], {
			defaultPort: checkPort(port),
		});
		this.host = target.host;
		this.port = target.port;
		this.#literal = target.af === undefined ? null : IpAddress.parse(target.host);
		this.#servers = options.servers ? parseServers(options.servers) : null;
		this.#nat64 = readNat64(options.nat64 ?? false);
		this.#timeout = options.timeout ?? RESOLVE_TIMEOUT;
		this.#grace = options.grace ?? GRACE;
		this.#deps = deps;
	}

	/**
	 * The Address of anything that `parseTarget` reads.
	 *
	 * @throws AddressValueError if neither the input nor `defaultPort` has a port, and as the constructor does
	 */
	static parse(
		input: TargetInput,
		options: AddressOptions & { readonly defaultPort?: number } = {},
	): Address {
		checkParseOptions(options);
		const { defaultPort, ...rest } = options;
		const { host, port } = parseTarget(input, defaultPort === undefined ? {} : { defaultPort });
		if (port === null) throw new AddressValueError(host, "a destination needs a port");
		return new Address(host, port, rest);
	}

	/**
	 * Finds the endpoints, and resolves to this Address. An IP needs no lookup. May be called again, later or with another
	 * route; the endpoints found before stay until then.
	 *
	 * @param route the sockets that will connect: a bound route, or any socket factory. It decides the zone of a link-local
	 * destination, the order of the endpoints, and by which NIC DNS queries leave. @default the kernel's choice
	 * @throws AddressNotFoundError, AddressDnsError, AddressNoDnsError or AddressTimeoutError for a name; AddressZoneError
	 * for a link-local host without a zone; AddressFamilyError if no DNS server of the options is of the route's family;
	 * the signal's reason
	 */
	async res(route?: ResolverSockets | null, options: ResolveOptions = {}): Promise<this> {
		checkResolveOptions(route, options);
		const { host, port } = this;
		const { addresses, resolution } = await resolveAddresses(
			{
				host,
				literal: this.#literal,
				families: FAMILIES,
				sockets: route ?? null,
				servers: this.#servers,
				nat64: this.#nat64,
				timeout: options.timeout ?? this.#timeout,
				grace: this.#grace,
				signal: options.signal,
			},
			this.#deps,
		);
		this.#resolved = { endpoints: addresses.map((address) => toEndpoint(address, port)), resolution };
		return this;
	}

	/** Whether `res()` has succeeded. */
	get isResolved(): boolean {
		return this.#resolved !== undefined;
	}

	/** How the endpoints were found. Throws AddressUnresolvedError before `res()`. */
	get resolution(): Resolution {
		return this.#known.resolution;
	}

	/** All endpoints, or those of one family, the best first. Throws AddressUnresolvedError before `res()`. */
	endpoints(af?: Family): readonly ResolvedEndpoint[] {
		if (af !== undefined) requireFamily(af, "af");
		const { endpoints } = this.#known;
		return af === undefined ? endpoints : endpoints.filter((endpoint) => endpoint.af === af);
	}

	/** The families of the endpoints, that of the best endpoint first. */
	supported(): readonly Family[] {
		return [...new Set(this.endpoints().map(({ af }) => af))];
	}

	/**
	 * The best endpoint of a family.
	 *
	 * @throws AddressFamilyError that names what was found (`ERR_ADDRESS_FAMILY`), AddressUnresolvedError before `res()`
	 */
	select(af: Family): ResolvedEndpoint {
		requireFamily(af, "af");
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
		return endpointText({ ip: this.host, port: this.port });
	}

	/** Host and port, and the endpoints if they are known. */
	toJSON(): { host: string; port: number; endpoints: readonly ResolvedEndpoint[] | null } {
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

const HOST = is.either("a name or an IP address", is.text, IP_ADDRESS);

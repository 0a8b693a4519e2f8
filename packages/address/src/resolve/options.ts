import { type Check, type Fields, is } from "@p2pd/net";
import { requireArgument, requireOptions } from "../arguments.js";
import { isIp } from "../ip/text.js";

/*
 * Checks of what is passed to Address and resolveHost.
 */

const ADDRESS_OPTIONS: Fields = {
	servers: is.listOf(is.text),
	nat64: is.either("true, false, or a prefix as text", is.boolean, is.text),
	timeout: is.timeout,
	grace: is.timeout,
};

const ADDRESS_DEPS: Fields = {
	systemLookup: is.function,
	nicServers: is.function,
	hostsFile: is.function,
	serverSockets: is.function,
	sourceOf: is.function,
	clock: is.shape(
		{ now: is.function, setTimeout: is.function, clearTimeout: is.function },
		{ required: ["now", "setTimeout", "clearTimeout"], open: true },
	),
	random: is.function,
	platform: is.text,
};

/** @throws AddressArgumentError */
export function checkAddressOptions(options: unknown, deps: unknown): void {
	requireOptions(options, "options", ADDRESS_OPTIONS);
	requireOptions(deps, "deps", ADDRESS_DEPS);
}

/** @throws AddressArgumentError */
export function checkParseOptions(options: unknown): void {
	requireOptions(options, "options", { ...ADDRESS_OPTIONS, defaultPort: is.port });
}

/** @throws AddressArgumentError */
export function checkResolveOptions(route: unknown, options: unknown): void {
	if (route !== undefined) requireArgument(route, "route", is.nullOr(SOCKETS));
	requireOptions(options, "options", { signal: is.signal, timeout: is.timeout });
}

/** @throws AddressArgumentError */
export function checkResolverArguments(host: unknown, options: unknown, deps: unknown): void {
	requireArgument(host, "host", is.text);
	requireOptions(options, "options", { af: is.family, signal: is.signal, timeout: is.timeout });
	requireOptions(deps, "deps", { ...ADDRESS_DEPS, sockets: is.nullOr(SOCKETS) });
	requireArgument((deps as { readonly sockets?: unknown }).sockets, "deps.sockets", is.nullOr(SOCKETS));
}

/** A socket factory. A NIC and an unbound route look like one to a user, so their problem says what to pass. */
const SOCKETS: Check = (value, path) => {
	const hint = isUnbound(value);
	if (hint !== null) return { path, message: `must be a bound route: pass ${hint}` };
	return FACTORY(value, path);
};

const FACTORY = is.shape(
	{
		af: is.family,
		udp: is.function,
		connect: is.function,
		localIp: is.a("an IP address as text", (value) => typeof value === "string" && isIp(value)),
		nic: is.nullOr(
			is.shape(
				{
					name: is.filledText,
					index: is.nullOr(is.whole(0, Number.MAX_SAFE_INTEGER)),
					isDefault: is.function,
				},
				{ required: ["name", "isDefault"], open: true },
			),
		),
	},
	{ required: ["af", "udp"], open: true },
);

function isUnbound(value: unknown): string | null {
	if (typeof value !== "object" || value === null || "udp" in value) return null;
	if ("bind" in value && typeof value.bind === "function") return "await route.bind()";
	if ("route" in value && typeof value.route === "function") return "await nic.route(af).bind()";
	return null;
}

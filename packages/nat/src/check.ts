import { isIp } from "@p2pd/address";
import { type Check, type Clock, type Fields, is, isFamily, objectProblem } from "@p2pd/net";
import { NatArgumentError } from "./errors.js";
import { isDeltaType, isNatType } from "./nat-types.js";

/** The checks that this package's entry points share. */

/** An IP address as text. */
export const isIpText: Check = is.a("an IP address", (value) => typeof value === "string" && isIp(value));

/** An IP address and a port that can be sent to. */
export const isServerEndpoint: Check = is.shape(
	{ ip: isIpText, port: is.remotePort },
	{ required: ["ip", "port"], open: true },
);

/** First and last port of a range. */
export const isRange: Check = (value, path) => {
	const found = is.shape(
		{ start: is.remotePort, end: is.remotePort },
		{ required: ["start", "end"], open: true },
	)(value, path);
	if (found !== null) return found;
	const { start, end } = value as { start: number; end: number };
	return start <= end ? null : { path, message: `must not end before it starts: ${start} to ${end}` };
};

/** Milliseconds above 0. */
export const isPositiveTime: Check = (value, path) =>
	value === 0 ? { path, message: "must be more than 0 ms" } : is.timeout(value, path);

/** What the environment supplies to each entry point that opens sockets. */
export const DEPS_FIELDS: Fields = {
	// These may be instances of classes, so their methods need not be properties of their own.
	sockets: is.a("a socket factory { af, localIp, udp() }", (value) => {
		const { af, localIp, udp, connect } = Object(value) as Partial<
			Record<"af" | "localIp" | "udp" | "connect", unknown>
		>;
		return (
			isFamily(af) &&
			isIpText(localIp, "") === null &&
			typeof udp === "function" &&
			(connect === undefined || typeof connect === "function")
		);
	}),
	clock: is.a("a clock { now(), setTimeout(), clearTimeout() }", (value) => {
		const { now, setTimeout, clearTimeout } = Object(value) as Partial<Record<keyof Clock, unknown>>;
		return [now, setTimeout, clearTimeout].every((method) => typeof method === "function");
	}),
	random: is.function,
};

/** How a NAT picks ports: a delta type and its step. */
export const isDelta: Check = is.shape(
	{ type: is.a("a delta type, 1 to 6", isDeltaType), value: is.whole(-65_535, 65_535) },
	{ required: ["type", "value"], open: true },
);

/** A NAT as {@link NatInfo} describes it, as far as predictions use it. */
export const isNatInfo: Check = is.shape(
	{
		type: is.a("a NAT type, 1 to 7", isNatType),
		delta: isDelta,
		range: isRange,
		isHard: is.boolean,
	},
	{ required: ["type", "delta", "range", "isHard"], open: true },
);

/**
 * Checks one argument.
 *
 * @throws NatArgumentError (`ERR_NAT_ARGUMENT`)
 */
export function checkValue(value: unknown, path: string, check: Check): void {
	const found = check(value, path);
	if (found !== null) throw new NatArgumentError(found.path, `${found.path} ${found.message}`);
}

/**
 * Checks an argument field by field.
 *
 * @throws NatArgumentError (`ERR_NAT_ARGUMENT`) that names the first wrong field
 */
export function checkArgument(
	value: unknown,
	path: string,
	fields: Fields,
	rules: { readonly required?: readonly string[]; readonly open?: boolean } = {},
): void {
	checkValue(value, path, (object) => objectProblem(object, path, fields, rules));
}

import { RouteValueError } from "../errors.js";

/** A whole number in bounds, or RouteValueError naming the option. */
function within(field: string, value: number, low: number, high: number): number {
	if (!Number.isInteger(value) || value < low || value > high) {
		throw new RouteValueError(field, `${value} is not a whole number from ${low} to ${high}`);
	}
	return value;
}

/** A local port: 0 to 65535. */
export function checkPort(field: string, value: number): number {
	return within(field, value, 0, 65535);
}

/** A destination port: 1 to 65535. */
export function checkRemotePort(field: string, value: number): number {
	return within(field, value, 1, 65535);
}

/** TTL or hop limit: 1 to 255; undefined stays undefined. */
export function checkTtl(value: number | undefined): number | undefined {
	return value === undefined ? undefined : within("ttl", value, 1, 255);
}

/** Seconds of linger, as much as the kernel's 16-bit tick counts have always taken. */
export function checkLinger(value: number | undefined): number | undefined {
	return value === undefined ? undefined : within("lingerSeconds", value, 0, 32767);
}

/** Length of the queue of connections to accept. */
export function checkBacklog(value: number | undefined): number | undefined {
	return value === undefined ? undefined : within("backlog", value, 1, 2 ** 31 - 1);
}

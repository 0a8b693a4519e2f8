import type { PortRange } from "../nat-info.js";

const PORTS = 65535;

/**
 * Bring a port number back into 1 to 65535, as a circle: after 65535 comes 1, before 1 comes 65535.
 * (P2PD's own `port_wrap` sends 65535 to 1.)
 */
export function portWrap(port: number): number {
	const turned = (port - 1) % PORTS;
	return (turned < 0 ? turned + PORTS : turned) + 1;
}

/** Bring a port into a range as P2PD's `field_wrap` does: the remainder by `end + 1`, lifted by `start` if below it. */
export function fieldWrap(port: number, range: PortRange): number {
	const size = range.end + 1;
	const rest = ((port % size) + size) % size;
	return rest < range.start ? rest + range.start : rest;
}

/** The distance from x to y, with sign. */
export function nDist(x: number, y: number): number {
	return y - x;
}

/** The shorter way between x and y on a circle of `modulus` ports; negative when x is the smaller. */
export function fieldDist(x: number, y: number, modulus = PORTS): number {
	const straight = Math.abs(x - y);
	const distance = Math.min(straight, modulus - straight);
	return x < y ? -distance : distance;
}

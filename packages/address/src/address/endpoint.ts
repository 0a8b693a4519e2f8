import type { IpAddress } from "../ip/ip-address.js";
import type { Endpoint } from "./types.js";

/** The endpoint of an address and a port. */
export function toEndpoint(address: IpAddress, port: number): Endpoint {
	const { af, isPrivate, isPublic, isLoopback } = address;
	return { af, ip: address.toString(), port, isPrivate, isPublic, isLoopback };
}

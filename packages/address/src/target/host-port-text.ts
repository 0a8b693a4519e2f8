import type { HostPort } from "../types.js";

/** `ip:port` as one text, with brackets around IPv6; `parseTarget` takes it back. */
export function hostPortText({ ip, port }: HostPort): string {
	return ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`;
}

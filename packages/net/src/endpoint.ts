/** An IP address in canonical text (RFC 5952, with `%zone` where it is link-local) and a port from 0 to 65535. */
export interface Endpoint {
	readonly ip: string;
	readonly port: number;
}

/** Whether two endpoints are the same address and port. Both addresses must be in canonical text. */
export function sameEndpoint(a: Endpoint, b: Endpoint): boolean {
	return a.port === b.port && a.ip === b.ip;
}

/** An endpoint as text: `1.2.3.4:80`, or `[2001:db8::1]:80` with the brackets of RFC 3986 section 3.2.2. */
export function endpointText({ ip, port }: Endpoint): string {
	return ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`;
}

/*
 * Ports that a URL's scheme stands for, from the IANA Service Name and Transport Protocol Port Number Registry
 * and the scheme's own RFC. A scheme that is not here needs its port written out.
 */
const ports: ReadonlyMap<string, number> = new Map([
	["http", 80],
	["https", 443],
	["ws", 80],
	["wss", 443],
	["ftp", 21],
	["ssh", 22],
	["telnet", 23],
	["dns", 53],
	["coap", 5683],
	["coaps", 5684],
	["stun", 3478],
	["stuns", 5349],
	["turn", 3478],
	["turns", 5349],
	["sip", 5060],
	["sips", 5061],
	["mqtt", 1883],
	["mqtts", 8883],
	["ldap", 389],
	["ldaps", 636],
	["redis", 6379],
	["postgres", 5432],
	["postgresql", 5432],
]);

/** The port that a scheme stands for (`https` -> 443), or undefined. The scheme is in lower case, without colon. */
export function portOfScheme(scheme: string): number | undefined {
	return ports.get(scheme);
}

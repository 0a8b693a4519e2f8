/** The names of the probes, so that planning and reading cannot disagree. */
export const probeId = {
	primary: (server: number): string => `map:${server}:primary`,
	otherIp: (server: number): string => `map:${server}:other-ip`,
	otherBoth: (server: number): string => `map:${server}:other-ip-and-port`,
	filterBoth: (server: number): string => `filter:${server}:both`,
	filterPort: (server: number): string => `filter:${server}:port`,
	contactBoth: (server: number): string => `control:${server}:contact-other-ip-and-port`,
	contactPort: (server: number): string => `control:${server}:contact-other-port`,
	controlBoth: (server: number): string => `control:${server}:both`,
	controlPort: (server: number): string => `control:${server}:port`,
	understands: (server: number): string => `control:${server}:understands`,
	train: (round: number, index: number): string => `train:${round}:${index}`,
	hairpin: (from: number, to: number): string => `hairpin:${from}-${to}`,
} as const;

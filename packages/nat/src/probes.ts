import type { Endpoint } from "@p2pd/net";

/**
 * The sockets of a discovery by their task. `map` asks many servers and never carries CHANGE-REQUEST; each `filter`
 * socket sends to one address of one server; each `control` socket to all addresses of one server; each `train`
 * socket makes one new mapping; each `refusal` socket is connected to one server, so that it hears if a host refuses.
 */
export type SocketName =
	| "map"
	| `refusal:${number}`
	| `filter:${number}`
	| `control:${number}`
	| `train:${number}`;

/** What a probe is for. */
export type ProbeRole = "mapping" | "filter" | "contact" | "control" | "train" | "hairpin" | "refusal";

/** What CHANGE-REQUEST asks for. */
export type Change = "none" | "both" | "port";

/** One question, as plain data. */
export interface ProbeSpec {
	/** Unique, e.g. `map:0:primary`. */
	readonly id: string;
	readonly role: ProbeRole;
	readonly socket: SocketName;
	/** Index of the server; -1 for a hairpin probe. */
	readonly server: number;
	readonly to: Endpoint;
	readonly change: Change;
	/** The most times that it is sent. */
	readonly maxSends: number;
	/** Write an RFC 3489 message, for a server of that generation. */
	readonly classic: boolean;
	/** Add an attribute that no server knows: the error that comes back lists what the server does not understand. */
	readonly unknownAttribute: boolean;
}

/** An answer as the probes need it. */
export interface ProbeReply {
	readonly from: Endpoint;
	readonly mapped: Endpoint | null;
	/** OTHER-ADDRESS or CHANGED-ADDRESS. */
	readonly other: Endpoint | null;
	/** The server named its other address in the way of RFC 3489 alone. */
	readonly classic: boolean;
	/** The status of an error response. */
	readonly errorStatus: number | null;
	/** UNKNOWN-ATTRIBUTES of a 420. */
	readonly unknownAttributes: readonly number[];
}

/** What came, and to which send. */
export interface ProbeAnswer extends ProbeReply {
	/** On the clock. */
	readonly at: number;
	/** Index of the send that was answered. */
	readonly send: number;
	/** In ms. */
	readonly rtt: number;
}

/** What became of a probe so far, as plain data. */
export interface ProbeState {
	readonly spec: ProbeSpec;
	/** When it was sent, each time, on the clock. */
	readonly sends: readonly number[];
	readonly answer: ProbeAnswer | null;
	/** Why its socket or its sends failed. */
	readonly failure: string | null;
	/** An answer, a failure, or a silence that has lasted long enough: nothing more can come of it. */
	readonly isOver: boolean;
	/** Sent twice or more, and the answer to the first send is overdue. */
	readonly isQuiet: boolean;
}

/** What is to be done now. */
export type Action =
	/** Find so many further servers to ask. */
	| { readonly kind: "servers"; readonly count: number }
	| { readonly kind: "open"; readonly socket: SocketName; readonly port: number }
	| {
			readonly kind: "send";
			readonly probe: ProbeSpec;
			/** Which send of the probe it is, from 0. */
			readonly send: number;
	  }
	| {
			readonly kind: "tcp";
			readonly server: number;
			readonly primary: Endpoint;
			/** The local port of both connections. */
			readonly localPort: number;
	  }
	| { readonly kind: "tcp-other"; readonly server: number; readonly other: Endpoint };

/** Gives a random whole number from `min` to `max`, both included. */
export type PickNumber = (min: number, max: number) => number;

/** The ids of the probes, so that planning and reading cannot disagree. */
export const probeId = {
	primary: (server: number): string => `map:${server}:primary`,
	refusal: (server: number): string => `refusal:${server}`,
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

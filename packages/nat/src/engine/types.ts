import type { HostPort } from "@p2pd/stun-client";

/**
 * The sockets of a discovery by their task. `map` asks many servers and never carries CHANGE-REQUEST; each `filter`
 * socket has spoken to one address of one server; each `control` socket to all of one server's; each `train` socket
 * makes one new mapping.
 */
export type SocketName = "map" | `filter:${number}` | `control:${number}` | `train:${number}`;

/** What a probe is for. */
export type ProbeRole = "mapping" | "filter" | "contact" | "control" | "train" | "hairpin";

/** What CHANGE-REQUEST asks for. */
export type Change = "none" | "both" | "port";

/** One question, as plain data. */
export interface ProbeSpec {
	/** Unique, e.g. `map:0:primary`. */
	readonly id: string;
	readonly role: ProbeRole;
	readonly socket: SocketName;
	/** Index of the server; for a hairpin probe, that of the train socket it goes to. */
	readonly server: number;
	readonly to: HostPort;
	readonly change: Change;
	/** Sent so often at most. */
	readonly maxSends: number;
	/** Write an RFC 3489 message, for a server of that generation. */
	readonly classic: boolean;
	/** Add an attribute that no server knows: the error that comes back lists what the server does not understand. */
	readonly unknownAttribute: boolean;
}

/** An answer as the probes need it. */
export interface ProbeReply {
	readonly from: HostPort;
	readonly mapped: HostPort | null;
	/** OTHER-ADDRESS or CHANGED-ADDRESS. */
	readonly other: HostPort | null;
	/** The server named its other address in the way of RFC 3489 alone. */
	readonly classic: boolean;
	/** The status of an error response. */
	readonly errorStatus: number | null;
	/** UNKNOWN-ATTRIBUTES of a 420. */
	readonly unknownAttributes: readonly number[];
}

/** What came, and to which send. */
export interface ProbeAnswer extends ProbeReply {
	readonly at: number;
	/** Index of the send that was answered. */
	readonly send: number;
	readonly rtt: number;
}

/** A probe with its history. */
export interface Probe {
	spec: ProbeSpec;
	/** It is in the present plan, so it may be sent again. */
	wanted: boolean;
	/** When it was sent, each time. */
	readonly sends: number[];
	answer: ProbeAnswer | null;
	failure: string | null;
}

/** What is to be done now. */
export type Action =
	| { readonly kind: "open"; readonly socket: SocketName; readonly port: number }
	| {
			readonly kind: "send";
			readonly probe: ProbeSpec;
			/** Which send of the probe it is, from 0. */
			readonly send: number;
	  }
	| { readonly kind: "tcp"; readonly server: number; readonly primary: HostPort; readonly other: HostPort };

import type { Endpoint } from "@p2pd/net";

/** What one server says of the mapping socket. */
export interface MappingStatement {
	/** Index of the server. */
	readonly server: number;
	/** The IP that was asked: two servers on one IP count once. */
	readonly ip: string;
	/** As seen from the address asked first; null: no usable answer. */
	readonly primary: Endpoint | null;
	/** As seen from its other IP and the same port. */
	readonly otherIp: Endpoint | null;
	/** As seen from its other IP and other port. */
	readonly otherBoth: Endpoint | null;
	/** The first question may still be answered. */
	readonly pending: boolean;
	/** The questions to its other address may still be answered. */
	readonly otherPending: boolean;
	/** It has a usable other address. */
	readonly capable: boolean;
}

/** What became of one filtering test. */
export type TestResult =
	/** The changed reply came. */
	| "reply"
	/** Sent often enough, and nothing came. */
	| "silent"
	/** May still be answered. */
	| "pending"
	/** Not sent, or not often enough for its silence to mean anything; it may be sent yet. */
	| "untested"
	/** Not made, or the server answered from where it should not. */
	| "none";

/** One server's filtering tests with their positive controls. */
export interface FilteringStatement {
	readonly server: number;
	/** Reply wanted from the other IP and port. */
	readonly both: TestResult;
	/** Reply wanted from the other port. */
	readonly port: TestResult;
	/** The same, for a socket that has contacted the other address. */
	readonly bothControl: TestResult;
	readonly portControl: TestResult;
	/** The server's error for an unknown attribute did not list CHANGE-REQUEST: it understands that. */
	readonly understands: TestResult;
	/** The other address has answered a plain request. */
	readonly alternateAlive: boolean;
}

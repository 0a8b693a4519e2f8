import type { Family } from "../types.js";

/** Where to connect to, taken apart. */
export interface Target {
	/** A name in ASCII, or an IP in canonical text with its zone. */
	readonly host: string;
	/** 0 to 65535; null where the input has none and no default was given. */
	readonly port: number | null;
	/** The family, if the host is an IP. */
	readonly af?: Family;
	/** The zone, if the host is an IP with one; it is in `host` too. */
	readonly zone?: string;
}

/** A target whose port is known. */
export interface TargetWithPort extends Target {
	readonly port: number;
}

/** What can be read as a target: text, `[host, port]`, or an object with `host` or `ip`, and `port`. */
export type TargetInput =
	| string
	| URL
	| readonly [host: string, port?: number | null]
	| { readonly host: string; readonly port?: number | null }
	| { readonly ip: string; readonly port?: number | null };

/** How a target is read. */
export interface TargetOptions {
	/** The port where the input has none; it comes after the port that a URL's scheme stands for. @default none */
	readonly defaultPort?: number;
}

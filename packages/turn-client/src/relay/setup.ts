import type { Resolver } from "@p2pd/address";
import { type Clock, type Endpoint, type Family, is, type RandomBytes, type SocketFactory } from "@p2pd/net";
import type { TurnCredentialSource, TurnTlsOptions, TurnTransport } from "../types.js";

/** A route's options, checked, with their defaults, and its environment. */
export interface TurnSetup {
	readonly host: string;
	readonly port: number;
	readonly transport: TurnTransport;
	readonly credentials: TurnCredentialSource;
	readonly sockets: SocketFactory;
	readonly tls: TurnTlsOptions;
	readonly first: "udp" | "tcp";
	readonly family: Family;
	readonly bothFamilies: boolean;
	readonly evenPort: boolean | "pair";
	readonly reservationToken: Uint8Array | null;
	readonly dontFragment: boolean;
	readonly keepAlive: number;
	readonly timeout: number;
	readonly clock: Clock;
	readonly random: RandomBytes;
	readonly resolve: Resolver;
}

/** A server that was resolved, and the name that its certificate must be for. */
export interface ServerPlace extends Endpoint {
	readonly host: string;
}

/** Checks credentials: those given, and those that a function gives. */
export const CREDENTIALS = is.shape(
	{ username: is.filledText, password: is.text },
	{ required: ["username", "password"] },
);

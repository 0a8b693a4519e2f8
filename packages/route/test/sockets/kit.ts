import { once } from "node:events";
import { readdirSync } from "node:fs";
import type { Server, Socket } from "node:net";
import type { Family, NicRef } from "@p2pd/net";
import type { SocketDeps } from "@p2pd/route";

/** This machine's loopback NIC, which needs no network to bind to. */
export const LO: NicRef = { name: "lo", index: null, isDefault: () => false };
/** The same as the default NIC, which sockets are not tied to. */
export const DEFAULT_LO: NicRef = { ...LO, isDefault: () => true };

/** A machine without the native part. */
export const NO_NATIVE: SocketDeps = {
	libc: () => ({ available: false, reason: "taken away by the test", cause: undefined }),
	platform: process.platform,
	clock: { now: () => 0 },
	reversePathFilter: () => null,
};

/** How many descriptors this process has open. */
export function openDescriptors(): number {
	return readdirSync("/proc/self/fd").length;
}

/** The port that something listens on or is bound to. */
export function portOf(bound: { address(): unknown }): number {
	const address = bound.address();
	if (typeof address === "object" && address !== null && "port" in address) return Number(address.port);
	throw new Error("not bound");
}

/** The next connection that a server accepts. */
export async function accepted(server: Server): Promise<Socket> {
	const [socket] = (await once(server, "connection")) as [Socket];
	return socket;
}

/** Closes a server and waits for it. */
export async function closed(server: Server): Promise<void> {
	server.close();
	await once(server, "close");
}

/** The loopback address of a family. */
export const LOOPBACK: Readonly<Record<Family, string>> = { 4: "127.0.0.1", 6: "::1" };

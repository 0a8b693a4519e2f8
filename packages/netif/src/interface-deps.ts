import { randomBytes } from "node:crypto";
import { discoverNat } from "@p2pd/nat";
import { sourceRoute } from "@p2pd/route";
import { observeExternalAddress, systemClock } from "@p2pd/stun-client";
import { newNetifaces } from "./init.js";
import type { InterfaceDeps } from "./types.js";

/** This machine: its sockets, clock, random numbers and environment. */
export const systemInterfaceDeps: InterfaceDeps = {
	sockets: ({ strict, ...source }) =>
		sourceRoute({ ...source, ...(strict ? { deviceBinding: "device" } : {}) }),
	bind: (route, { strict }) => route.bind({ strict }),
	observe: observeExternalAddress,
	discoverNat,
	netifaces: () => newNetifaces(),
	clock: systemClock,
	random: (size) => randomBytes(size),
	env: process.env,
};

import * as address from "@p2pd/address";
import * as nat from "@p2pd/nat";
import * as predict from "@p2pd/nat/predict";
import * as net from "@p2pd/net";
import * as netif from "@p2pd/netif";
import * as os from "@p2pd/netif/os";
import * as node from "@p2pd/node";
import * as peer from "@p2pd/peer";
import * as protocol from "@p2pd/peer/protocol";
import * as pipe from "@p2pd/pipe";
import * as route from "@p2pd/route";
import * as signal from "@p2pd/signal";
import * as broker from "@p2pd/signal/broker";
import * as stun from "@p2pd/stun-client";
import * as stunServer from "@p2pd/stun-client/server";
import * as turn from "@p2pd/turn-client";
import { describe, expect, it } from "vitest";
import * as core from "../src/index.js";
import * as corePredict from "../src/nat-predict.js";
import * as coreOs from "../src/netif-os.js";
import * as coreProtocol from "../src/peer-protocol.js";
import * as coreBroker from "../src/signal-broker.js";
import * as coreStunServer from "../src/stun-client-server.js";

const parts = { address, nat, netif, node, peer, pipe, route, signal, stun, turn };
const names = (module: object): string[] => Object.keys(module).sort();

describe("the facade", () => {
	it("exports everything that the packages export, the same values, and nothing else", () => {
		for (const [part, module] of Object.entries(parts)) {
			for (const [name, value] of Object.entries(module)) {
				expect((core as Record<string, unknown>)[name], `${name} of ${part}`).toBe(value);
			}
		}
		const fromNet = names(core).filter(
			(name) => (core as Record<string, unknown>)[name] === (net as Record<string, unknown>)[name],
		);
		expect(names(core)).toEqual([...new Set([...Object.values(parts).flatMap(names), ...fromNet])].sort());
	});

	it("has no name that two packages use for different things", () => {
		const owners = new Map<string, unknown>();
		for (const module of Object.values(parts)) {
			for (const [name, value] of Object.entries(module)) {
				if (owners.has(name)) expect(owners.get(name), name).toBe(value);
				owners.set(name, value);
			}
		}
	});

	it("passes the subpaths on", () => {
		expect(names(coreStunServer)).toEqual(names(stunServer));
		expect(names(coreOs)).toEqual(names(os));
		expect(names(corePredict)).toEqual(names(predict));
		expect(names(coreProtocol)).toEqual(names(protocol));
		expect(names(coreBroker)).toEqual(names(broker));
	});
});

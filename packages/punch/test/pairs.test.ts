import { once } from "node:events";
import { afterEach, describe, expect, it } from "vitest";
import { kindName, NAT_KINDS, planPunch } from "../src/index.js";
import { bothTcp, bothUdp, buildScene, type Scene } from "./scene.js";

/** Every pair once; `npm run pairs` runs them thousands of times, with loss and delays. */
const PAIRS = NAT_KINDS.flatMap((a, i) => NAT_KINDS.slice(i).map((b) => [a, b] as const));

let scene: Scene | null = null;

afterEach(() => {
	scene = null;
});

describe("every pair of NATs", () => {
	it("is punched over UDP where the plan says so, and both have the same path", {
		timeout: 60_000,
	}, async () => {
		for (const [index, [a, b]] of PAIRS.entries()) {
			scene = await buildScene(a, b, { seed: index });
			const [alice, bob] = await bothUdp(scene);
			const names = `${kindName(a)} ${kindName(b)}`;
			const plan = planPunch(a, b, { transport: "udp" });
			if (plan.action === "relay") {
				expect([names, alice, bob]).toMatchObject([
					names,
					{ ok: false, rule: plan.rule },
					{ ok: false, rule: plan.rule },
				]);
				expect([alice.report.elapsed, bob.report.elapsed]).toEqual([0, 0]);
				continue;
			}
			if (!alice.ok || !bob.ok) throw new Error(`${names}: ${JSON.stringify([alice, bob])}`);
			const got = once(bob.socket, "message");
			alice.socket.send("hello", alice.remote.port, alice.remote.ip);
			const [data, from] = await scene.clock.runUntil(got);
			expect([names, String(data), from.port]).toEqual([names, "hello", bob.remote.port]);
			alice.socket.close();
			bob.socket.close();
			// What is under way arrives; a timer of the punch would be set for later.
			await scene.clock.advance(200);
			expect([names, scene.clock.pending]).toEqual([names, 0]);
		}
	});

	it("is punched over TCP where the plan says so, and both have the same connection", {
		timeout: 60_000,
	}, async () => {
		for (const [index, [a, b]] of PAIRS.entries()) {
			scene = await buildScene(a, b, { seed: index });
			const [alice, bob] = await bothTcp(scene);
			const names = `${kindName(a)} ${kindName(b)}`;
			const plan = planPunch(a, b, { transport: "tcp" });
			if (plan.action === "relay") {
				expect([names, alice, bob]).toMatchObject([
					names,
					{ ok: false, rule: plan.rule },
					{ ok: false, rule: plan.rule },
				]);
				continue;
			}
			if (!alice.ok || !bob.ok) throw new Error(`${names}: ${JSON.stringify([alice, bob])}`);
			const got = [once(bob.socket, "data"), once(alice.socket, "data")];
			alice.socket.write("to bob");
			bob.socket.write("to alice");
			const received = (await scene.clock.runUntil(Promise.all(got))).map(([data]) => String(data));
			expect([names, ...received]).toEqual([names, "to bob", "to alice"]);
			alice.socket.destroy();
			bob.socket.destroy();
		}
	});
});

import { FAMILIES } from "@p2pd/net";
import { ManualClock } from "@p2pd/testnet";
import { describe, expect, it } from "vitest";
import { gather } from "../../src/dns/gather.js";
import { type AskFamily, askBothFamilies } from "../../src/dns/system.js";
import {
	AddressDnsError,
	AddressNotFoundError,
	AddressTimeoutError,
	type SystemLookup,
} from "../../src/index.js";

/** An answer that comes at a time of the clock: addresses, or an error. */
interface Planned {
	readonly after: number;
	readonly give?: readonly string[];
	readonly fail?: Error;
}

/** A lookup that answers by plan, and notes what was asked and what was aborted. */
function scripted(clock: ManualClock, plan: Readonly<Record<number, Planned>>) {
	const asked: number[] = [];
	const aborted: number[] = [];
	const answer = (key: number, signal: AbortSignal): Promise<readonly string[]> => {
		asked.push(key);
		return new Promise((resolve, reject) => {
			signal.addEventListener("abort", () => {
				aborted.push(key);
				reject(signal.reason);
			});
			const planned = plan[key];
			if (!planned) return;
			clock.setTimeout(
				() => (planned.fail ? reject(planned.fail) : resolve(planned.give ?? [])),
				planned.after,
			);
		});
	};
	const ask: AskFamily = (af, signal) => answer(af, signal);
	const lookup: SystemLookup = (_host, family, signal) => answer(family, signal);
	return { ask, lookup, asked, aborted };
}

const options = (clock: ManualClock, signal?: AbortSignal) => ({
	host: "h",
	families: FAMILIES,
	timeout: 5000,
	grace: 300,
	clock,
	signal,
});
const servfail = new AddressDnsError("h", "SERVFAIL", null);
const nxdomain = new AddressNotFoundError("h", "NXDOMAIN");

describe("gather", () => {
	it("gives both families as soon as both are there", async () => {
		const clock = new ManualClock();
		const { ask } = scripted(clock, {
			4: { after: 10, give: ["1.2.3.4"] },
			6: { after: 40, give: ["2001:db8::1"] },
		});
		const outcomes = await clock.runUntil(gather(ask, options(clock)));
		expect(clock.now()).toBe(40);
		expect(outcomes).toEqual({
			4: { status: "found", addresses: ["1.2.3.4"] },
			6: { status: "found", addresses: ["2001:db8::1"] },
		});
	});

	it.each([servfail, nxdomain])("lets no family's failure be the other's: %s", async (error) => {
		const clock = new ManualClock();
		const { ask } = scripted(clock, {
			4: { after: 1, fail: error },
			6: { after: 4000, give: ["2001:db8::1"] },
		});
		const outcomes = await clock.runUntil(gather(ask, options(clock)));
		expect(outcomes).toEqual({
			4: { status: "failed", error },
			6: { status: "found", addresses: ["2001:db8::1"] },
		});
	});

	it("waits for the other family no longer than the grace, and then ends it", async () => {
		const clock = new ManualClock();
		const { ask, aborted } = scripted(clock, { 4: { after: 100, give: ["1.2.3.4"] } });
		const outcomes = await clock.runUntil(gather(ask, options(clock)));
		expect([clock.now(), outcomes[6].status, outcomes[4].status, aborted]).toEqual([
			400,
			"late",
			"found",
			[4, 6],
		]);
	});

	it("gives the one family that is there at the deadline", async () => {
		const clock = new ManualClock();
		const { ask } = scripted(clock, { 4: { after: 4900, give: ["1.2.3.4"] } });
		const outcomes = await clock.runUntil(gather(ask, options(clock)));
		expect([clock.now(), outcomes[6].status, outcomes[4].status]).toEqual([5000, "late", "found"]);
	});

	it("ends at the deadline with a typed error", async () => {
		const clock = new ManualClock();
		const { ask, aborted } = scripted(clock, { 4: { after: 1, fail: servfail } });
		await expect(clock.runUntil(gather(ask, options(clock)))).rejects.toThrow(AddressTimeoutError);
		expect([clock.now(), aborted]).toEqual([5000, [4, 6]]);
	});

	it("ends at once with the signal's reason, and leaves no timer", async () => {
		const clock = new ManualClock();
		const { ask, aborted } = scripted(clock, {});
		const controller = new AbortController();
		const reason = new Error("enough");
		clock.setTimeout(() => controller.abort(reason), 7);
		await expect(clock.runUntil(gather(ask, options(clock, controller.signal)))).rejects.toBe(reason);
		expect([clock.now(), aborted]).toEqual([7, [4, 6]]);
		await expect(gather(ask, options(clock, controller.signal))).rejects.toBe(reason);
	});
});

describe("askBothFamilies", () => {
	const run = (clock: ManualClock, lookup: SystemLookup) =>
		clock.runUntil(gather(askBothFamilies("h", lookup, clock), options(clock)));

	it("asks once for both families, and takes that answer as it is", async () => {
		const clock = new ManualClock();
		const { lookup, asked } = scripted(clock, { 0: { after: 5, give: ["1.2.3.4", "1.2.3.5"] } });
		const outcomes = await run(clock, lookup);
		expect(asked).toEqual([0]);
		expect(outcomes[4]).toEqual({ status: "found", addresses: ["1.2.3.4", "1.2.3.5"] });
		expect(outcomes[6]).toMatchObject({ status: "failed", error: { code: "ERR_ADDRESS_NOT_FOUND" } });
	});

	it("asks no further for a name that does not exist", async () => {
		const clock = new ManualClock();
		const { lookup, asked } = scripted(clock, { 0: { after: 5, fail: nxdomain } });
		const outcomes = await run(clock, lookup);
		expect([asked, outcomes[4].status, outcomes[6].status]).toEqual([[0], "failed", "failed"]);
	});

	it("asks each family on its own where both together take long: one that is dropped holds up nothing", async () => {
		const clock = new ManualClock();
		const { lookup, asked, aborted } = scripted(clock, { 4: { after: 5, give: ["1.2.3.4"] } });
		const outcomes = await run(clock, lookup);
		expect([clock.now(), asked]).toEqual([700 + 5 + 300, [0, 4, 6]]);
		expect([outcomes[4].status, outcomes[6].status, aborted]).toEqual(["found", "late", [0, 4, 6]]);
	});

	it("asks each family on its own where both together fail", async () => {
		const clock = new ManualClock();
		const { lookup, asked } = scripted(clock, {
			0: { after: 5, fail: servfail },
			4: { after: 5, give: ["1.2.3.4"] },
			6: { after: 6, fail: servfail },
		});
		const outcomes = await run(clock, lookup);
		expect([clock.now(), asked, outcomes[4].status]).toEqual([11, [0, 4, 6], "found"]);
		expect(outcomes[6]).toEqual({ status: "failed", error: servfail });
	});

	it("takes the answer to both that comes while each is asked on its own", async () => {
		const clock = new ManualClock();
		const { lookup } = scripted(clock, { 0: { after: 900, give: ["1.2.3.4", "2001:db8::1"] } });
		const outcomes = await run(clock, lookup);
		expect([clock.now(), outcomes[4].status, outcomes[6].status]).toEqual([900, "found", "found"]);
	});
});

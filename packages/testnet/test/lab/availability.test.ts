import { describe, expect, it } from "vitest";
import { type LabSurroundings, probeLab } from "../../src/lab/availability.js";
import { planSuite } from "../../src/lab/describe-lab.js";

const able: LabSurroundings = {
	platform: "linux",
	isRoot: true,
	hasTool: () => true,
	hasFile: () => true,
	attempt: () => null,
};
const refuseRoot = (_command: string, args: readonly string[]): string | null =>
	args.includes("--user") ? null : "unshare failed: Operation not permitted";

describe("where a laboratory can be built", () => {
	it("prefers root, then a user namespace", () => {
		expect(probeLab(able)).toEqual({ ok: true, privileges: "root" });
		expect(probeLab({ ...able, attempt: refuseRoot })).toEqual({ ok: true, privileges: "user-namespace" });
		expect(probeLab({ ...able, isRoot: false })).toEqual({ ok: true, privileges: "user-namespace" });
	});

	it.each<[string, Partial<LabSurroundings>, RegExp, RegExp]>([
		["another system", { platform: "darwin" }, /needs Linux, this is darwin/, /virtual machine/],
		[
			"missing tools",
			{ hasTool: (name) => name !== "nft" && name !== "stund" },
			/^nft, stund not installed$/,
			/^apt-get install nftables stun-server$/,
		],
		["missing files", { hasFile: () => false }, /no \/etc\/resolv.conf, \/etc\/hosts/, /^touch /],
		[
			"a refusing kernel",
			{ attempt: () => "unshare failed: Operation not permitted\nmore" },
			/needs root.*Operation not permitted; unshare failed: Operation not permitted\)$/,
			/userns/,
		],
		["a refusal to an ordinary user", { isRoot: false, attempt: () => "no" }, /\(no\)$/, /run as root/],
	])("says why not: %s", (_name, surroundings, reason, install) => {
		expect(probeLab({ ...able, ...surroundings })).toEqual({
			ok: false,
			reason: expect.stringMatching(reason),
			install: expect.stringMatching(install),
		});
	});
});

describe("a suite that needs a laboratory", () => {
	const no = { ok: false, reason: "nft not installed", install: "apt-get install nftables" } as const;

	it("runs where it can", () => {
		expect(planSuite("nat", { ok: true, privileges: "root" }, "required")).toEqual({
			action: "run",
			name: "nat",
		});
	});

	it("is skipped with the reason in its name", () => {
		expect(planSuite("nat", no, undefined)).toEqual({
			action: "skip",
			name: "nat (skipped: nft not installed; apt-get install nftables)",
		});
	});

	it("fails where the environment requires it", () => {
		expect(planSuite("nat", no, "required")).toMatchObject({ action: "fail", reason: no.reason });
	});
});

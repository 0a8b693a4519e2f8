import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import {
	bitsOf,
	endpointText,
	FAMILIES,
	familyFromP2pd,
	isFamily,
	kernelSourceAddress,
	printable,
	sameEndpoint,
	systemClock,
	systemRandom,
} from "../src/index.js";

describe("families", () => {
	it("are 4 and 6 and nothing else", () => {
		expect(FAMILIES).toEqual([4, 6]);
		expect(FAMILIES.map(bitsOf)).toEqual([32, 128]);
		for (const value of ["4", 2, 10, null, undefined, 4.5]) expect(isFamily(value)).toBe(false);
	});

	it.each([
		[4, 4],
		[2, 4],
		["2", 4],
		[6, 6],
		[10, 6],
		[23, 6],
		["30", 6],
		[5, null],
		["constructor", null],
		["__proto__", null],
		[null, null],
		[{ toString: () => "4" }, null],
	])("P2PD's number %j is family %j", (value, family) => {
		expect(familyFromP2pd(value)).toBe(family);
	});
});

describe("endpoints", () => {
	it.each([
		["1.2.3.4", 80, "1.2.3.4:80"],
		["::1", 80, "[::1]:80"],
		["fe80::1%eth0", 0, "[fe80::1%eth0]:0"],
	])("%s and %d read %s", (ip, port, text) => {
		expect(endpointText({ ip, port })).toBe(text);
	});

	it("are the same only with both the address and the port", () => {
		expect(sameEndpoint({ ip: "::1", port: 1 }, { ip: "::1", port: 1 })).toBe(true);
		expect(sameEndpoint({ ip: "::1", port: 1 }, { ip: "::1", port: 2 })).toBe(false);
		expect(sameEndpoint({ ip: "::1", port: 1 }, { ip: "::2", port: 1 })).toBe(false);
	});
});

describe("foreign text", () => {
	it.each([
		["plain text, ünïcödé 日本 🙂", "plain text, ünïcödé 日本 🙂"],
		["\u001b]0;title\u0007", "\\x1b]0;title\\x07"],
		["a\nb\r\tc", "a\\nb\\r\\tc"],
		["\u009b31m", "\\x9b31m"],
		["user\u202etxt.exe", "user\\u202etxt.exe"],
		["zero\u200bwidth\ufeff", "zero\\u200bwidth\\ufeff"],
		["\ud800lone", "\\ud800lone"],
		["tag\u{e0041}", "tag\\u{e0041}"],
	])("%j prints as %j", (text, printed) => {
		expect(printable(text)).toBe(printed);
	});
});

describe("the system's own", () => {
	it("clock goes forward and its timers fire once", async () => {
		const start = systemClock.now();
		await new Promise<void>((resolve) => systemClock.setTimeout(resolve, 1));
		expect(systemClock.now()).toBeGreaterThan(start);
		systemClock.clearTimeout(systemClock.setTimeout(() => expect.unreachable(), 0));
	});

	it("random source gives the bytes that were asked for", () => {
		expect(systemRandom(16)).toHaveLength(16);
		expect(systemRandom(16)).not.toEqual(systemRandom(16));
	});

	it("source address towards loopback is loopback, and a bad literal has a code", async () => {
		expect(await kernelSourceAddress("127.0.0.1")).toEqual({ ip: "127.0.0.1", code: null });
		expect((await kernelSourceAddress("fe80::1%no-such-nic")).ip).toBeNull();
	});

	it("importing the package keeps nothing alive", () => {
		const index = fileURLToPath(new URL("../src/index.ts", import.meta.url));
		const program = `await import(${JSON.stringify(index)}); console.log(process.getActiveResourcesInfo().filter((r) => /wrap/i.test(r) && !/TTY|Pipe/.test(r)).length)`;
		const out = execFileSync(process.execPath, ["--import", "tsx", "--input-type=module", "-e", program], {
			encoding: "utf8",
		});
		expect(out.trim()).toBe("0");
	});
});

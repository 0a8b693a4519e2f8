import { IpAddress } from "@p2pd/address";
import { describe, expect, it } from "vitest";
import { loadLibc } from "../../src/kernel/libc.js";
import { askRoutes, type RouteQuestion, RTN_LOCAL, routeRequest } from "../../src/kernel/route-query.js";
import { fakeLibc } from "./fake-libc.js";

const ip = IpAddress.parse;
const hex = (question: RouteQuestion): string => Buffer.from(routeRequest(question)).toString("hex");
const access = loadLibc();

describe("a question to the kernel's routing", () => {
	it("is RTM_GETROUTE with the table's entry asked for, for what goes out", () => {
		expect(hex({ direction: "out", device: 3, from: ip("10.0.0.5"), to: ip("1.3.3.7") })).toBe(
			[
				"34000000" + "1a00" + "0100" + "00000000" + "00000000",
				"02202000" + "00000000" + "00200000",
				"08000100" + "01030307",
				"08000200" + "0a000005",
				"08000400" + "03000000",
			].join(""),
		);
	});

	it("is the same with the device that it comes in by, for what comes in", () => {
		expect(hex({ direction: "in", device: 3, from: null, to: ip("2001:db8::1") })).toBe(
			[
				"38000000" + "1a00" + "0100" + "00000000" + "00000000",
				"0a800000" + "00000000" + "00000000",
				"14000100" + "20010db8000000000000000000000001",
				"08000300" + "03000000",
			].join(""),
		);
	});

	it.each(["socket", "send", "recv"])(
		"that cannot be asked says so, and leaves nothing open: %s",
		(failing) => {
			const { libc, open } = fakeLibc(failing);
			const question: RouteQuestion = { direction: "out", device: null, from: null, to: ip("1.3.3.7") };
			expect(() => askRoutes(libc, [question])).toThrow(
				expect.objectContaining({ call: failing, errno: "EPERM" }),
			);
			expect(open.size).toBe(0);
		},
	);

	it.skipIf(!access.available || process.platform !== "linux")("is answered by this machine's kernel", () => {
		if (!access.available) throw new Error(access.reason);
		const to = (text: string, device: number | null): RouteQuestion => ({
			direction: "out",
			device,
			from: null,
			to: ip(text),
		});
		const lo = access.libc.nicIndex("lo");
		const [own, own6, away] = askRoutes(access.libc, [
			to("127.0.0.1", null),
			to("::1", null),
			to("192.0.2.1", lo),
		]);
		expect([own, own6]).toEqual([
			{ errno: 0, kind: RTN_LOCAL },
			{ errno: 0, kind: RTN_LOCAL },
		]);
		expect(away?.errno).toBeGreaterThan(0);
	});
});

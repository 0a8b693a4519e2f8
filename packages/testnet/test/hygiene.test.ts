import { createSocket } from "node:dgram";
import { describe, expect, it } from "vitest";
import { leakedSince, openResources } from "../src/hygiene/resources.js";

describe("resources", () => {
	it("sees a socket and a timer that stay open, and sees them go", async () => {
		const before = openResources();
		const socket = createSocket("udp4");
		await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
		const timer = setTimeout(() => undefined, 60_000);
		expect((await leakedSince(before, 2)).sort()).toEqual(["Timeout x1", "UDPWrap x1"]);
		clearTimeout(timer);
		await new Promise<void>((resolve) => socket.close(() => resolve()));
		expect(await leakedSince(before)).toEqual([]);
	});
});

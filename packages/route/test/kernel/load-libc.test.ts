import { describe, expect, it } from "vitest";
import { load } from "../../src/kernel/libc.js";

describe("the native part", () => {
	const none = (id: string): never => {
		throw new Error(`Cannot find module '${id}'`);
	};

	it("is koffi's package for the platform, and its absence is said and not thrown", () => {
		expect(load("linux", "x64", none)).toMatchObject({
			available: false,
			reason: "@koromix/koffi-linux-x64 cannot be loaded",
			cause: expect.objectContaining({ message: "Cannot find module '@koromix/koffi-linux-x64'" }),
		});
	});

	it("is not loaded on a platform without one", () => {
		expect(load("win32", "x64", none)).toMatchObject({ available: false, reason: "there is none for win32" });
	});

	it("is refused in another version than the one that was tried", () => {
		const other = load("darwin", "arm64", () => ({ version: "9.9.9" }));
		expect(other).toMatchObject({ available: false, reason: expect.stringContaining("9.9.9") });
	});

	it("is declared as the platform has it", () => {
		const signatures: string[] = [];
		const calls: unknown[][] = [];
		const koffi = {
			version: "3.3.4",
			load: () => ({
				func: (signature: string) => {
					signatures.push(signature);
					return (...args: unknown[]) => calls.push(args);
				},
			}),
			errno: () => 13,
		};
		const access = load("darwin", "arm64", () => koffi);
		expect(access).toMatchObject({ available: true, numbers: { os: "darwin" } });
		if (!access.available) return;
		expect(access.libc.errno()).toBe(13);
		access.libc.fcntl(7, 2, 1);
		expect(calls).toEqual([[7, 2, "int", 1]]);
		expect(signatures).toContain("int fcntl(int, int, ...)");
	});
});

import { describe, expect, it } from "vitest";
import { AddressNotFoundError, resolveHost } from "../../src/index.js";

describe("resolveHost", () => {
	it("returns an IP in canonical text, and rejects one of another family", async () => {
		const deps = { sockets: null };
		await expect(resolveHost("2A00:0::1", {}, deps)).resolves.toEqual(["2a00::1"]);
		await expect(resolveHost("1.2.3.4", { af: 4 }, deps)).resolves.toEqual(["1.2.3.4"]);
		await expect(resolveHost("1.2.3.4", { af: 6 }, deps)).rejects.toThrow(AddressNotFoundError);
	});

	it("looks a name up, and ends at once when the signal aborts", async () => {
		await expect(resolveHost("localhost", { af: 4 }, { sockets: null })).resolves.toEqual(["127.0.0.1"]);
		const signal = AbortSignal.abort(new Error("enough"));
		await expect(resolveHost("localhost", { signal }, { sockets: null })).rejects.toThrow("enough");
	});
});

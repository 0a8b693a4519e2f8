import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { SeededRandom } from "@p2pd/testnet";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
	createIdentity,
	exportIdentity,
	importIdentity,
	isNodeId,
	loadIdentity,
	saveIdentity,
} from "../src/index.js";

const seeded = (seed: number) => {
	const random = new SeededRandom(seed);
	return (size: number) => random.bytes(size);
};

describe("an identity", () => {
	it("has an id that is a hash of its signing key, and keeps it when the other key rotates", () => {
		const identity = createIdentity(seeded(1));
		const { agreement, id } = identity;
		expect(isNodeId(id)).toBe(true);
		identity.rotate(seeded(2));
		expect(identity.id).toBe(id);
		expect(identity.agreement).not.toEqual(agreement);
		expect(importIdentity(exportIdentity(identity)).agreement).toEqual(identity.agreement);
	});

	it("is the same for the same random bytes: a vector", () => {
		expect(createIdentity(() => new Uint8Array(32).fill(7)).id).toMatchInlineSnapshot(
			`"gouviufnhjcezksxo3zjnweid7n66tdj"`,
		);
	});

	it("shows no private key when it is printed, inspected or written as JSON", () => {
		const identity = createIdentity();
		const { agreement, signing } = exportIdentity(identity);
		const shown = `${identity} ${inspect(identity, { depth: 9, showHidden: true })} ${JSON.stringify(identity)}`;
		for (const secret of [signing, ...agreement]) {
			expect(shown).not.toContain(secret);
			expect(shown).not.toContain(Buffer.from(secret, "base64url").toString("hex"));
		}
	});

	it.each([
		null,
		{},
		{ schema: "p2pd/identity" },
		{ schema: "p2pd/identity", version: 2 },
		{ ...exportIdentity(createIdentity()), signing: "x" },
	])("is not read from %j", (json) => {
		expect(() => importIdentity(json)).toThrow(expect.objectContaining({ code: "ERR_PEER_IDENTITY" }));
	});
});

describe("the file of an identity", () => {
	let folder: string;
	beforeEach(() => {
		folder = mkdtempSync(join(tmpdir(), "p2pd-identity-"));
	});
	afterEach(() => rmSync(folder, { recursive: true }));

	it("is made when it is not there, for its owner alone, and read the next time", async () => {
		const file = join(folder, "key");
		const made = await loadIdentity(file);
		expect(statSync(file).mode & 0o777).toBe(0o600);
		expect((await loadIdentity(file)).id).toBe(made.id);
		expect(readdirSync(folder)).toEqual(["key"]);
	});

	it("is one when several processes make it at once", async () => {
		const file = join(folder, "key");
		const ids = await Promise.all(Array.from({ length: 8 }, async () => (await loadIdentity(file)).id));
		expect(new Set(ids).size).toBe(1);
		expect(readdirSync(folder)).toEqual(["key"]);
	});

	it("takes the place of the old one whole", async () => {
		const file = join(folder, "key");
		const identity = await loadIdentity(file);
		identity.rotate();
		await saveIdentity(file, identity);
		expect((await loadIdentity(file)).agreement).toEqual(identity.agreement);
		expect(statSync(file).mode & 0o777).toBe(0o600);
	});

	it("is not quoted when it is damaged", async () => {
		const file = join(folder, "key");
		writeFileSync(file, '{"schema":"p2pd/identity", "signing": "SECRET');
		const failure = await loadIdentity(file).catch((error: unknown) => error);
		expect(failure).toMatchObject({ code: "ERR_PEER_IDENTITY" });
		expect(inspect(failure, { depth: 9 })).not.toContain("SECRET");
		expect(readFileSync(file, "utf8")).toContain("SECRET");
	});
});

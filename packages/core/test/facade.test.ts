import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import * as core from "../src/index.js";

const folder = new URL("..", import.meta.url);
const manifest = JSON.parse(readFileSync(new URL("package.json", folder), "utf8")) as {
	exports: Record<string, { "@p2pd/source": string } | string>;
	dependencies: Record<string, string>;
};
const values = (module: object): Record<string, unknown> => ({ ...module });

/** The packages that the facade had before nodes could be connected, and the six that came with that. */
const NEWER = ["port-map", "turn-client", "punch", "peer", "signal", "node"];
const packages = Object.keys(manifest.dependencies).map((name) => name.slice("@p2pd/".length));

describe("the facade", () => {
	it("exports values of its packages, the same ones, and nothing else", async () => {
		const modules = await Promise.all(
			packages.map(async (name) => values((await import(`@p2pd/${name}`)) as object)),
		);
		for (const [name, value] of Object.entries(core)) {
			expect(
				modules.some((module) => Object.hasOwn(module, name) && module[name] === value),
				name,
			).toBe(true);
		}
	});

	it("stays small: at most 120 values of the older packages and 14 of each newer one", async () => {
		const counts = new Map<string, number>();
		for (const name of packages) {
			const module = values((await import(`@p2pd/${name}`)) as object);
			counts.set(name, Object.entries(core).filter(([key, value]) => module[key] === value).length);
		}
		const older = packages.filter((name) => !NEWER.includes(name));
		expect(older.reduce((sum, name) => sum + (counts.get(name) ?? 0), 0)).toBeLessThanOrEqual(120);
		for (const name of NEWER) expect(counts.get(name), name).toBeLessThanOrEqual(14);
	});

	it("has no name that two packages use for different things", async () => {
		const owners = new Map<string, unknown>();
		for (const name of packages) {
			for (const [key, value] of Object.entries(values((await import(`@p2pd/${name}`)) as object))) {
				if (owners.has(key)) expect(owners.get(key), key).toBe(value);
				owners.set(key, value);
			}
		}
	});

	it("passes each subpath on whole", async () => {
		for (const [path, entry] of Object.entries(manifest.exports)) {
			if (path === "." || typeof entry === "string") continue;
			const own = values((await import(new URL(entry["@p2pd/source"], folder).href)) as object);
			const theirs = values((await import(`@p2pd/${path.slice(2)}`)) as object);
			expect(Object.keys(own).sort(), path).toEqual(Object.keys(theirs).sort());
		}
	});
});

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { configFile, readConfig } from "../src/config.js";
import { run } from "./support/run-command.js";

let folder: string;
let file: string;
beforeAll(() => {
	folder = mkdtempSync(join(tmpdir(), "p2pd-config-"));
	file = join(folder, "config.json");
});
afterAll(() => rmSync(folder, { recursive: true }));
const write = (text: string): { P2PD_CONFIG: string } => {
	writeFileSync(file, text);
	return { P2PD_CONFIG: file };
};

describe("the configuration file", () => {
	it.each([
		[{ P2PD_CONFIG: "/a/b.json" }, "/a/b.json"],
		[{ P2PD_CONFIG: "" }, undefined],
		[{ XDG_CONFIG_HOME: "/x" }, "/x/p2pd/config.json"],
		[{ HOME: "/home/a" }, "/home/a/.config/p2pd/config.json"],
	])("with %j is %s", (env, path) => {
		expect(configFile(env)).toBe(path);
	});

	it("may be absent, unless P2PD_CONFIG names it", () => {
		expect(readConfig({ HOME: join(folder, "nobody") })).toEqual({});
		expect(() => readConfig({ P2PD_CONFIG: join(folder, "absent.json") })).toThrow(/cannot be read: ENOENT/);
	});

	it.each([
		["{", /cannot be read/],
		["[]", /must be an object/],
		['{"tiemout": 1}', /tiemout is not a known option; did you mean "timeout"\?/],
		['{"family": 5}', /family must be 4 or 6, not 5/],
		['{"stun": "a:1"}', /stun must be an array/],
	])("%s: exit code 2 and what is wrong", async (text, says) => {
		const { code, stderr } = await run(["list"], { env: write(text) });
		expect(code).toBe(2);
		expect(stderr).toMatch(says);
	});

	it("gives defaults, and the command line wins", async () => {
		const env = write('{ "family": 4, "nic": "wlan7" }');
		expect((await run(["list"], { env })).stderr).toMatch(/no NIC called "wlan7"/);
		const { stdout } = await run(["list", "--nic", "lo", "--json"], { env });
		const { nics } = JSON.parse(stdout) as { nics: { name: string }[] };
		expect(nics.map(({ name }) => name)).toEqual(["lo"]);
	});
});

import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { builtinModules } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

interface Metafile {
	readonly inputs: Record<string, unknown>;
	readonly outputs: Record<
		string,
		{ readonly imports: readonly { readonly path: string; readonly external?: boolean }[] }
	>;
}

const PROGRAM = `
const message = decodeMessage(encodeMessage({
	class: "success",
	transactionId: Buffer.alloc(12, 1),
	attributes: [{ name: "XOR-MAPPED-ADDRESS", value: { ip: "2001:db8::7", port: 54321 } }],
	fingerprint: true,
}));
const server = startStunServer({ primary: { ip: "127.0.0.1", port: 0 } });
server.then(async (it) => {
	await it.close();
	const { ip, port } = mappedAddressOf(message);
	process.stdout.write(ip + " " + port);
});
`;

/** The package as it is built for its users, in a directory from which its one dependency is found. */
describe("the bundle", () => {
	let dir = "";
	let meta: Metafile[] = [];

	beforeAll(async () => {
		dir = mkdtempSync(join(root, "node_modules", ".bundle-test-"));
		// As a program: it reads from the manifest of where it runs what stays outside.
		const tsup = join(root, "node_modules", "tsup", "dist", "cli-default.js");
		const args = [tsup, "--no-dts", "--metafile", "--silent", "--out-dir", dir];
		await promisify(execFile)(process.execPath, args, { cwd: root });
		meta = [JSON.parse(readFileSync(join(dir, "metafile-esm.json"), "utf8"))];
	}, 60_000);
	afterAll(() => rmSync(dir, { recursive: true, force: true }));

	it("needs nothing but Node and what the manifest names", () => {
		expect(Object.keys(manifest.dependencies)).toEqual(["@p2pd/net", "@p2pd/address"]);
		expect(manifest.scripts).not.toHaveProperty("install");
		expect(manifest.scripts).not.toHaveProperty("postinstall");
		const allowed = new Set(["@p2pd/net", "@p2pd/address", ...builtinModules]);
		for (const { outputs } of meta) {
			const external = Object.values(outputs).flatMap(({ imports }) =>
				imports.filter(({ external }) => external),
			);
			expect(external.length).toBeGreaterThan(0);
			expect(external.filter(({ path }) => !allowed.has(path.replace(/^node:/, "")))).toEqual([]);
		}
	});

	it("names the terms of every package inside it", () => {
		const licences = readFileSync(join(root, "THIRD-PARTY-LICENSES.md"), "utf8");
		const inside = new Set<string>();
		for (const { inputs } of meta) {
			for (const path of Object.keys(inputs)) {
				const found = /node_modules\/\.pnpm\/((?:@[^+/]+\+)?[^@/]+)@([^_/]+)/.exec(path);
				if (found !== null) inside.add(`${found[1]?.replace("+", "/")} ${found[2]}`);
			}
		}
		expect(inside).toContain("stun 2.1.0");
		const listed = [...licences.matchAll(/^## (.+)$/gm)].map(([, name]) => name);
		expect([...inside].sort()).toEqual(listed.sort());
		expect(manifest.files).toContain("THIRD-PARTY-LICENSES.md");
	});

	it("works as ES modules, and when a CommonJS module requires it", async () => {
		const load = (name: string, entry: string): string =>
			`import { ${name} } from ${JSON.stringify(join(dir, entry))};`;
		const require = (name: string, entry: string): string =>
			`const { ${name} } = require(${JSON.stringify(join(dir, entry))});`;
		expect(readdirSync(dir)).toContain("codec.js");
		for (const [take, type] of [
			[load, "module"],
			[require, "commonjs"],
		] as const) {
			const code = [
				take("encodeMessage, decodeMessage, mappedAddressOf", "codec.js"),
				take("startStunServer", "server.js"),
				PROGRAM,
			].join("\n");
			const { stdout } = await promisify(execFile)(
				process.execPath,
				["--conditions=@p2pd/source", "--import", "tsx", `--input-type=${type}`, "--eval", code],
				{ cwd: root },
			);
			expect(stdout).toBe("2001:db8::7 54321");
		}
	}, 30_000);
});

import { execFile } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { decode, encode } from "dns-packet";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const run = promisify(execFile);
const folder = fileURLToPath(new URL("..", import.meta.url));
const npm = ["--offline", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"];

/** What a program that installed the package does with it: every part that could miss a file or a module. */
const program = `
const results = async (address, port) => {
	const { Address, IPRange, isPublicIp, parseTarget } = address;
	const named = await new Address("example.com", 80, { servers: ["127.0.0.1:" + port] }).res();
	const local = await new Address("localhost", 80).res();
	return {
		named: named.endpoints(4).map(({ ip }) => ip),
		local: local.endpoints().some(({ isLoopback }) => isLoopback),
		size: String(IPRange.parse("8.8.0.0/16").size),
		isPublic: isPublicIp("8.8.8.8"),
		target: parseTarget("[::1]:80").host,
	};
};
const say = (value) => process.stdout.write(JSON.stringify(value));
`;
const programs = {
	"esm.mjs": `import * as address from "@p2pd/address";${program} say(await results(address, process.argv[2]));`,
	"cjs.cjs": `const address = require("@p2pd/address");${program} results(address, process.argv[2]).then(say);`,
};

describe("the package, packed and installed alone", { timeout: 60_000 }, () => {
	let work: string;
	const server = createSocket("udp4");

	beforeAll(async () => {
		work = await mkdtemp(join(tmpdir(), "p2pd-address-"));
		const app = join(work, "app");
		await mkdir(app);
		await packable("net", work);
		await packable("address", work);
		const sources = [join(work, "net"), join(work, "address"), join(folder, "node_modules/ipaddr.js")];
		await run("npm", ["pack", ...sources, ...npm], { cwd: work });
		const tarballs = (await readdir(work))
			.filter((name) => name.endsWith(".tgz"))
			.map((name) => join(work, name));
		await writeFile(join(app, "package.json"), "{}");
		// Offline: a dependency beside these tarballs could not be found, and the install would fail.
		await run("npm", ["install", "--cache", join(work, "cache"), ...npm, ...tarballs], { cwd: app });
		server.on("message", (data, from) => {
			const { id = 0, questions = [] } = decode(data);
			const { name = "", type = "A" } = questions[0] ?? {};
			const answers = type === "A" ? [{ type: "A" as const, name, data: "93.184.215.14" }] : [];
			server.send(encode({ type: "response", id, questions, answers }), from.port, from.address);
		});
		server.bind(0, "127.0.0.1");
		await once(server, "listening");
	}, 120_000);

	afterAll(async () => {
		server.close();
		await rm(work, { recursive: true });
	});

	it("brings @p2pd/net and ipaddr.js and nothing else", async () => {
		const lock = JSON.parse(await readFile(join(work, "app/package-lock.json"), "utf8")) as {
			packages: object;
		};
		expect(Object.keys(lock.packages).sort()).toEqual([
			"",
			"node_modules/@p2pd/address",
			"node_modules/@p2pd/net",
			"node_modules/ipaddr.js",
		]);
	});

	it("has no other import than Node's own modules and those two", async () => {
		const dist = join(work, "address/dist");
		for (const file of (await readdir(dist)).filter((name) => name.endsWith(".js"))) {
			const text = await readFile(join(dist, file), "utf8");
			const wanted = [...text.matchAll(/\b(?:from |import |import\()"([^"]+)"/g)].map(
				([, name]) => name ?? "",
			);
			expect(wanted.filter((name) => !/^(node:|\.\/|ipaddr\.js$|@p2pd\/net$)/.test(name))).toEqual([]);
		}
	});

	it.each(Object.entries(programs))("works as %s", async (name, text) => {
		const file = join(work, "app", name);
		await writeFile(file, text);
		const { stdout } = await run(process.execPath, [file, String(server.address().port)], {
			cwd: join(work, "app"),
		});
		expect(JSON.parse(stdout)).toEqual({
			named: ["93.184.215.14"],
			local: true,
			size: "65535",
			isPublic: true,
			target: "::1",
		});
	});
});

/** Builds a package of the workspace into a folder that npm can pack. */
async function packable(name: string, work: string): Promise<void> {
	const [from, to] = [join(folder, "..", name), join(work, name)];
	const tsup = join(from, "node_modules/tsup/dist/cli-default.js");
	await run(process.execPath, [tsup, "--no-dts", "--silent", "--out-dir", join(to, "dist")], { cwd: from });
	await writeFile(join(to, "package.json"), JSON.stringify(await published(from)));
	await cp(join(from, "src"), join(to, "src"), { recursive: true });
}

/** The manifest as pnpm publishes it: versions written out, and no development dependencies. */
async function published(from: string): Promise<object> {
	const read = async (path: string): Promise<Record<string, object>> =>
		JSON.parse(await readFile(join(from, path, "package.json"), "utf8")) as Record<string, object>;
	const { devDependencies: _, scripts: __, ...manifest } = await read(".");
	const versions = Object.keys(manifest["dependencies"] ?? {}).map(async (name) => {
		const { version } = await read(`node_modules/${name}`);
		return [name, version] as const;
	});
	return { ...manifest, dependencies: Object.fromEntries(await Promise.all(versions)) };
}

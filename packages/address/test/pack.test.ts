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
		const [source, app] = [join(work, "source"), join(work, "app")];
		await mkdir(app);
		const tsup = join(folder, "node_modules/tsup/dist/cli-default.js");
		await run(process.execPath, [tsup, "--no-dts", "--silent", "--out-dir", join(source, "dist")], {
			cwd: folder,
		});
		await writeFile(join(source, "package.json"), JSON.stringify(await published()));
		await cp(join(folder, "src"), join(source, "src"), { recursive: true });
		await run("npm", ["pack", source, join(folder, "node_modules/ipaddr.js"), ...npm], { cwd: work });
		const tarballs = (await readdir(work))
			.filter((name) => name.endsWith(".tgz"))
			.map((name) => join(work, name));
		await writeFile(join(app, "package.json"), "{}");
		// Offline: a dependency beside the two tarballs could not be found, and the install would fail.
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

	it("brings ipaddr.js and nothing else", async () => {
		const modules = join(work, "app/node_modules");
		const names = (await readdir(modules)).filter((name) => !name.startsWith("."));
		expect(names.sort()).toEqual(["@p2pd", "ipaddr.js"]);
		expect(await readdir(join(modules, "@p2pd"))).toEqual(["address"]);
		const lock = JSON.parse(await readFile(join(work, "app/package-lock.json"), "utf8")) as {
			packages: object;
		};
		expect(Object.keys(lock.packages).sort()).toEqual([
			"",
			"node_modules/@p2pd/address",
			"node_modules/ipaddr.js",
		]);
	});

	it("needs only Node's own modules beside it", async () => {
		for (const file of ["index.js", "index.cjs"]) {
			const text = await readFile(join(work, "source/dist", file), "utf8");
			const wanted = [...text.matchAll(/(?:\bfrom |\brequire\()"([^"]+)"/g)].map(([, name]) => name ?? "");
			expect(
				wanted.filter((name) => !/^(node:|buffer$)/.test(name)).filter((name) => name !== "ipaddr.js"),
			).toEqual([]);
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

/** The manifest as pnpm publishes it: versions of the catalog written out, and no development dependencies. */
async function published(): Promise<object> {
	const manifest = JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as Record<string, object>;
	const { devDependencies: _, scripts: __, ...rest } = manifest;
	const installed = JSON.parse(
		await readFile(join(folder, "node_modules/ipaddr.js/package.json"), "utf8"),
	) as {
		version: string;
	};
	const dependencies = Object.fromEntries(
		Object.entries(manifest["dependencies"] ?? {}).map(([name, version]) => [
			name,
			name === "ipaddr.js" && version === "catalog:" ? installed.version : version,
		]),
	);
	return { ...rest, dependencies };
}

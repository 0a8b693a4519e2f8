/*
 * The packages as a user gets them: packed, linted (publint, attw), installed from the tarballs by npm in an empty
 * folder, imported and required there, and free of install scripts.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bin, build, pnpm, root, run } from "../workspace.mjs";

const read = (path) => JSON.parse(readFileSync(path, "utf8"));

/** The public packages: name, folder, manifest. */
function publicPackages() {
	return ["packages", "apps"]
		.flatMap((top) => readdirSync(join(root, top)).map((name) => join(root, top, name)))
		.map((folder) => ({ folder, manifest: read(join(folder, "package.json")) }))
		.filter(({ manifest }) => manifest.private !== true);
}

/** The folders of every installed package below node_modules. */
function installed(folder) {
	return readdirSync(folder, { withFileTypes: true, recursive: true })
		.filter(
			(entry) =>
				entry.name === "package.json" && /node_modules[\\/](@[^\\/]+[\\/])?[^\\/]+$/.test(entry.parentPath),
		)
		.map((entry) => read(join(entry.parentPath, entry.name)));
}

export async function packed() {
	await build();
	const work = mkdtempSync(join(tmpdir(), "p2pd-packed-"));
	const outcomes = [];
	const add = (name, { code, output }) => outcomes.push({ name, ok: code === 0, output });
	try {
		const packages = publicPackages();
		const tarballs = {};
		for (const { folder, manifest } of packages) {
			const packing = await pnpm(["pack", "--pack-destination", work], { capture: true, cwd: folder });
			if (packing.code !== 0) add(`${manifest.name}: pack`, packing);
			tarballs[manifest.name] = join(
				work,
				`${manifest.name.replace("@", "").replace("/", "-")}-${manifest.version}.tgz`,
			);
			add(
				`${manifest.name}: publint`,
				await run(bin("publint"), [tarballs[manifest.name], "--strict"], { capture: true }),
			);
			if (manifest.exports !== undefined) {
				add(
					`${manifest.name}: attw`,
					// One copy is shipped, as ES modules: Node 20.19 and later can require() them. attw's rule knows older Nodes only.
					await run(
						bin("attw"),
						[
							tarballs[manifest.name],
							"--profile",
							"strict",
							"--ignore-rules",
							"cjs-resolves-to-esm",
							"--format",
							"ascii",
						],
						{ capture: true },
					),
				);
			}
		}
		for (const { manifest } of packages)
			add(`${manifest.name}: installs alone`, await installAlone(work, manifest, tarballs));
	} finally {
		rmSync(work, { recursive: true });
	}
	return outcomes;
}

/** Installs one package, its workspace dependencies from their tarballs, and loads each of its entries both ways. */
async function installAlone(work, manifest, tarballs) {
	const folder = join(work, `alone-${manifest.name.replace(/\W/g, "-")}`);
	mkdirSync(folder);
	const overrides = Object.fromEntries(
		Object.entries(tarballs).map(([name, file]) => [name, `file:${file}`]),
	);
	delete overrides[manifest.name];
	writeFileSync(
		join(folder, "package.json"),
		JSON.stringify({
			private: true,
			dependencies: { [manifest.name]: `file:${tarballs[manifest.name]}` },
			overrides,
		}),
	);
	const install = await run("npm", ["install", "--no-audit", "--no-fund", "--prefer-offline"], {
		capture: true,
		cwd: folder,
	});
	if (install.code !== 0) return install;
	const scripted = installed(join(folder, "node_modules")).filter(({ scripts = {} }) =>
		["preinstall", "install", "postinstall"].some((hook) => hook in scripts),
	);
	if (scripted.length > 0)
		return { code: 1, output: `install scripts in: ${scripted.map(({ name }) => name).join(", ")}` };
	const entries = Object.keys(manifest.exports ?? {}).filter((entry) => entry !== "./package.json");
	for (const entry of entries) {
		const name = manifest.name + entry.slice(1);
		for (const [file, code] of [
			[
				"load.mjs",
				`const m = await import(${JSON.stringify(name)}); if (Object.keys(m).length === 0) throw new Error("no exports");`,
			],
			[
				"load.cjs",
				`if (Object.keys(require(${JSON.stringify(name)})).length === 0) throw new Error("no exports");`,
			],
		]) {
			writeFileSync(join(folder, file), code);
			const load = await run(process.execPath, [file], { capture: true, cwd: folder });
			if (load.code !== 0) return { code: 1, output: `${file} of ${name}:\n${load.output}` };
		}
	}
	for (const command of Object.keys(manifest.bin ?? {})) {
		const help = await run(join(folder, "node_modules", ".bin", command), ["--version"], {
			capture: true,
			cwd: folder,
		});
		if (help.code !== 0 || !help.output.includes(manifest.version)) return { code: 1, output: help.output };
	}
	return { code: 0, output: "" };
}

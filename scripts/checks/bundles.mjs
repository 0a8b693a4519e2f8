/*
 * The packages in a bundle: a program that imports every entry of every package is bundled by esbuild, Rollup, webpack
 * and Vite (SSR), as an ES module and as CommonJS, and run. So is `{ IpAddress }` alone, whose size is reported.
 */
import {
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import json from "@rollup/plugin-json";
import resolve from "@rollup/plugin-node-resolve";
import * as esbuild from "esbuild";
import { rollup } from "rollup";
import { build as vite } from "vite";
import webpack from "webpack";
import { build, root, run } from "../workspace.mjs";

const read = (path) => JSON.parse(readFileSync(path, "utf8"));

/** The names of every entry, as a user imports them. */
function entries() {
	return readdirSync(join(root, "packages")).flatMap((name) => {
		const manifest = read(join(root, "packages", name, "package.json"));
		if (manifest.private === true) return [];
		return Object.keys(manifest.exports)
			.filter((path) => path !== "./package.json")
			.map((path) => manifest.name + path.slice(1));
	});
}

/** CommonJS packages that are loaded at run time, where they are installed at all. */
const external = [/^node:/, /^@koromix\//, /\.node$/];

const bundlers = {
	async esbuild(input, output, format) {
		await esbuild.build({
			entryPoints: [input],
			outfile: output,
			bundle: true,
			platform: "node",
			format: format === "cjs" ? "cjs" : "esm",
			logLevel: "silent",
			// What is CommonJS in the dependencies (mqtt) needs a require in an ES module; that is the bundle's own affair.
			...(format === "cjs"
				? {}
				: {
						banner: {
							js: 'import { createRequire as makeRequire } from "node:module"; const require = makeRequire(import.meta.url);',
						},
					}),
		});
	},
	async rollup(input, output, format) {
		const bundle = await rollup({
			input,
			// Rollup takes ES modules; what the packages take from npm stays outside, as in most of its uses.
			external: (id) => !id.startsWith(".") && !id.startsWith("/") && !id.startsWith("@p2pd/"),
			plugins: [resolve({ preferBuiltins: true }), json()],
			onwarn: () => undefined,
		});
		await bundle.write({ file: output, format, inlineDynamicImports: true });
		await bundle.close();
	},
	webpack(input, output, format) {
		return new Promise((done, fail) => {
			webpack(
				{
					mode: "production",
					target: "node20",
					entry: input,
					devtool: false,
					optimization: { minimize: false },
					experiments: { outputModule: format === "esm" },
					output: {
						path: join(output, ".."),
						filename: output.split("/").at(-1),
						library: { type: format === "esm" ? "module" : "commonjs2" },
					},
					externals: [
						({ request }, callback) =>
							/^@koromix\//.test(request) ? callback(null, `commonjs ${request}`) : callback(),
					],
					ignoreWarnings: [() => true],
				},
				(error, stats) => {
					if (error) fail(error);
					else if (stats.hasErrors()) fail(new Error(stats.toString({ all: false, errors: true })));
					else done();
				},
			);
		});
	},
	async vite(input, output, format) {
		await vite({
			root: join(input, ".."),
			logLevel: "silent",
			configFile: false,
			ssr: { noExternal: true, external: ["mqtt", "aedes"] },
			build: {
				ssr: input,
				outDir: join(output, "..", "vite"),
				emptyOutDir: false,
				minify: false,
				rollupOptions: {
					external,
					output: { format, entryFileNames: output.split("/").at(-1), inlineDynamicImports: true },
				},
			},
		});
	},
};

/** Bundles one program and runs the result. */
async function outcome(name, work, program, bundler, format) {
	const file = `${name}-${bundler}.${format === "cjs" ? "cjs" : "mjs"}`;
	const output = join(work, file);
	try {
		await bundlers[bundler](program, output, format);
		const made = bundler === "vite" ? join(work, "vite", file) : output;
		const { code, output: printed } = await run(process.execPath, [made], { capture: true, cwd: work });
		const ok = code === 0 && /^loaded \d+/m.test(printed);
		return { name: `bundle of ${name}: ${bundler}, ${format}`, ok, output: printed, file: made };
	} catch (error) {
		return {
			name: `bundle of ${name}: ${bundler}, ${format}`,
			ok: false,
			output: String(error?.stack ?? error),
		};
	}
}

export async function bundles() {
	await build();
	// Inside the workspace, so that what stays outside of a bundle is found when it runs.
	const work = mkdtempSync(join(root, "node_modules", ".bundles-"));
	const outcomes = [];
	try {
		mkdirSync(join(work, "node_modules", "@p2pd"), { recursive: true });
		for (const name of readdirSync(join(root, "packages")))
			symlinkSync(join(root, "packages", name), join(work, "node_modules", "@p2pd", name));
		for (const name of readdirSync(join(root, "packages"))) {
			const { dependencies = {} } = read(join(root, "packages", name, "package.json"));
			for (const dependency of Object.keys(dependencies)) {
				const link = join(work, "node_modules", dependency);
				if (!existsSync(link)) symlinkSync(join(root, "packages", name, "node_modules", dependency), link);
			}
		}
		const every = join(work, "every.mjs");
		const names = entries();
		writeFileSync(
			every,
			`${names.map((name, index) => `import * as m${index} from ${JSON.stringify(name)};`).join("\n")}
const all = [${names.map((_, index) => `m${index}`).join(", ")}];
console.log("loaded", all.reduce((sum, each) => sum + Object.keys(each).length, 0));\n`,
		);
		for (const bundler of Object.keys(bundlers)) {
			for (const format of ["esm", "cjs"])
				outcomes.push(await outcome("every entry", work, every, bundler, format));
		}
		const one = join(work, "one.mjs");
		writeFileSync(
			one,
			'import { IpAddress } from "@p2pd/address";\nconsole.log("loaded", String(IpAddress.parse("::1")).length);\n',
		);
		await esbuild.build({
			entryPoints: [one],
			outfile: join(work, "one-minified.mjs"),
			bundle: true,
			minify: true,
			platform: "node",
			format: "esm",
			logLevel: "silent",
		});
		const size = statSync(join(work, "one-minified.mjs")).size;
		console.log(`   { IpAddress } by esbuild, minified: ${(size / 1000).toFixed(1)} KB`);
		outcomes.push({
			name: "{ IpAddress } alone is at most 25 KB",
			ok: size <= 25_000,
			output: `${size} bytes`,
		});
	} finally {
		rmSync(work, { recursive: true });
	}
	return outcomes;
}

import { isBuiltin } from "node:module";
import { defineConfig } from "tsup";

/** What esbuild gives a plugin, as far as this one uses it. */
interface Build {
	onResolve(
		options: { filter: RegExp },
		callback: (args: { path: string; kind: string }) => { path: string; namespace: string } | undefined,
	): void;
	onLoad(
		options: { filter: RegExp; namespace: string },
		callback: (args: { path: string }) => { contents: string; loader: "js" },
	): void;
}

/**
 * The bundled codec is CommonJS and requires modules of Node. An ES module has no `require`, and one made from
 * `import.meta.url` breaks in a CommonJS bundle of the user's, so they come from `process.getBuiltinModule`.
 */
const builtinModules = {
	name: "builtin-modules",
	setup(build: Build) {
		build.onResolve({ filter: /^[a-z]/ }, ({ path, kind }) =>
			kind === "require-call" && isBuiltin(path) ? { path, namespace: "builtin-module" } : undefined,
		);
		build.onLoad({ filter: /./, namespace: "builtin-module" }, ({ path }) => ({
			contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)});`,
			loader: "js",
		}));
	},
};

export default defineConfig({
	entry: ["src/index.ts", "src/server.ts", "src/codec.ts", "src/transport.ts"],
	format: ["esm"],
	target: "node20.19",
	platform: "node",
	dts: { compilerOptions: { ignoreDeprecations: "6.0" } },
	sourcemap: true,
	// The sources are in the package, so the maps need not repeat them.
	esbuildOptions: (options) => {
		options.sourcesContent = false;
	},
	clean: true,
	// Node's own modules keep their "node:" prefix: bundlers and other runtimes tell them apart by it.
	removeNodeProtocol: false,
	// The codec of the npm package "stun" is bundled: installed, it would bring 97 packages. THIRD-PARTY-LICENSES.md has its terms.
	noExternal: [/^stun\//],
	esbuildPlugins: [builtinModules],
});

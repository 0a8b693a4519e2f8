import { defineConfig } from "tsup";

export default defineConfig({
	entry: ["src/index.ts", "src/server.ts"],
	format: ["esm", "cjs"],
	target: "node20",
	platform: "node",
	dts: { compilerOptions: { ignoreDeprecations: "6.0" } },
	sourcemap: true,
	clean: true,
	// Node's own modules keep their "node:" prefix: bundlers and other runtimes tell them apart by it.
	removeNodeProtocol: false,
	// The codec of the npm package "stun" is bundled: installed, it would bring 97 packages. THIRD-PARTY-LICENSES.md has its terms.
	noExternal: [/^stun\//],
	// The bundled modules are CommonJS and require Node's own ones.
	banner: ({ format }) =>
		format === "esm"
			? {
					js: 'import { createRequire as createNodeRequire } from "node:module"; const require = createNodeRequire(import.meta.url);',
				}
			: {},
});

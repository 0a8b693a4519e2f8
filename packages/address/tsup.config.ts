import { defineConfig } from "tsup";

export default defineConfig({
	entry: ["src/index.ts"],
	format: ["esm", "cjs"],
	target: "node20",
	platform: "node",
	dts: { compilerOptions: { ignoreDeprecations: "6.0" } },
	sourcemap: true,
	clean: true,
	// Node's own modules keep their "node:" prefix: bundlers and other runtimes tell them apart by it.
	removeNodeProtocol: false,
	// Bundled, since as a dependency the codec would bring a second package. THIRD-PARTY-LICENSES.md has its terms.
	noExternal: [/^dns-packet$/, /^@leichtgewicht\/ip-codec$/],
	// The bundled modules are CommonJS and require Node's own ones.
	banner: ({ format }) =>
		format === "esm"
			? {
					js: 'import { createRequire as createNodeRequire } from "node:module"; const require = createNodeRequire(import.meta.url);',
				}
			: {},
});

import { defineConfig } from "tsup";

export default defineConfig({
	entry: { index: "src/index.ts", contract: "src/contract/index.ts" },
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
});

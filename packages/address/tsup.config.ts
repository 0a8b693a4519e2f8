import { defineConfig } from "tsup";

export default defineConfig({
	// Code of two entries goes into files of its own, which leaves index.js nothing but re-exports. So a bundler leaves out
	// what a program does not use: { IpAddress } comes without targets and names. Only index and ip are public.
	entry: {
		index: "src/index.ts",
		ip: "src/ip/index.ts",
		legacy: "src/ip/legacy.ts",
		target: "src/target/target.ts",
		address: "src/resolve/address.ts",
		resolver: "src/resolve/resolver.ts",
		nat64: "src/resolve/nat64.ts",
	},
	format: ["esm"],
	target: "node20.19",
	platform: "node",
	dts: {
		entry: { index: "src/index.ts", ip: "src/ip/index.ts" },
		compilerOptions: { ignoreDeprecations: "6.0" },
	},
	sourcemap: true,
	// The sources are in the package, so the maps need not repeat them.
	esbuildOptions: (options) => {
		options.sourcesContent = false;
	},
	clean: true,
	// Node's own modules keep their "node:" prefix: bundlers and other runtimes tell them apart by it.
	removeNodeProtocol: false,
});

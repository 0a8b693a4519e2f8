import { defineConfig } from "tsup";

export default defineConfig({
	entry: [
		"src/index.ts",
		"src/address.ts",
		"src/nat.ts",
		"src/stun-client.ts",
		"src/stun-client-server.ts",
		"src/stun-client-codec.ts",
		"src/stun-client-transport.ts",
		"src/net.ts",
		"src/netif-os.ts",
		"src/nat-predict.ts",
		"src/peer-protocol.ts",
		"src/signal-broker.ts",
	],
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

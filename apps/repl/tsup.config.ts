import { defineConfig } from "tsup";

export default defineConfig({
	entry: ["src/cli.ts", "src/script/hooks.ts"],
	format: ["esm"],
	target: "node20",
	platform: "node",
	// Each command is a chunk of its own, loaded when it is asked for: `--version` loads none.
	splitting: true,
	clean: true,
	removeNodeProtocol: false,
});
